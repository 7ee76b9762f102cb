#include "collector.h"

#include <algorithm>
#include <new>

#include "cursor.h"
#include "library.h"
#include "text.h"

namespace baselined::git {
namespace {

constexpr std::size_t kNamedFailures = 5;
constexpr const char* kNoMemory =
    "memory ran out while it was read: look for files in it that are far too large, or give the "
    "service more";

std::string summary(const std::vector<std::string>& bad) {
  std::string text = std::to_string(bad.size()) +
                     (bad.size() == 1 ? " repository" : " repositories") +
                     " could not be collected: ";
  const std::size_t n_named = std::min(bad.size(), kNamedFailures);
  for (std::size_t at = 0; at < n_named; ++at) {
    text += (at == 0 ? "" : "; ") + bad[at];
  }
  if (n_named < bad.size()) {
    text += "; and " + std::to_string(bad.size() - n_named) + " more";
  }
  return text;
}

}  // namespace

Collector::Collector(std::string_view options, Run& /*run*/) : options_(parse_options(options)) {}

void Collector::collect(Run& run) {
  const Library library;
  Found found;
  for (const std::string& pattern : options_.repositories) {
    collect_pattern(run, pattern, found);
  }
  if (found.bad.empty()) {
    return;
  }
  // Only a probe asks about the configuration alone. A file system that is not mounted yet must not
  // end collecting for good.
  const bool is_configuration = run.is_probe() && found.n_good == 0;
  throw Failure(is_configuration ? BL_ERR_CONFIG : BL_ERR_DATA, summary(found.bad));
}

void Collector::collect_pattern(Run& run, const std::string& pattern, Found& found) {
  bool has_match = false;
  try {
    for (const Candidate& candidate : expand(pattern)) {
      run.stop_if_cancelled();
      if (found.paths.contains(candidate.path) || collect_candidate(run, candidate, found)) {
        has_match = true;
      }
    }
  } catch (const GitError& error) {
    note_bad(run, pattern, error.what(), found);
    return;
  }
  if (!has_match) {
    run.warn("'" + make_utf8(pattern) + "' matches no repository");
  }
}

bool Collector::collect_candidate(Run& run, const Candidate& candidate, Found& found) {
  try {
    collect_repository(run, candidate.path, found);
  } catch (const OpenFailed& failure) {
    if (!candidate.is_named && failure.why() == OpenFailed::Why::not_a_repository) {
      return false;
    }
    note_bad(run, candidate.path, failure.what(), found);
  } catch (const GitError& error) {
    note_bad(run, candidate.path, error.what(), found);
  } catch (const std::bad_alloc&) {  // what it took is free again
    note_bad(run, candidate.path, kNoMemory, found);
  }
  found.paths.insert(candidate.path);
  return true;
}

void Collector::collect_repository(Run& run, const std::string& path, Found& found) {
  const Repository repository = Repository::open(path);
  const auto [owner, is_new] = found.path_of.try_emplace(repository.identity(), path);
  if (!is_new) {
    run.warn(make_utf8(path) + " is left out: it is " + repository.identity() + ", like " +
             make_utf8(owner->second) + "; name only one of them");
    return;
  }
  if (run.is_probe()) {
    const Damage damage = list_refs(repository, options_.branches).damage;
    if (!damage.is_none()) {
      throw GitError(damage.text());
    }
    ++found.n_good;
    return;
  }
  const std::string problem = Collection(run, options_, repository, found.tally).collect();
  if (problem.empty()) {
    ++found.n_good;
    return;
  }
  found.bad.push_back(make_utf8(path) + ": " + problem);
  run.warn(found.bad.back());
}

void Collector::note_bad(Run& run, const std::string& path, const std::string& what, Found& found) {
  const std::string shown = make_utf8(path);
  found.bad.push_back(shown + ": " + what);
  run.warn(found.bad.back());
  if (run.is_probe()) {
    return;
  }
  const std::string cursor = run.cursor(shown);
  std::string identity = decode_cursor(cursor).identity;
  if (identity.empty()) {
    identity = identity_of({}, path);
  }
  const auto owner = found.path_of.find(identity);
  if (owner != found.path_of.end() && owner->second != path) {
    return;  // whose coverage stands
  }
  report_coverage(run, options_, identity, run.now(), what, {});
  run.commit(shown, cursor);
}

}  // namespace baselined::git
