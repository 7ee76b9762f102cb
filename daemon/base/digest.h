// SHA-256 and HMAC-SHA-256 (OpenSSL's libcrypto), bytes as text, and wiping what was secret.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baselined {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

// Lower case, two digits per byte.
std::string to_hex(std::string_view bytes);
std::string to_hex(const Digest& digest);

// With '+' and '/', padded.
std::string to_base64(std::string_view bytes);

// Overwrites; no compiler leaves it out. Of a string: all it has allocated, and it is empty then.
void cleanse(void* bytes, std::size_t size);
void cleanse(std::string& text);

}  // namespace baselined
