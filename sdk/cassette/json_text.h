// The little JSON that golden files and cassettes need. Internal to the libraries of the SDK, which
// impose no JSON library on anyone.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined::sdk {

// Quoted and escaped; bytes outside ASCII are copied.
std::string json_string(std::string_view text);
std::string json_number(double value);
std::string hex(std::string_view bytes);
bool is_utf8(std::string_view text);

}  // namespace baselined::sdk
