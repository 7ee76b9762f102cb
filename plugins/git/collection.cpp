#include "collection.h"

#include <algorithm>

#include "streams.h"
#include "text.h"

namespace baselined::git {
namespace {

// Changes when a newer plugin fills rows differently, so that they are all emitted again.
constexpr std::string_view kRowFormat = "2";
constexpr const char* kAdvice = "run git fsck";
constexpr const char* kStoredRefs = "fingerprint of ";

std::string settings_of(const Options& options, const Repository& repository) {
  std::string text(kRowFormat);
  text += ' ' + std::to_string(options.path_depth) + (options.line_counts ? " lines " : " ") +
          options.bot_pattern;
  const OidIndex& shallow = repository.shallow_commits();
  for (std::uint32_t number = 0; number < shallow.size(); ++number) {
    text += ' ' + to_hex(shallow.id(number));
  }
  return fingerprint(text);
}

std::string joined(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + "; " + second;
}

}  // namespace

void report_coverage(Run& run, const Options& options, const std::string& identity, Time until,
                     const std::string& reason, const std::string& path_reason) {
  run.coverage(kCommits, identity, {BL_BEGINNING}, until, reason);
  run.coverage(kRefs, identity, {BL_BEGINNING}, until, reason);
  if (options.path_depth > 0) {
    run.coverage(kCommitPaths, identity, {BL_BEGINNING}, until, joined(reason, path_reason));
  }
}

Collection::Collection(Run& run, const Options& options, const Repository& repository, Tally& tally)
    : run_(run),
      options_(options),
      repository_(repository),
      tally_(tally),
      started_(run.now()),
      key_(make_utf8(repository.path())),
      authors_(options.bots),
      refs_(list_refs(repository, options.branches)),
      old_text_(run.cursor(key_)),
      old_(decode_cursor(old_text_)),
      new_{refs_.fingerprint, settings_of(options, repository), repository.identity()} {}

std::string Collection::collect() {
  if (!refs_.bad_names.is_none()) {
    run_.warn(new_.identity + ": files below refs are left out: git does not allow their names: " +
              refs_.bad_names.text());
  }
  if (!is_full() && old_ == new_ && refs_.damage.is_none() && is_stored()) {
    report_coverage(run_, options_, new_.identity, started_, shallow_reason(), {});
    run_.commit(key_, old_text_);
    return {};
  }
  const std::vector<KnownRef> known = known_refs();
  look_up_refs(known);
  const RefRows refs(repository_, refs_.refs, known, is_full() || !has_same_settings());
  Walk walk(repository_, authors_);
  for (const KnownRef& tip : refs.tips()) {
    walk.include(tip.commit);
  }
  exclude_stored(walk, known);
  walk.run([this](std::uint64_t visited) {
    run_.stop_if_cancelled();
    run_.progress(tally_.done + visited, 0, "commits");
  });
  CommitRows rows(repository_, options_, walk, authors_);
  emit_commits(walk, rows);
  log_oddities(refs, rows);
  return finish(refs, walk, rows);
}

// Another path may have led here since, and moved what is stored: the cursor does not know that.
bool Collection::is_stored() {
  return run_.open_set_get(kRefs, kStoredRefs + new_.identity) == std::vector{new_.refs};
}

// A backfill reads everything again too: a commit's date says little about when it arrived.
bool Collection::is_full() const {
  return run_.mode() == BL_RUN_FULL || run_.mode() == BL_RUN_BACKFILL;
}

bool Collection::has_same_settings() const {
  return old_.settings == new_.settings && old_.identity == new_.identity;
}

std::vector<KnownRef> Collection::known_refs() {
  std::vector<KnownRef> known;
  for (const std::string& key : run_.open_set_get(kRefs, new_.identity)) {
    if (auto ref = decode_known_ref(key)) {
      known.push_back(*std::move(ref));
    }
  }
  return known;
}

void Collection::look_up_refs(const std::vector<KnownRef>& known) {
  std::vector<Ref> stored;
  stored.reserve(known.size());
  for (const KnownRef& before : known) {
    stored.push_back(before.ref);
  }
  refs_ = look_up(repository_, options_.branches, stored, std::move(refs_));
  new_.refs = refs_.fingerprint;
}

void Collection::exclude_stored(Walk& walk, const std::vector<KnownRef>& known) {
  if (is_full()) {
    return;
  }
  if (has_same_settings()) {
    for (const KnownRef& ref : known) {
      walk.exclude(ref.commit, ref.committed_seconds);
    }
  }
  for (const std::string& key : run_.open_set_get(kCommits, new_.identity)) {
    auto checkpoint = decode_checkpoint(key);
    if (checkpoint && checkpoint->settings == new_.settings) {
      walk.exclude(checkpoint->commit, checkpoint->committed_seconds);
      checkpoints_.push_back(*std::move(checkpoint));
    }
  }
}

void Collection::emit_commits(Walk& walk, CommitRows& rows) {
  const std::vector<std::uint32_t> order = walk.in_order();
  const std::uint64_t before = tally_.done;
  tally_.total += order.size();
  rows.emit(
      run_, order, [&](const std::vector<std::uint32_t>& heads) { store_checkpoint(walk, heads); },
      [&](std::uint64_t emitted) {
        tally_.done = before + emitted;
        run_.progress(tally_.done, tally_.total, "commits");
      });
}

void Collection::store_checkpoint(const Walk& walk, const std::vector<std::uint32_t>& heads) {
  std::vector<std::string> keys;
  for (const Checkpoint& earlier : checkpoints_) {
    keys.push_back(encode(earlier));
  }
  for (const std::uint32_t number : heads) {
    keys.push_back(
        encode(Checkpoint{new_.settings, walk.id(number), walk.commit(number).committed_seconds}));
  }
  run_.open_set_put(kCommits, new_.identity, keys);
  run_.commit(key_, old_text_);
}

std::string Collection::finish(const RefRows& refs, const Walk& walk, const CommitRows& rows) {
  const std::string unreadable = refs_.damage.text();
  const std::string missing = joined(refs.damage().text(), walk.damage().text());
  const std::string no_paths = rows.path_damage().text();
  std::string objects = missing;
  if (!repository_.is_partial()) {
    objects = joined(objects, joined(no_paths, rows.line_damage().text()));
  }
  std::string problem = joined(unreadable, joined(objects, objects.empty() ? "" : kAdvice));
  report_coverage(run_, options_, new_.identity, started_,
                  joined(shallow_reason(), joined(unreadable, missing)), no_paths);
  if (!problem.empty()) {
    // Neither refs nor cursor: the next run looks for what is missing again.
    run_.commit(key_, old_text_);
    return problem;
  }
  refs.emit(run_);
  run_.open_set_put(kCommits, new_.identity, std::vector<std::string>());
  run_.open_set_put(kRefs, kStoredRefs + new_.identity, std::vector{new_.refs});
  run_.commit(key_, encode(new_));
  return {};
}

void Collection::log_oddities(const RefRows& refs, const CommitRows& rows) {
  const auto log = [this](std::uint64_t count, std::string_view what) {
    if (count > 0) {
      run_.info(new_.identity + ": " + std::to_string(count) + " " + std::string(what));
    }
  };
  log(refs.n_not_commits(), "refs lead to no commit and are left out");
  log(refs.n_bad_dates() + rows.n_bad_dates(), "dates are missing or cannot be represented");
  log(rows.path_damage().objects, "trees could not be read: their paths are missing");
  log(rows.line_damage().objects, "commits could not be compared: their line counts are missing");
}

// Commits behind the border are missing on purpose: no damage, but no complete history either.
std::string Collection::shallow_reason() const {
  const OidIndex& shallow = repository_.shallow_commits();
  std::int64_t latest = kNoTime;
  for (std::uint32_t number = 0; number < shallow.size(); ++number) {
    latest = std::max(latest, resolve(repository_, shallow.id(number)).committed_seconds);
  }
  if (shallow.size() == 0) {
    return {};
  }
  return "shallow clone: history before " + (latest == kNoTime ? "its border" : to_date(latest)) +
         " is missing";
}

}  // namespace baselined::git
