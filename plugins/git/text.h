// Text for the host: valid UTF-8, whatever bytes a repository holds. Pure functions.
#pragma once

#include <git2.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace baselined::git {

// Other text for other bytes. Valid UTF-8 comes back unchanged, and a byte that is no part of it as
// \xE9; only a backslash that would begin such a text becomes \x5C, so that it stays different.
std::string make_utf8(std::string_view bytes);

// What make_utf8() made this of.
std::string original_bytes(std::string_view text);

// ASCII letters only, so that the answer does not depend on a locale.
std::string lower_ascii(std::string text);

// 40 hexadecimal digits.
std::string to_hex(const git_oid& id);

// 40 hexadecimal digits that stand for the bytes: equal for equal bytes only, in practice.
std::string fingerprint(std::string_view bytes);

// The UTC date of a time in seconds since 1970, as 2024-01-31.
std::string to_date(std::int64_t seconds);

}  // namespace baselined::git
