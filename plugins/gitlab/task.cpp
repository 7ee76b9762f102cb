#include "task.h"

#include "updates.h"

namespace baselined::gitlab {
namespace {

// Between two barriers: an item may cost hundreds, and a run may end before its page does.
constexpr std::uint64_t kRequests = 10;
constexpr int kNotFound = 404;

}  // namespace

std::string Task::cursor_key(const List& list) const {
  return std::to_string(project.id) + "/" + std::string(list.key);
}

Position Task::position_of(const List& list) {
  Position position = Position::parse(run.cursor(cursor_key(list)));
  if (!position.identity.empty() && position.identity != project.identity) {
    leave(list, position);
    position = {};
  }
  const std::int64_t highest = list.has_numbers ? position.highest_id : 0;
  if (run.mode() != BL_RUN_INCREMENTAL) {
    position = {};
  }
  const Time from = options.since.value_or(Time{BL_BEGINNING});
  if (!position.identity.empty() && from < position.from) {
    run.info(project.path + ": since is earlier than it was: the " + std::string(list.name) +
             " are read again from there");
    position = {};
  }
  if (!position.identity.empty() && position.rules != list.rules) {
    run.info(project.path + ": the options are others than they were: the " +
             std::string(list.name) + " are read again");
    cover(list, "being read again: the options are others than they were");
    position = {};
  }
  if (list.begin && !position.resume()) {
    list.begin();
  }
  position.rules = list.rules;
  position.highest_id = std::max(position.highest_id, highest);
  position.from = position.identity.empty() ? from : std::min(position.from, from);
  position.identity = project.identity;
  return position;
}

// What was collected under another name, which may be another project's by now.
void Task::leave(const List& list, const Position& old) {
  run.warn("project " + old.identity + " is now " + project.identity +
           ": it is read again under that name. Name the old one as an alias in [[repository]]");
  const bool is_taken =
      std::any_of(projects.begin(), projects.end(),
                  [&old](const Project& another) { return another.identity == old.identity; });
  if (is_taken) {
    return;
  }
  run.open_set_put(list.streams.front(), old.identity, std::vector<std::string>());
  if (list.leave) {  // what is not read again yet would else be none, and that for good
    for (const std::uint32_t stream : list.streams) {
      run.coverage(stream, old.identity, options.since.value_or(Time{BL_BEGINNING}), until(),
                   "the project is now " + project.identity);
    }
    list.leave(old);
  }
}

void Task::commit(const std::string& key, const std::string& cursor) {
  run.open_set_put(stream_, project.identity, open_);
  for (Kept* kept : kept_) {
    kept->put();
  }
  run.commit(key, cursor);
  has_scope_ = false;
}

void Task::commit(const std::string& cursor) {
  committed_ = cursor;
  commit(key_, committed_);
  committed_at_ = api.n_requests();
}

// What was updated while the list was read may be missing, by whichever clock is behind.
Time Task::until() const { return std::min(began_, api.server_time().value_or(began_)); }

void Task::cover(const List& list, const std::string& reason) {
  cover(list, options.since.value_or(Time{BL_BEGINNING}), until(), reason);
}

void Task::cover(const List& list, Time from, Time until, const std::string& reason) {
  for (const std::uint32_t stream : list.streams) {
    run.coverage(stream, project.identity, from, until, reason);
  }
}

void Task::take_or_skip(const boost::json::value& value, const Take& take, Skipped& skipped) {
  try {
    take(Item(value));
    skipped.remove(value);
  } catch (const Malformed& malformed) {
    skipped.add(value, malformed.what());
  }
}

// Of one item alone GitLab may refuse a part for good, or need too long for it. The first time that
// ends the run; where the next one ends at the same item, the others shall not wait for it.
bool Task::take_or_stop(const boost::json::value& value, const Take& take, Position& position) {
  const std::int64_t id = number_of(value, "id");
  std::string why = "a part of it is not answered";
  try {
    take_or_skip(value, take, position.skipped);
    position.stuck_at = position.stuck_at == id ? 0 : position.stuck_at;
    return true;
  } catch (const HttpFailure& failure) {
    why = "GitLab answered HTTP " + std::to_string(failure.http_status()) + " for a part of it";
    stop_unless_again(id, position);
  } catch (const Failure& failure) {
    if (failure.status() != BL_ERR_TRANSIENT) {
      throw;
    }
    stop_unless_again(id, position);
  }
  position.stuck_at = 0;
  position.skipped.add(value, why);
  return false;
}

// As if a run had ended there before; none did, as the list was read to its end.
bool Task::take_or_pass(const boost::json::value& value, const Take& take, Position& position) {
  position.stuck_at = number_of(value, "id");
  return take_or_stop(value, take, position);
}

// Inside of a catch.
void Task::stop_unless_again(std::int64_t id, Position& position) {
  if (position.stuck_at != id) {
    position.stuck_at = id;
    commit(position.text());
    throw;
  }
}

void Task::within(const List& list, const std::string& cursor, const std::function<void()>& body) {
  stream_ = list.streams.front();
  key_ = cursor_key(list);
  committed_ = cursor;
  committed_at_ = api.n_requests();
  lack_.clear();
  const auto stored = run.open_set_get(stream_, project.identity);
  open_ = {stored.begin(), stored.end()};
  try {
    body();
  } catch (const HttpFailure& failure) {
    cover(list, "GitLab answered HTTP " + std::to_string(failure.http_status()));
    run.commit(key_, committed_);
    throw;
  } catch (const Failure& failure) {
    if (failure.status() == BL_ERR_TRANSIENT) {
      cover(list, "GitLab did not answer, or with HTTP 5xx");
      run.commit(key_, committed_);
    }
    throw;
  }
}

void Task::read(const List& list, const Take& take, const Sweep& sweep) {
  Position position = position_of(list);
  within(list, position.text(), [&] { read_all(list, position, take, sweep); });
}

void Task::read_all(const List& list, Position& position, const Take& take, const Sweep& sweep) {
  Updates updates(api, list.url, position, options.since);
  while (const auto batch = updates.next()) {
    for (const boost::json::value& value : *batch) {
      if (list.has_numbers) {
        position.highest_id = std::max(position.highest_id, number_of(value, "iid"));
      }
      take_or_stop(value, take, position);
      updates.took(value);
      if (has_scope_ || api.n_requests() - committed_at_ >= kRequests) {
        commit(position.text());
      }
    }
    commit(position.text());
  }
  if (sweep) {
    sweep(position);
  }
  std::string reason = position.skipped.text(list.name);
  reason += reason.empty() || lack_.empty() ? lack_ : "; " + lack_;
  if (!reason.empty()) {
    run.warn(project.path + ": " + reason);
  }
  cover(list, reason);
  commit(position.text());
}

void Task::set_open(const std::string& id, bool is_open) {
  if (is_open) {
    open_.insert(id);
  } else {
    open_.erase(id);
  }
}

void Task::begin_scope(std::uint32_t stream, const std::string& scope) {
  if (has_scope_) {
    commit(key_, committed_);
  }
  run.begin_scope(stream, scope);
  has_scope_ = true;
}

// The project last: it may go between two answers.
bool Task::is_gone(const HttpFailure& failure, const std::string& url) {
  return failure.http_status() == kNotFound && !api.is_there(url) && is_project_there();
}

std::string Task::person(const Item& user) const {
  return project.host() + ":" + std::to_string(user.integer("id"));
}

bool Task::is_bot(const Item& user) const {
  const std::string name(user.text("username"));
  return user.boolean_if("bot").value_or(false) || std::regex_search(name, options.bots);
}

}  // namespace baselined::gitlab
