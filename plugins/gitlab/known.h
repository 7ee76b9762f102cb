// Known: what was collected of a list whose items no number finds, so that one that is deleted can
// be missed: GitLab tells of a deletion nowhere. It is kept in open sets, one per day of creation,
// so that what comes new rewrites a small one, and one that names the days.
//
// Ownership: refers to the run, which must outlive it. Threads: the run's. Errors: those of the
// run.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "kept.h"

namespace baselined::gitlab {

class Known : public Kept {
 public:
  struct Entry {
    std::string about;  // what the plugin needs to know of it, once it is gone
    int day;            // of its creation, since 1970
  };
  // stream: whose open sets are used for nothing else.
  Known(Run& run, std::uint32_t stream, std::string scope)
      : run_(run), stream_(stream), scope_(std::move(scope)), days_known_(run, stream, scope_) {}

  // about: begins with no digit.
  void add(std::int64_t id, const std::string& about, Time created_at);
  void remove(std::int64_t id, int day);
  // Nothing: it is not known.
  std::optional<std::string> about(std::int64_t id, Time created_at);
  // Days that changed since the last one.
  void put() override;
  // After all() only.
  bool has(std::int64_t id) const;
  // By id.
  std::map<std::int64_t, Entry> all();

  static int day_of(Time time);

 private:
  using Day = std::map<std::int64_t, std::string>;
  Day& load(int day);
  // "gitlab.example.org/group/shop#20423"
  std::string scope_of(int day) const { return scope_ + "#" + std::to_string(day); }

  Run& run_;
  const std::uint32_t stream_;
  const std::string scope_;
  KeptSet days_known_;
  std::map<int, Day> days_;
  std::set<int> changed_;
};

}  // namespace baselined::gitlab
