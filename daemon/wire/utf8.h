// Is this text UTF-8? As RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined::wire {

bool is_utf8(std::string_view text);

// The longest prefix of at most max_bytes that does not cut a character in two.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

// The text, with every byte that is not UTF-8 replaced by '?'.
std::string to_utf8(std::string_view text);

}  // namespace baselined::wire
