// Collects one repository in one run: decides what is new, emits it, and moves the cursor last.
//
//   1. Nothing moved since the cursor: fresh coverage, nothing else.
//   2. Otherwise walk from all refs, leaving out what earlier runs stored, and emit commits with
//      barriers in between; a run that is killed goes on from the last one.
//   3. One final commit: refs, open set, coverage and cursor together. So the cursor never claims
//      a commit that is not stored.
//
// Created per repository; borrows all arguments. Not thread-safe.
// Errors: Failure when the host refuses or cancels; GitError when refs cannot be listed. Damaged
// objects do not end it: what can be read is stored, and collect() says what could not.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "authors.h"
#include "commit_rows.h"
#include "cursor.h"
#include "options.h"
#include "ref_rows.h"
#include "refs.h"
#include "repository.h"
#include "walk.h"

namespace baselined::git {

// How far a run is, over all its repositories.
struct Tally {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

// Says of the streams that this repository fills that they are complete until now, or why not.
void report_coverage(Run& run, const Options& options, const std::string& identity, Time until,
                     const std::string& reason, const std::string& path_reason);

class Collection {
 public:
  Collection(Run& run, const Options& options, const Repository& repository, Tally& tally);

  // What is damaged; empty when all is well.
  std::string collect();

 private:
  bool is_stored();
  bool is_full() const;
  bool has_same_settings() const;
  std::vector<KnownRef> known_refs();
  void look_up_refs(const std::vector<KnownRef>& known);
  void exclude_stored(Walk& walk, const std::vector<KnownRef>& known);
  void store_checkpoint(const Walk& walk, const std::vector<std::uint32_t>& heads);
  void emit_commits(Walk& walk, CommitRows& rows);
  std::string finish(const RefRows& refs, const Walk& walk, const CommitRows& rows);
  void log_oddities(const RefRows& refs, const CommitRows& rows);
  std::string shallow_reason() const;

  Run& run_;
  const Options& options_;
  const Repository& repository_;
  Tally& tally_;
  const Time started_;
  const std::string key_;  // of the cursor
  Authors authors_;
  RefList refs_;
  std::string old_text_;  // of the cursor
  Cursor old_;
  Cursor new_;
  std::vector<Checkpoint> checkpoints_;  // of a run that did not finish
};

}  // namespace baselined::git
