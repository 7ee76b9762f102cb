// A history for tests: everything goes into a real store through its record sink, and beside it
// into plain maps for the naive model. Commits are numbers, times are seconds.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/base/cell.h"
#include "daemon/derive/derive.h"
#include "daemon/derive/limits.h"
#include "daemon/records/stream.h"
#include "daemon/store/store.h"

namespace baselined::derive {

constexpr std::int64_t kSecond = 1'000'000;

struct CommitRecord {
  std::int64_t arrival = 0;  // order of the first delivery
  std::vector<int> parents;
  std::optional<int> at;  // seconds
  bool is_bot = false;
  bool is_alive = true;
};

struct RefRecord {
  int commit = 0;
  std::optional<int> tagged_at;
  bool is_alive = true;
};

// What a forge tells of a deployment: its states and since when.
struct DeploymentRecord {
  int commit = 0;
  std::string environment_class;
  std::map<std::string, int> states;
  bool is_guess = false;
  bool is_alive = true;
};

// How a job of CI ended.
struct JobRecord {
  std::string name;
  int commit = 0;
  bool is_success = false;
  int at = 0;
  bool is_alive = true;
};

// Who says it: collector and the identity that it gives.
using By = std::pair<std::string, std::string>;

struct History {
  std::map<std::pair<By, int>, CommitRecord> commits;
  std::set<std::tuple<By, int, std::string>> paths;  // that a commit touched
  // kind, name, target object
  std::map<std::tuple<By, std::string, std::string, int>, RefRecord> refs;
  // number and environment
  std::map<std::tuple<By, int, std::string>, DeploymentRecord> deployments;
  std::map<std::tuple<By, int, int>, JobRecord> jobs;          // run and number
  std::map<std::pair<By, std::string>, std::string> coverage;  // contract to reason
  std::map<std::pair<By, std::string>, bool> was_complete;
};

class Site {
 public:
  explicit Site(const std::string& name);
  ~Site();

  // As which collector and repository the next records are told.
  Site& by(const std::string& collector, const std::string& repository);

  Site& commit(int id, const std::vector<int>& parents, std::optional<int> at, bool is_bot = false);
  Site& remove_commit(int id);
  Site& touch(int commit, const std::string& path);
  Site& remove_touch(int commit, const std::string& path);
  Site& tag(const std::string& name, int commit);  // lightweight
  Site& annotated(const std::string& name, int commit, int tagged_at, int object);
  Site& remove_tag(const std::string& name, int object);
  // The branch leads there and nowhere else.
  Site& branch(const std::string& name, int commit);
  Site& remove_branch(const std::string& name);
  // The forge tells of this state of a deployment; a state that was told before is replaced.
  Site& deploy(int number, const std::string& environment, int commit, const std::string& state,
               int at, bool is_guess = false, const std::string& environment_class = "");
  Site& remove_deployment(int number, const std::string& environment);
  Site& job(int run, int number, const std::string& name, int commit, bool is_success, int at);
  Site& remove_job(int run, int number);
  // A change; merged where a time is given, as this commit.
  Site& change(int number, int opened_at, std::optional<int> merged_at = {}, int landed = 0,
               const std::string& label = "", std::optional<int> reverts = {});
  Site& remove_change(int number);
  Site& change_commit(int number, int commit, int authored_at);
  Site& change_event(int number, int event, const std::string& kind, int at,
                     bool is_author = false);
  Site& incident(int number, int opened_at, bool is_open, const std::string& service = "");
  Site& remove_incident(int number);
  Site& incident_event(int number, int event, const std::string& kind, int at);
  // What it refers to, and which: ("tag", "v1").
  Site& incident_link(int number, const std::string& role, const std::string& refers_to,
                      const std::string& which);
  Site& remove_incident_link(int number, const std::string& role, const std::string& which);
  Site& complete(int until = 1000);
  Site& complete_forge(int until = 1000);
  Site& covered(const std::string& contract, const std::string& reason, int until,
                std::optional<int> from = std::nullopt);

  Mapping& mapping() { return mapping_; }
  Limits& limits() { return limits_; }
  const History& history() const { return history_; }
  store::Connection& db();
  const std::filesystem::path& dir() const { return dir_; }
  // Asserts that it works.
  Touched update();

 private:
  class Sinks;
  void put(const char* contract, const std::map<std::string, Cell>& fields,
           bool is_removal = false);
  void put_ref(const std::string& kind, const std::string& name, int object, const RefRecord& ref);
  void remove_ref(const std::string& kind, const std::string& name, int object);

  std::filesystem::path dir_;
  std::unique_ptr<Sinks> sinks_;
  std::unique_ptr<store::Store> store_;
  By by_;
  History history_;
  Mapping mapping_;
  Limits limits_;
};

// 20 bytes for a number of a commit or tag object.
std::string sha_of(int commit);

// A mapping of one service "shop" over every repository.
Mapping shop(std::vector<std::string> tags, std::vector<std::string> branches = {});

}  // namespace baselined::derive
