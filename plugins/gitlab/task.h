// Task: what the collection of one project needs, and the frame of every list: go on from the
// cursor, take item by item, commit page by page and more often where items cost much, report
// coverage at the end.
//
// Ownership: refers to the run, the API and the options, which must outlive it. Threads: the run's.
// Errors: Failure ends the list; a Malformed item is skipped, counted and named in the coverage.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api.h"
#include "item.h"
#include "kept.h"
#include "options.h"
#include "position.h"
#include "project.h"
#include "turns.h"

namespace baselined::gitlab {

// A list of a project, such as its merge requests.
struct List {
  std::string_view name;               // for people: "merge requests"
  std::string_view key;                // of its cursor: "merge_requests"
  std::string url;                     // without order and time
  std::vector<std::uint32_t> streams;  // whose coverage it is; the first one's open set
  bool has_numbers = false;            // "iid", by which what was deleted is looked for
  std::string rules = {};              // of options; under others its items are read again
  // The project has another name now: what to do with what was collected under this one.
  std::function<void(const Position& old)> leave = {};
  // It is read from its beginning, for whichever reason: what to forget, with the first barrier.
  std::function<void()> begin = {};
};

struct Context {
  Run& run;
  Api& api;
  const Options& options;
  const Project& project;
  const std::vector<Project>& projects;  // all of the run
  Turns& turns;
};

class Task : public Context {
 public:
  explicit Task(const Context& context) : Context(context), began_(context.run.now()) {}

  using Take = std::function<void(const Item&)>;
  using Sweep = std::function<void(Position&)>;
  // Everything of the list that is new since the last run. `sweep` looks at more before the end is
  // reported: it may take items and change the position. What GitLab refuses is an HttpFailure, and
  // said in the coverage.
  void read(const List& list, const Take& take, const Sweep& sweep = {});
  // take(item), where it is of the right form.
  static void take_or_skip(const boost::json::value& value, const Take& take, Skipped& skipped);
  // The same; what GitLab does not answer ends the list, and is skipped by the next run. False: it
  // was skipped for that.
  bool take_or_stop(const boost::json::value& value, const Take& take, Position& position);
  // The same of an item that stands behind the end of the list: it is skipped at once.
  bool take_or_pass(const boost::json::value& value, const Take& take, Position& position);

  // What the list that is read lacks besides skipped items; said in the coverage.
  void lack(std::string what) { lack_ = std::move(what); }

  // Items that may still change, of the list that is read.
  void set_open(const std::string& id, bool is_open);
  std::vector<std::string> open_ids() const { return {open_.begin(), open_.end()}; }

  // body() reads the list, from this cursor on. What GitLab refuses is said in the coverage.
  void within(const List& list, const std::string& cursor, const std::function<void()>& body);
  std::string cursor_key(const List& list) const;

  // To be put with each barrier. It must outlive the task's use.
  void keep(Kept& kept) { kept_.push_back(&kept); }

  // As Run's. It ends with the item that is taken; a second one in an item is a barrier.
  void begin_scope(std::uint32_t stream, const std::string& scope);

  // By whichever clock is behind, GitLab's or this machine's.
  Time now() const { return std::min(run.now(), api.server_time().value_or(run.now())); }

  // A barrier with this cursor and what else is kept of the list that is or was read.
  void commit(const std::string& key, const std::string& cursor);
  // The same with the cursor of the list.
  void commit(const std::string& cursor);
  // The list was read so far, or, with a reason, why not.
  void cover(const List& list, Time from, Time until, const std::string& reason = {});

  // A part of something was not found: whether the thing itself, at `url`, was deleted meanwhile.
  // Of a project that the token may not see any more nothing is found: then it was not.
  bool is_gone(const HttpFailure& failure, const std::string& url);
  // An HttpFailure where it is not there.
  void ask_for_repository() { api.get(project.url("repository/commits?per_page=1")); }
  bool is_project_there() { return api.is_there("/projects/" + std::to_string(project.id)); }

  // "gitlab.example.org:42": a user keeps its number when it is renamed.
  std::string person(const Item& user) const;
  bool is_bot(const Item& user) const;

 private:
  Position position_of(const List& list);
  void leave(const List& list, const Position& old);
  void read_all(const List& list, Position& position, const Take& take, const Sweep& sweep);
  void stop_unless_again(std::int64_t id, Position& position);
  void cover(const List& list, const std::string& reason);
  Time until() const;

  const Time began_;
  std::uint32_t stream_ = 0;  // of the list at hand, and its cursor's key
  std::string key_;
  std::string committed_;           // the cursor
  std::uint64_t committed_at_ = 0;  // requests so far
  bool has_scope_ = false;          // since then
  std::string lack_;
  std::set<std::string> open_;
  std::vector<Kept*> kept_;
};

}  // namespace baselined::gitlab
