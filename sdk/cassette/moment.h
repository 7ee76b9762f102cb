// A point in time as RFC 3339, "2026-03-01T08:00:00.25Z". Internal to the cassette library.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baselined::cassette {

std::string moment_text(std::int64_t us);  // microseconds since 1970, UTC
// Nothing where it is not exactly what moment_text writes.
std::optional<std::int64_t> parse_moment(std::string_view text);

}  // namespace baselined::cassette
