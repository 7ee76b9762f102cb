#include "daemon/derive/paths.h"

#include <algorithm>

namespace baselined::derive {

namespace {

// Whether this path is the other, or above it.
bool is_above(std::string_view path, std::string_view other) {
  return path.empty() ||
         (other.starts_with(path) && (other.size() == path.size() || other[path.size()] == '/'));
}

}  // namespace

Paths::Paths(const std::vector<std::string>& ours, const std::vector<std::string>& others) {
  for (const std::string& path : ours) {
    claims_.push_back({path, true});
  }
  for (const std::string& path : others) {
    claims_.push_back({path, false});
  }
}

Paths Paths::none() { return Paths({}, {""}); }

bool Paths::are_some() const {
  return std::any_of(claims_.begin(), claims_.end(),
                     [](const Claim& claim) { return !claim.path.empty(); });
}

Belongs Paths::of_nothing() const {
  const bool owns_rest = std::any_of(claims_.begin(), claims_.end(), [](const Claim& claim) {
    return claim.is_ours && claim.path.empty();
  });
  return is_everything() || owns_rest ? Belongs::yes : Belongs::no;
}

Belongs Paths::of(std::string_view touched) const {
  if (is_everything()) {
    return Belongs::yes;
  }
  const Claim* longest = nullptr;
  for (const Claim& claim : claims_) {
    if (is_above(claim.path, touched) &&
        (longest == nullptr || claim.path.size() > longest->path.size())) {
      longest = &claim;
    }
  }
  const bool is_ours = longest != nullptr && longest->is_ours;
  const bool is_cut = std::any_of(claims_.begin(), claims_.end(), [&](const Claim& claim) {
    return claim.is_ours != is_ours && claim.path.size() > touched.size() &&
           is_above(touched, claim.path);
  });
  if (is_cut) {
    return Belongs::unknown;
  }
  return is_ours ? Belongs::yes : Belongs::no;
}

Belongs either(Belongs one, Belongs other) {
  if (one == Belongs::yes || other == Belongs::yes) {
    return Belongs::yes;
  }
  return one == Belongs::unknown || other == Belongs::unknown ? Belongs::unknown : Belongs::no;
}

}  // namespace baselined::derive
