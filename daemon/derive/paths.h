// Paths: which part of a repository a service owns, and whether a commit touched it.
//
// A path belongs to the service that claims the longest path above it. Collectors cut what a commit
// touched to some depth: where that is too shallow to tell, nothing is known.
// Threads: immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::derive {

// Of a commit or change: to the service, to others, or nobody can tell.
enum class Belongs : std::uint8_t { yes, no, unknown };

class Paths {
 public:
  // Everything.
  Paths() = default;
  // ours: of this service; others: of other services of the repository. "" is the whole of it.
  Paths(const std::vector<std::string>& ours, const std::vector<std::string>& others);

  static Paths none();

  bool is_everything() const { return claims_.empty(); }
  // Of a commit that touches nothing.
  Belongs of_nothing() const;
  // Of a change whose commit nobody has seen: of the service, so that it is missed there.
  Belongs of_unknown() const { return is_everything() || are_some() ? Belongs::yes : Belongs::no; }
  // Whether it depends on what commits touch.
  bool are_some() const;
  // touched: as a collector gives it, "services/shop" or "README.md".
  Belongs of(std::string_view touched) const;

 private:
  struct Claim {
    std::string path;
    bool is_ours = false;
  };
  std::vector<Claim> claims_;
};

// The better known of two: yes, then unknown, then no.
Belongs either(Belongs one, Belongs other);

}  // namespace baselined::derive
