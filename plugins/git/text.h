// Text for the host: valid UTF-8, whatever bytes a repository holds. Pure functions.
#pragma once

#include <git2.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace baselined::git {

// Every byte that is no part of valid UTF-8 becomes U+FFFD. Valid text comes back unchanged.
std::string make_utf8(std::string_view bytes);

// ASCII letters only, so that the answer does not depend on a locale.
std::string lower_ascii(std::string text);

// 40 hexadecimal digits.
std::string to_hex(const git_oid& id);

// 40 hexadecimal digits that stand for the bytes: equal for equal bytes only, in practice.
std::string fingerprint(std::string_view bytes);

// The UTC date of a time in seconds since 1970, as 2024-01-31.
std::string to_date(std::int64_t seconds);

}  // namespace baselined::git
