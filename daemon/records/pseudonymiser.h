// Turns what identifies a person into a keyed pseudonym: HMAC-SHA-256, 32 hexadecimal digits.
//
// The key lives in a file of its own outside the database (created on first use, mode 0600); each
// purpose domain derives its own key from it, so that pseudonyms of two domains cannot be joined.
// Threads: one thread at a time (it caches).
// Errors: config for a key file that cannot be used; the message says what to do.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/base/result.h"
#include "daemon/records/key_file.h"

namespace baselined::records {

class Pseudonymiser {
 public:
  // Reads the key file, or creates it. Refuses a file that is too short or readable by others.
  static Result<Pseudonymiser> open(const std::filesystem::path& key_file, std::string_view domain,
                                    MissingKey missing = MissingKey::create);
  // For tests and dry runs: a key that is given.
  Pseudonymiser(std::string_view key, std::string_view domain);

  // Tells keys apart and gives nothing of them away: 32 hexadecimal digits.
  std::string key_check() const;

  // The text is lower-cased (ASCII) first. The view stays valid until the next call.
  std::string_view pseudonym(std::string_view person);
  // Forgets whom it has seen. Pseudonyms stay the same.
  void clear_cache();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::string key_;          // of the domain
  std::string lower_cased_;  // reused between calls
  // Bounded: cleared when full.
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> cache_;
};

}  // namespace baselined::records
