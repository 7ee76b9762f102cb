// Base64 with padding (RFC 4648, section 4). Internal to the cassette library.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baselined::cassette {

std::string to_base64(std::string_view bytes);
// Nothing where it is not exactly what to_base64 writes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace baselined::cassette
