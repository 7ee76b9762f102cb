// Every way to damage a sample a little: a decoder must answer each with a value or an error. Under
// the sanitizers this also proves that it reads nothing else.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace baselined::wire {

// Decodes a copy that ends exactly where the bytes end, so that one byte too far is caught.
template <class Decode>
void decode_tightly(std::string_view bytes, const Decode& decode) {
  const std::unique_ptr<char[]> copy(new char[bytes.size() + (bytes.empty() ? 1 : 0)]);
  bytes.copy(copy.get(), bytes.size());
  decode(std::string_view(copy.get(), bytes.size()));
}

template <class Decode>
void for_each_truncation(const std::string& sample, const Decode& decode) {
  for (std::size_t size = 0; size < sample.size(); ++size) {
    decode_tightly(std::string_view(sample).substr(0, size), decode);
  }
}

template <class Decode>
void for_each_changed_byte(const std::string& sample, const Decode& decode) {
  for (std::size_t at = 0; at < sample.size(); ++at) {
    std::string damaged = sample;
    for (int value = 0; value < 256; ++value) {
      damaged[at] = static_cast<char>(value);
      decode_tightly(damaged, decode);
    }
  }
}

}  // namespace baselined::wire
