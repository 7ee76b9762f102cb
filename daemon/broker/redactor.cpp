#include "daemon/broker/redactor.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace baselined::broker {
namespace {

constexpr std::size_t kMaxPassing = 256;
constexpr std::string_view kMask = "***";

// Case does not count: the name of a host is written in lower case, and hexadecimal in either.
constexpr std::array<unsigned char, 256> kFold = [] {
  std::array<unsigned char, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    const bool is_upper = byte >= 'A' && byte <= 'Z';
    table.at(byte) = static_cast<unsigned char>(is_upper ? byte - 'A' + 'a' : byte);
  }
  return table;
}();

unsigned char folded(char c) { return kFold[static_cast<unsigned char>(c)]; }

std::size_t pair_at(std::string_view text, std::size_t at) {
  return std::size_t{folded(text[at])} << 8U | folded(text[at + 1]);
}

std::uint32_t start_of(std::string_view text) {
  return static_cast<std::uint32_t>(pair_at(text, 0) << 16U | pair_at(text, 2));
}

bool starts_with(std::string_view text, std::string_view form) {
  return text.size() >= form.size() &&
         std::equal(form.begin(), form.end(), text.begin(),
                    [](char a, char b) { return folded(a) == folded(b); });
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

class Forms {
 public:
  void add(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return static_cast<char>(folded(c)); });
    const bool is_new = std::none_of(forms_.begin(), forms_.end(),
                                     [&text](const Secret& form) { return form.reveal() == text; });
    if (text.size() >= kShortestRedacted && is_new) {
      forms_.emplace_back(text);
    }
    cleanse(text);
  }
  std::vector<Secret> take() { return std::move(forms_); }

 private:
  std::vector<Secret> forms_;
};

// The characters of base64 that the secret alone decides when `before` bytes precede it.
std::string base64_inside(std::string_view secret, std::size_t before) {
  std::string padded(before, '\0');
  padded.reserve(before + secret.size());
  padded.append(secret);
  std::string encoded = to_base64(padded);
  cleanse(padded);
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t end = (before + secret.size()) * 8 / 6;
  std::string inside = encoded.substr(first, end - first);
  cleanse(encoded);
  return inside;
}

std::string url_encoded(std::string_view secret, bool plus) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(secret.size() * 3);
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      text += c;
    } else if (c == ' ' && plus) {
      text += '+';
    } else {
      text += '%';
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 0xfU];
    }
  }
  return text;
}

std::string json_escaped(std::string_view secret, bool slash) {
  std::string text;
  text.reserve(secret.size() * 2);
  for (const char c : secret) {
    if (c == '"' || c == '\\' || (slash && c == '/')) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

}  // namespace

std::vector<Secret> redacted_forms(std::string_view secret) {
  Forms forms;
  if (secret.size() < kShortestRedacted) {
    return {};
  }
  forms.add(std::string(secret));
  for (const std::size_t before : {0U, 1U, 2U}) {
    std::string standard = base64_inside(secret, before);
    std::string for_urls = standard;
    std::replace(for_urls.begin(), for_urls.end(), '+', '-');
    std::replace(for_urls.begin(), for_urls.end(), '/', '_');
    forms.add(url_encoded(standard, false));
    forms.add(std::move(standard));
    forms.add(std::move(for_urls));
  }
  forms.add(to_hex(secret));
  forms.add(url_encoded(secret, false));
  forms.add(url_encoded(secret, true));
  forms.add(json_escaped(secret, false));
  forms.add(json_escaped(secret, true));
  return forms.take();
}

void Redactor::add(std::string_view secret) {
  const std::unique_lock lock(mutex_);
  if (known_.insert(sha256(secret)).second) {
    insert(secret);
  }
}

void Redactor::add_passing(std::string_view secret) {
  const std::unique_lock lock(mutex_);
  const Digest digest = sha256(secret);
  if (!known_.insert(digest).second) {
    return;
  }
  if (passing_.size() == kMaxPassing) {
    remove(passing_.front().places);
    known_.erase(passing_.front().digest);
    passing_.pop_front();
  }
  passing_.push_back({digest, insert(secret)});
}

std::vector<std::size_t> Redactor::insert(std::string_view secret) {
  std::vector<std::size_t> places;
  for (Secret& form : redacted_forms(secret)) {
    if (free_.empty()) {
      free_.push_back(patterns_.size());
      patterns_.emplace_back();
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    by_start_[start_of(form.reveal())].push_back(place);
    ++starts_[pair_at(form.reveal(), 0)];
    patterns_[place] = std::move(form);
    places.push_back(place);
  }
  return places;
}

void Redactor::remove(const std::vector<std::size_t>& places) {
  for (const std::size_t place : places) {
    const auto bucket = by_start_.find(start_of(patterns_[place].reveal()));
    std::erase(bucket->second, place);
    if (bucket->second.empty()) {
      by_start_.erase(bucket);
    }
    --starts_[pair_at(patterns_[place].reveal(), 0)];
    patterns_[place] = Secret();
    free_.push_back(place);
  }
}

std::size_t Redactor::longest_at(std::string_view text) const {
  const auto bucket = by_start_.find(start_of(text));
  std::size_t longest = 0;
  if (bucket != by_start_.end()) {
    for (const std::size_t place : bucket->second) {
      const std::string_view form = patterns_[place].reveal();
      if (form.size() > longest && starts_with(text, form)) {
        longest = form.size();
      }
    }
  }
  return longest;
}

// Overlapping matches become one mask, so that no end of a secret shows beside another.
std::string Redactor::redact(std::string_view text) const {
  const std::shared_lock lock(mutex_);
  std::string result;
  std::size_t done = 0;  // copied or masked
  for (std::size_t i = 0; i + sizeof(std::uint32_t) <= text.size(); ++i) {
    if (starts_[pair_at(text, i)] == 0) {
      continue;
    }
    const std::size_t size = longest_at(text.substr(i));
    if (size > 0 && i >= done) {
      result.append(text.substr(done, i - done)).append(kMask);
    }
    done = size > 0 ? std::max(done, i + size) : done;
  }
  return result.append(text.substr(done));
}

}  // namespace baselined::broker
