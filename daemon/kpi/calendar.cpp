#include "daemon/kpi/calendar.h"

#include <fmt/format.h>

#include <charconv>

namespace baselined::kpi {
namespace {

using std::chrono::days;

// More than a hundred years is a mistake, and keeps arithmetic on days far from its limits.
constexpr int kMostDays = 36'600;
constexpr days kWeek(7);

bool is_midnight(UtcTime time, const TimeZone& zone) {
  return zone.start_of(zone.day_of(time)) == time;
}

Result<UtcTime> parse_edge(std::string_view text, const TimeZone& zone) {
  if (const Result<LocalDate> date = parse_date(text)) {
    return zone.start_of(*date);
  }
  if (const Result<UtcTime> time = parse_rfc3339(text)) {
    return *time;
  }
  return Error(Error::Code::config, fmt::format("'{}' is neither a date such as 2026-03-01 nor a "
                                                "time such as 2026-03-01T08:00:00Z",
                                                text));
}

}  // namespace

Result<Window> last_days(std::string_view name, UtcTime now, const TimeZone& zone) {
  int count = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, failure] = std::from_chars(name.data(), end, count);
  if (failure != std::errc() || end - rest != 1 || *rest != 'd' || count < 1 || count > kMostDays) {
    return Error(
        Error::Code::config,
        fmt::format("'{}' is not a window such as 7d, 28d or 91d (1 to {} days)", name, kMostDays));
  }
  const LocalDate today = zone.day_of(now);
  return Window{std::string(name), zone.start_of(today - days(count)), zone.start_of(today)};
}

Result<Window> explicit_window(std::string_view from, std::string_view to, const TimeZone& zone) {
  BL_TRY(const UtcTime begin, parse_edge(from, zone));
  BL_TRY(const UtcTime end, parse_edge(to, zone));
  if (begin >= end) {
    return Error(Error::Code::config,
                 fmt::format("the window from '{}' to '{}' is empty: 'from' must be earlier than "
                             "'to', which itself is not included",
                             from, to));
  }
  return Window{"", begin, end};
}

double exposure_days(UtcTime from, UtcTime to, const TimeZone& zone) {
  if (is_midnight(from, zone) && is_midnight(to, zone)) {
    return static_cast<double>((zone.day_of(to) - zone.day_of(from)).count());
  }
  return std::chrono::duration<double, days::period>(to - from).count();
}

std::vector<LocalDate> complete_weeks(UtcTime from, UtcTime to, const TimeZone& zone) {
  std::vector<LocalDate> mondays;
  if (from >= to) {
    return mondays;
  }
  LocalDate day = zone.day_of(from);
  if (zone.start_of(day) < from) {
    day += days(1);
  }
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();  // Monday is 1
  LocalDate monday = day + days((8 - weekday) % 7);
  while (zone.start_of(monday + kWeek) <= to) {
    mondays.push_back(monday);
    monday += kWeek;
  }
  return mondays;
}

}  // namespace baselined::kpi
