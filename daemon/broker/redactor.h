// Redactor: replaces every secret that was ever loaded, in each form it could appear in, by "***".
//
// In upper or lower case. Forms: as it is, base64 (also inside other text, at any alignment, both
// alphabets), hexadecimal, URL-encoded, JSON-escaped. Secrets shorter than 6 bytes are not looked
// for: they would blank ordinary words. Old values stay: they may be under way still. Values that
// come and go (access tokens) are kept in a ring of the latest 256. Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/base/digest.h"
#include "daemon/broker/secret.h"

namespace baselined::broker {

constexpr std::size_t kShortestRedacted = 6;

// All forms of a secret that are looked for, each once, in lower case.
std::vector<Secret> redacted_forms(std::string_view secret);

class Redactor {
 public:
  Redactor() = default;
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  void add(std::string_view secret);
  void add_passing(std::string_view secret);
  std::string redact(std::string_view text) const;

 private:
  std::vector<std::size_t> insert(std::string_view secret);
  void remove(const std::vector<std::size_t>& places);
  std::size_t longest_at(std::string_view text) const;

  mutable std::shared_mutex mutex_;
  std::vector<Secret> patterns_;
  std::vector<std::size_t> free_;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> by_start_;  // first four bytes
  // Forms that begin with each two bytes: most places of a text are passed at this look.
  std::vector<std::uint32_t> starts_ = std::vector<std::uint32_t>(65536);
  std::set<Digest> known_;
  struct Passing {
    Digest digest;
    std::vector<std::size_t> places;
  };
  std::deque<Passing> passing_;
};

}  // namespace baselined::broker
