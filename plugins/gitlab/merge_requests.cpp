#include "merge_requests.h"

#include <functional>
#include <string>

#include "gone.h"
#include "notes.h"
#include "streams.h"

namespace baselined::gitlab {
namespace {

// Its state: opened, closed, merged, and locked while it is being merged.
std::string_view state_of(std::string_view original) {
  if (original == "opened" || original == "locked") {
    return "open";
  }
  if (original == "merged" || original == "closed") {
    return original;
  }
  throw Malformed("no state that is known");
}

class MergeRequest {
 public:
  MergeRequest(Task& task, const Item& item)
      : task_(task),
        item_(item),
        number_(std::to_string(item.integer("iid"))),
        url_(task.project.url("merge_requests/" + number_)),
        state_(state_of(item.text("state"))) {
    if (const auto user = item.object_if("author")) {  // a user that was deleted is none
      author_ = task.person(*user);
      is_bot_ = task.is_bot(*user);
    }
  }

  // What is not understood is left out, and named at the end.
  void emit() {
    emit_change();
    task_.set_open(number_, state_ == "open");
    emit_commits();
    emit_notes();
    emit_states();
    if (!problem_.empty()) {
      throw Malformed(problem_);
    }
  }

 private:
  std::string_view repository() const { return task_.project.identity; }

  void emit_change() {
    const auto description = item_.text_if("description");
    // A merge request that was closed and reopened keeps its time.
    const auto closed_at = state_ == "closed" ? item_.time_if("closed_at") : std::nullopt;
    const auto labels = item_.texts_if("labels");
    task_.run.emit(kChanges, {repository(), number_, state_, item_.boolean_if("draft"),
                              item_.time("created_at"), item_.time_if("merged_at"), closed_at,
                              item_.text("target_branch"), author_, is_bot_, labels,
                              description ? reverted_change(*description) : std::nullopt});
    emit_event("opened", "opened", author_, is_bot_, item_.time("created_at"));
  }

  void for_each(const std::string& list, const std::function<void(const Item&)>& take) {
    task_.api.for_each(url_ + "/" + list, [&](const boost::json::value& value) {
      try {
        take(Item(value));
      } catch (const Malformed& malformed) {
        problem_ = list.substr(0, list.find('?')) + ": " + malformed.what();
      }
    });
  }

  void emit_commits() {
    for_each("commits?per_page=100", [this](const Item& commit) {
      emit_commit(commit.sha("id"), "source", commit.time_if("authored_date"));
    });
    if (state_ == "merged") {
      emit_landed();
    }
  }

  // Without a merge commit and without a squash the branch was moved to the head.
  void emit_landed() {
    const auto merge = item_.sha_if("merge_commit_sha");
    const auto squash = item_.sha_if("squash_commit_sha");
    if (merge) {
      emit_commit(*merge, "landed_merge", std::nullopt);
    }
    if (squash) {
      emit_commit(*squash, "landed_squash", std::nullopt);
    }
    if (const auto head = item_.sha_if("sha"); head && !merge && !squash) {
      emit_commit(*head, "landed_rebase", std::nullopt);
    }
  }

  void emit_commit(std::string_view sha, std::string_view role, std::optional<Time> authored_at) {
    task_.run.emit(kChangeCommits, {repository(), number_, sha, role, authored_at});
  }

  void emit_notes() {
    for_each("notes?order_by=created_at&sort=asc&per_page=100", [this](const Item& note) {
      const bool is_system = note.boolean_if("system").value_or(false);
      const auto kind = event_of_note(is_system, note.text_if("body").value_or(""));
      if (kind) {
        emit_by("note-" + std::to_string(note.integer("id")), *kind, note.object_if("author"),
                note.time("created_at"));
      }
    });
  }

  void emit_states() {
    bool was_merged = false;
    bool was_closed = false;
    for_each("resource_state_events?per_page=100", [&](const Item& event) {
      const std::string_view kind = event.text("state");
      was_merged = was_merged || kind == "merged";
      was_closed = was_closed || kind == "closed";
      if (kind == "merged" || kind == "closed" || kind == "reopened") {
        emit_by("state-" + std::to_string(event.integer("id")), kind, event.object_if("user"),
                event.time("created_at"));
      }
    });
    // Before GitLab 13.2 there were no such events.
    if (state_ == "merged" && !was_merged) {
      emit_fallback("merged", item_.time_if("merged_at"), item_.object_if("merged_by"));
    }
    if (state_ == "closed" && !was_closed) {
      emit_fallback("closed", item_.time_if("closed_at"), item_.object_if("closed_by"));
    }
  }

  void emit_fallback(std::string_view kind, std::optional<Time> at,
                     const std::optional<Item>& user) {
    if (at) {
      emit_by(std::string(kind), kind, user, *at);
    }
  }

  void emit_by(const std::string& event, std::string_view kind, const std::optional<Item>& user,
               Time at) {
    if (user) {
      emit_event(event, kind, task_.person(*user), task_.is_bot(*user), at);
    } else {
      emit_event(event, kind, std::nullopt, std::nullopt, at);
    }
  }

  void emit_event(std::string_view event, std::string_view kind,
                  const std::optional<std::string>& actor, std::optional<bool> is_bot, Time at) {
    const auto is_author = actor ? std::optional(actor == author_) : std::nullopt;
    task_.run.emit(kChangeEvents,
                   {repository(), number_, event, kind, actor, is_author, is_bot, at});
  }

  Task& task_;
  const Item item_;
  const std::string number_;
  const std::string url_;
  const std::string_view state_;
  std::string problem_;
  std::optional<std::string> author_;
  std::optional<bool> is_bot_;
};

}  // namespace

void collect_merge_requests(Task& task) {
  const List list{"merge requests",
                  "merge_requests",
                  task.project.url("merge_requests?scope=all&state=all"),
                  {kChanges, kChangeCommits, kChangeEvents},
                  true};
  const auto remove = [&task](std::int64_t number) {
    task.run.remove(kChanges, {task.project.identity, std::to_string(number)});
    task.set_open(std::to_string(number), false);
  };
  const auto take = [&](const Item& item) {
    try {
      MergeRequest(task, item).emit();
    } catch (const HttpFailure& failure) {
      const std::int64_t number = item.integer("iid");
      if (!task.is_gone(failure, task.project.url("merge_requests/" + std::to_string(number)))) {
        throw;
      }
      remove(number);
    }
  };
  std::int64_t highest = 0;
  task.read(list, take, [&](const Position& position) { highest = position.highest_id; });
  remove_gone(task, {"merge_requests", remove, highest});
}

}  // namespace baselined::gitlab
