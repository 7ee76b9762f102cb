#include "ref_rows.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "streams.h"
#include "text.h"

namespace baselined::git {
namespace {

bool comes_before(const KnownRef& left, const KnownRef& right) {
  return is_before(left.ref, right.ref);
}

bool is_same(const KnownRef& left, const KnownRef& right) {
  return !comes_before(left, right) && !comes_before(right, left);
}

const KnownRef* find(const std::vector<KnownRef>& sorted, const Ref& ref) {
  const auto found = std::lower_bound(
      sorted.begin(), sorted.end(), ref,
      [](const KnownRef& known, const Ref& wanted) { return is_before(known.ref, wanted); });
  return found != sorted.end() && !is_before(ref, found->ref) ? &*found : nullptr;
}

bool has_lower_name(const Ref& left, const Ref& right) {
  return std::tie(left.kind, left.name) < std::tie(right.kind, right.name);
}

std::string_view kind_name(const Ref& ref) { return ref.kind == RefKind::tag ? "tag" : "branch"; }

}  // namespace

RefRows::RefRows(const Repository& repository, const std::vector<Ref>& current,
                 std::vector<KnownRef> known, bool is_full)
    : repository_(repository) {
  std::sort(known.begin(), known.end(), comes_before);
  for (const Ref& ref : current) {
    add(ref, known, is_full);
  }
  settle(current, known);
}

void RefRows::add(const Ref& ref, const std::vector<KnownRef>& known, bool is_full) {
  if (const KnownRef* same = find(known, ref); same != nullptr && !is_full) {
    tips_.push_back(*same);
    return;
  }
  const Resolved resolved = resolve(repository_, ref.target);
  if (resolved.state == Resolved::State::missing) {
    damage_.note((ref.name.empty() ? "a ref" : std::string(kind_name(ref)) + " " + ref.name) +
                 ": " + resolved.problem);
    return;
  }
  if (resolved.state == Resolved::State::not_a_commit) {
    ++n_not_commits_;
    return;
  }
  Ref kept = ref;
  if (ref.kind == RefKind::other) {
    kept.target = resolved.commit;  // two ways to one commit are one tip
  }
  tips_.push_back({std::move(kept), resolved.commit, resolved.committed_seconds});
  if (ref.kind != RefKind::other) {
    rows_.push_back({tips_.back(), resolved.is_annotated, resolved.tagged_seconds});
    const bool has_date = !resolved.is_annotated || to_microseconds(resolved.tagged_seconds);
    n_bad_dates_ += has_date ? 0U : 1U;
  }
}

// What of the known refs is gone, and what to remember.
void RefRows::settle(const std::vector<Ref>& current, const std::vector<KnownRef>& known) {
  std::vector<Ref> names = current;
  std::sort(names.begin(), names.end(), is_before);
  remembered_ = tips_;
  for (const KnownRef& before : known) {
    const Ref& ref = before.ref;
    if (ref.kind == RefKind::other ||
        std::binary_search(names.begin(), names.end(), ref, is_before)) {
      continue;
    }
    const bool is_moved = std::binary_search(names.begin(), names.end(), ref, has_lower_name);
    if (ref.kind == RefKind::tag && is_moved) {
      remembered_.push_back(before);
    } else {
      removed_.push_back(ref);
    }
  }
  std::sort(remembered_.begin(), remembered_.end(), comes_before);
  remembered_.erase(std::unique(remembered_.begin(), remembered_.end(), is_same),
                    remembered_.end());
}

void RefRows::emit(Run& run) const {
  const std::string& repository = repository_.identity();
  for (const Row& row : rows_) {
    const Ref& ref = row.known.ref;
    const std::string target = to_hex(ref.target);
    const std::string sha = to_hex(row.known.commit);
    const auto tagged_us = to_microseconds(row.tagged_seconds);
    const auto tagged_at = tagged_us ? std::optional(Time{*tagged_us}) : std::nullopt;
    run.emit(kRefs,
             {repository, kind_name(ref), ref.name, target, sha, tagged_at, row.is_annotated});
  }
  for (const Ref& ref : removed_) {
    run.remove(kRefs, {repository, kind_name(ref), ref.name, to_hex(ref.target)});
  }
  std::vector<std::string> keys;
  keys.reserve(remembered_.size());
  for (const KnownRef& known : remembered_) {
    keys.push_back(encode(known));
  }
  run.open_set_put(kRefs, repository, keys);
}

}  // namespace baselined::git
