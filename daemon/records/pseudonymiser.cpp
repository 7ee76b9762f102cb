#include "daemon/records/pseudonymiser.h"

#include "daemon/base/digest.h"

namespace baselined::records {
namespace {

constexpr std::size_t kMaxCached = 4096;
constexpr std::size_t kMaxCachedBytes = 256;  // of one person's text
constexpr std::size_t kPseudonymDigits = 32;

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

Result<Pseudonymiser> Pseudonymiser::open(const std::filesystem::path& key_file,
                                          std::string_view domain, MissingKey missing) {
  BL_TRY(const std::string key, read_key(key_file, missing));
  return Pseudonymiser(key, domain);
}

Pseudonymiser::Pseudonymiser(std::string_view key, std::string_view domain)
    : key_(bytes_of(hmac_sha256(key, domain))) {}

std::string Pseudonymiser::key_check() const {
  // No person's text begins with a zero byte.
  constexpr std::string_view kText("\0key check", 10);
  return to_hex(hmac_sha256(key_, kText)).substr(0, kPseudonymDigits);
}

std::string_view Pseudonymiser::pseudonym(std::string_view person) {
  lower_cased_.assign(person);
  for (char& c : lower_cased_) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  const auto known = cache_.find(std::string_view(lower_cased_));
  if (known != cache_.end()) {
    return known->second;
  }
  std::string fresh = to_hex(hmac_sha256(key_, lower_cased_)).substr(0, kPseudonymDigits);
  if (lower_cased_.size() > kMaxCachedBytes) {
    lower_cased_ = std::move(fresh);  // kept alive until the next call
    return lower_cased_;
  }
  if (cache_.size() >= kMaxCached) {
    cache_.clear();
  }
  return cache_.emplace(lower_cased_, std::move(fresh)).first->second;
}

void Pseudonymiser::clear_cache() { decltype(cache_)().swap(cache_); }

}  // namespace baselined::records
