// Known: what was collected of a list whose items no number finds, so that one that is deleted can
// be missed: GitLab tells of a deletion nowhere. It is kept in open sets, one per month of
// creation, so that what comes new rewrites the newest of them.
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

#include "kept.h"

namespace baselined::gitlab {

class Known : public Kept {
 public:
  struct Entry {
    std::string about;  // what the plugin needs to know of it, once it is gone
    int month;          // since the year 1
  };
  // stream: whose open sets are used for nothing else.
  Known(Run& run, std::uint32_t stream, std::string scope)
      : run_(run), stream_(stream), scope_(std::move(scope)) {}

  // about: begins with no digit.
  void add(std::int64_t id, const std::string& about, Time created_at);
  void remove(std::int64_t id, int month);
  // Nothing: it is not known.
  std::optional<std::string> about(std::int64_t id, Time created_at);
  // Months that changed since the last one.
  void put() override;
  // After all() only.
  bool has(std::int64_t id) const;
  // By id.
  std::map<std::int64_t, Entry> all();

  static int month_of(Time time);

 private:
  using Month = std::map<std::int64_t, std::string>;
  Month& load(int month);
  std::string scope_of(int month) const;

  Run& run_;
  const std::uint32_t stream_;
  const std::string scope_;
  std::map<int, Month> months_;
  std::set<int> changed_;
};

}  // namespace baselined::gitlab
