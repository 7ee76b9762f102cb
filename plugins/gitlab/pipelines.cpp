#include "pipelines.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ci_result.h"
#include "gone.h"
#include "known.h"
#include "streams.h"
#include "updates.h"

namespace baselined::gitlab {
namespace {

constexpr std::int64_t kAttempt = 1;     // what is tried again in GitLab is a job, under a new id
constexpr std::size_t kAskedAgain = 50;  // pipelines that run, in one run of the collector

// When it began to wait: GitLab says for how long.
std::optional<Time> queued_at(const Item& item, std::optional<Time> started_at) {
  const auto waited = item.number_if("queued_duration");
  constexpr double kLongest = 1e9;  // seconds; a number that is larger makes no sense
  if (!started_at || !waited || *waited < 0 || *waited > kLongest) {
    return std::nullopt;
  }
  return Time{started_at->us - static_cast<std::int64_t>(*waited * 1e6)};
}

// As its list has it, with views of that.
struct Job {
  explicit Job(const Item& item)
      : id(std::to_string(item.integer("id"))),
        name(item.text("name")),
        stage(item.text_if("stage")),
        ref(item.text_if("ref")),
        status(item.text("status")),
        result(ci_result(status, item.text_if("failure_reason").value_or(""))),
        may_fail(item.boolean_if("allow_failure")),
        created_at(item.time_if("created_at")),
        started_at(item.time_if("started_at")),
        queued_at(gitlab::queued_at(item, started_at)),
        finished_at(result ? item.time_if("finished_at") : std::nullopt) {
    const auto commit = item.object_if("commit");
    sha = commit ? commit->sha_if("id") : std::nullopt;
  }

  std::string id;
  std::string_view name;
  std::optional<std::string_view> stage, ref, sha;
  std::string_view status;
  std::optional<std::string_view> result;
  std::optional<bool> may_fail;
  std::optional<Time> created_at, started_at, queued_at, finished_at;
};

class Pipelines {
 public:
  explicit Pipelines(Task& task) : task_(task), known_(task.run, kJobs, task.project.identity) {
    task_.keep(known_);
    children_ = Position::parse(task_.run.cursor(children_key()));
  }

  // What was made known of children.
  void commit() {
    const std::string text = children_.text();
    if (children_.latest && text != task_.run.cursor(children_key())) {
      task_.commit(children_key(), text);
    }
  }

  // One as it stands in a list; what the list does not say is asked for, with all of its children:
  // one that comes again in this run was updated meanwhile.
  void take(const Item& item) { take_tree(item.integer("id"), std::nullopt); }

  // Pipelines that outside tools report have no update, and no list by updates has them. They are
  // found by their number. The first time that would be every page that there is, in one run:
  // ordered by update, which is null, they come first.
  void take_without_update(Position& position) {
    const std::int64_t known = position.highest_id;
    const bool is_first = known == 0;
    for_each_until("pipelines?order_by=id&sort=desc", position, [&](const Item& item) {
      const std::int64_t id = item.integer("id");
      position.highest_id = std::max(position.highest_id, id);
      if (!is_first && id > known) {
        take_if_without_update(item);
      }
      return !is_first && id > known;
    });
    if (is_first && position.highest_id != 0) {
      for_each_until("pipelines?order_by=updated_at&sort=desc", position, [&](const Item& item) {
        take_if_without_update(item);
        return !item.has("updated_at");
      });
    }
  }

  // A child that is tried again, when it and its parent had ended, changes neither the parent nor a
  // list of the others. Children that are not known are of parents that are not.
  void take_changed_children(Skipped& skipped) {
    if (!children_.latest) {  // none was ever seen
      return;
    }
    Updates updates(task_.api, task_.project.url("pipelines?source=parent_pipeline"), children_,
                    std::nullopt);
    const auto take = [&](const Item& item) {
      const std::int64_t id = item.integer("id");
      const auto about = known_.about(id, item.time_if("created_at").value_or(Time{BL_BEGINNING}));
      if (about && !about->empty()) {
        take_tree(id, about->substr(1));
      }
    };
    while (const auto batch = updates.next()) {
      for (const boost::json::value& value : *batch) {
        Task::take_or_skip(value, take, skipped);
        updates.took(value);
      }
    }
    children_.forget_old();
    task_.turns.was_asked(Turns::kChildren);
  }

  // A pipeline that runs may end without a new update. The newest first: what never ends is old.
  void ask_again(Skipped& skipped) {
    std::vector<Open> open;
    for (const std::string& key : task_.open_ids()) {
      open.push_back(parse_open(key));
    }
    std::sort(open.begin(), open.end(), [](const Open& a, const Open& b) { return a.id > b.id; });
    std::size_t asked = 0;
    for (const Open& pipeline : open) {
      if (!taken_.contains(pipeline.id) && ++asked <= kAskedAgain) {
        const boost::json::value known = boost::json::object{{"id", pipeline.id}};
        const auto take = [&](const Item&) { take_tree(pipeline.id, pipeline.parent); };
        Task::take_or_skip(known, take, skipped);
      }
    }
  }

  // Children stand in no list but their own, and go with their parents. Where it is not known which
  // ones GitLab deletes for their age, it may be any of them.
  void remove_gone() {
    if (!task_.project.tells_keeps_pipelines) {
      return;
    }
    if (remove_gone("pipelines", "", false)) {
      remove_gone("child_pipelines", "&source=parent_pipeline", true);
    }
  }

 private:
  // One that runs, as the open set holds it: "4", or "4<1" of a child. Only the bridges of the
  // parent tell whose child it is, and the parent may not be asked again.
  struct Open {
    std::int64_t id;
    std::optional<std::string> parent;
  };
  static Open parse_open(const std::string& key) {
    const std::size_t mark = key.find('<');
    return {std::stoll(key),
            mark == std::string::npos ? std::nullopt : std::optional(key.substr(mark + 1))};
  }
  void set_open(const std::string& number, const std::optional<std::string>& parent, bool is_open) {
    task_.set_open(parent ? number + "<" + *parent : number, is_open);
  }

  std::string_view repository() const { return task_.project.identity; }
  bool is_wanted(const Item& item) const {
    return !task_.options.since || item.time("created_at") >= *task_.options.since;
  }

  // Ends with the page on which an item says so.
  void for_each_until(std::string_view list, Position& position,
                      const std::function<bool(const Item&)>& goes_on) {
    const std::string url = task_.project.url(list) + "&per_page=100";
    bool has_next = true;
    for (int number = 1; has_next; ++number) {
      const Api::Page page = task_.api.page(url, number);
      has_next = page.has_next;
      const auto look = [&](const Item& item) { has_next = goes_on(item) && has_next; };
      for (const boost::json::value& value : page.items) {
        Task::take_or_skip(value, look, position.skipped);
      }
    }
  }

  void take_if_without_update(const Item& item) {
    const bool is_new = !taken_.contains(item.integer("id"));
    if (is_new && !item.has("updated_at") && is_wanted(item)) {
      take(item);
    }
  }

  void take_tree(std::int64_t id, const std::optional<std::string>& parent) {
    tree_.clear();
    take_by_id(id, parent);
  }

  void take_by_id(std::int64_t id, const std::optional<std::string>& parent) {
    if (!tree_.insert(id).second) {
      return;
    }
    taken_.insert(id);
    const std::string number = std::to_string(id);
    const std::string url = task_.project.url("pipelines/" + number);
    try {
      const boost::json::value value = task_.api.get(url);
      const Item item(value);
      emit_run(item, number, parent);
      set_open(number, parent, is_active(item.text("status")));
      known_.add(id, parent ? "<" + *parent : "", item.time_if("created_at").value_or(Time{}));
      if (parent) {
        note_child(id, item);
      }
      emit_jobs(url, number);
      take_children(url, number);
    } catch (const HttpFailure& failure) {
      if (!task_.is_gone(failure, url)) {
        throw;
      }
      remove(number, parent);
    }
  }

  // The first one: those that change from here on are asked for.
  void note_child(std::int64_t id, const Item& item) {
    task_.turns.add(Turns::kChildren);
    children_.latest = children_.latest.value_or(began_at_);
    if (const auto updated = item.time_if("updated_at")) {
      children_.note(id, *updated);
    }
  }

  std::string children_key() const { return std::to_string(task_.project.id) + "/child_pipelines"; }

  // Child pipelines stand in no list. Those of other projects are theirs.
  void take_children(const std::string& url, const std::string& number) {
    task_.api.for_each(url + "/bridges?include_retried=true&per_page=100",
                       [&](const boost::json::value& value) {
                         const auto child = Item(value).object_if("downstream_pipeline");
                         if (child && child->integer("project_id") == task_.project.id) {
                           take_by_id(child->integer("id"), number);
                         }
                       });
  }

  void emit_run(const Item& item, const std::string& number,
                const std::optional<std::string>& parent) {
    const std::string_view status = item.text("status");
    const auto started_at = item.time_if("started_at");
    const auto result = ci_result(status);
    task_.run.emit(kPipelines, {repository(), number, kAttempt, repository(), item.sha_if("sha"),
                                item.text_if("ref"), item.text_if("source"), result, status,
                                item.time_if("created_at"), queued_at(item, started_at), started_at,
                                result ? item.time_if("finished_at") : std::nullopt, parent});
  }

  // All of them at once, so that they go with it.
  void emit_jobs(const std::string& url, const std::string& number) {
    std::vector<Api::Page> pages;
    task_.api.for_each_page(url + "/jobs?include_retried=true&per_page=100",
                            [&](Api::Page page) { pages.push_back(std::move(page)); });
    std::vector<Job> jobs;
    for (const Api::Page& page : pages) {
      for (const boost::json::value& value : page.items) {
        jobs.emplace_back(Item(value));
      }
    }
    task_.begin_scope(kJobs, scope_of(number));
    for (const Job& job : jobs) {
      task_.run.emit(kJobs, {repository(), number, kAttempt, job.id, repository(), job.name,
                             job.stage, job.sha, job.ref, job.result, job.status, job.may_fail,
                             job.created_at, job.queued_at, job.started_at, job.finished_at});
    }
  }

  std::string scope_of(const std::string& number) const {
    return task_.project.identity + "/pipelines/" + number;
  }

  // With its jobs.
  void remove(const std::string& number, const std::optional<std::string>& parent) {
    task_.run.remove(kPipelines, {repository(), number, kAttempt});
    task_.begin_scope(kJobs, scope_of(number));
    set_open(number, parent, false);
  }

  bool remove_gone(std::string key, std::string filter, bool are_children) {
    Remembered remembered;
    remembered.list = "pipelines";
    remembered.key = std::move(key);
    remembered.filter = std::move(filter);
    // What is deleted for its age goes bit by bit, in no order.
    const auto kept_us = task_.project.keeps_pipelines_us;
    const int expired = kept_us ? Known::day_of(Time{task_.run.now().us - *kept_us}) : 0;
    remembered.has = [=](const Known::Entry& entry) {
      return entry.about.empty() != are_children && entry.day > expired;
    };
    remembered.is_aged = [this](const Known::Entry& entry) {
      return entry.about.empty() || known_.has(std::stoll(entry.about.substr(1)));
    };
    // A parent that is known and went, went for its age, and took its children with it.
    remembered.stays = [this](const Known::Entry& entry) {
      const auto parent = parse_open("0" + entry.about).parent;
      return parent && known_.has(std::stoll(*parent)) &&
             !task_.api.is_there(task_.project.url("pipelines/" + *parent));
    };
    remembered.remove = [this](std::int64_t id, const Known::Entry& entry) {
      const Open pipeline = parse_open(std::to_string(id) + entry.about);
      remove(std::to_string(id), pipeline.parent);
      known_.remove(id, entry.day);
    };
    return gitlab::remove_gone(task_, known_, remembered);
  }

  Task& task_;
  Known known_;
  Position children_;  // in the order of their updates
  const Time began_at_ =
      std::min(task_.run.now(), task_.api.server_time().value_or(task_.run.now()));
  std::set<std::int64_t> taken_;  // in this run
  std::set<std::int64_t> tree_;   // of these, the pipeline at hand and its children
};

}  // namespace

void collect_pipelines(Task& task) {
  const List list{"pipelines", "pipelines", task.project.url("pipelines"), {kPipelines, kJobs}};
  Pipelines pipelines(task);
  task.read(
      list, [&](const Item& item) { pipelines.take(item); },
      [&](Position& position) {
        const bool was_never_asked = position.highest_id == 0 && position.latest;
        if (task.turns.has(Turns::kNumbers) || was_never_asked) {
          pipelines.take_without_update(position);
          task.turns.was_asked(Turns::kNumbers);
        }
        if (task.turns.has(Turns::kChildren)) {
          pipelines.take_changed_children(position.skipped);
        }
        pipelines.ask_again(position.skipped);
      });
  pipelines.commit();
  pipelines.remove_gone();
}

}  // namespace baselined::gitlab
