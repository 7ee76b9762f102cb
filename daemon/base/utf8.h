// Is this text UTF-8? As RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined {

bool is_utf8(std::string_view text);

// The text as UTF-8 of at most max_bytes: each byte that is none becomes U+FFFD, and no character
// is cut in two.
std::string clean_utf8(std::string_view text, std::size_t max_bytes = std::string_view::npos);

}  // namespace baselined
