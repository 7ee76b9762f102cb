// Questions that need not be asked in every run take turns, so that a quiet project costs no more
// requests than it must: a run asks the one that waits longest, and those that wait for a day.
//
// Ownership: refers to the run, which must outlive it. Threads: the run's. Errors: those of the
// run.
#pragma once

#include <baselined/plugin.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "project.h"

namespace baselined::gitlab {

class Turns {
 public:
  static constexpr std::string_view kBranches = "branches";
  static constexpr std::string_view kTags = "tags";
  static constexpr std::string_view kNumbers = "numbers";    // pipelines, by their number
  static constexpr std::string_view kChildren = "children";  // pipelines, by their update

  Turns(Run& run, const Project& project, bool has_commits);

  // Whether this run asks it.
  bool has(std::string_view question) const { return now_.contains(std::string(question)); }
  void was_asked(std::string_view question);
  // There is something to ask for, from the next run on.
  void add(std::string_view question) { asked_.try_emplace(std::string(question)); }
  // Remembers what was asked.
  void commit();

 private:
  void choose();

  Run& run_;
  const std::string key_;
  std::string committed_;
  std::map<std::string, Time> asked_;  // when last
  std::set<std::string> now_;
};

}  // namespace baselined::gitlab
