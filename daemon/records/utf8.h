// Is a text valid UTF-8? No overlong forms, no surrogates, nothing above U+10FFFF.
// Threads: pure function.
#pragma once

#include <string_view>

namespace baselined::records {

bool is_utf8(std::string_view text);

}  // namespace baselined::records
