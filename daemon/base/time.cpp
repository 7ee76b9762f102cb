#include "daemon/base/time.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace baselined {
namespace {

using std::chrono::floor;

struct Unit {
  std::string_view suffix;
  Microseconds length;
};

constexpr std::array<Unit, 7> kUnits = {{
    {"w", std::chrono::weeks(1)},
    {"d", std::chrono::days(1)},
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", std::chrono::seconds(1)},
    {"ms", std::chrono::milliseconds(1)},
    {"us", Microseconds(1)},
}};

constexpr Microseconds kSecond = std::chrono::seconds(1);
constexpr std::chrono::days k400Years(146'097);
constexpr auto kEarliest = std::chrono::ceil<std::chrono::seconds>(Microseconds::min());

Error bad_time(std::string_view text) {
  return {Error::Code::config,
          fmt::format("'{}' is not a time such as 2026-03-01T08:00:00Z", text)};
}

// Exactly `width` digits at `at`, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<LocalDate> date_at_start(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const std::chrono::year_month_day ymd(std::chrono::year(*year),
                                        std::chrono::month(static_cast<unsigned>(*month)),
                                        std::chrono::day(static_cast<unsigned>(*day)));
  if (!ymd.ok()) {
    return std::nullopt;
  }
  return LocalDate(ymd);
}

// Reads ".123456"; advances `at`, but not for a point without digits. Digits beyond microseconds
// are cut.
Microseconds fraction(std::string_view text, std::size_t& at) {
  std::int64_t us = 0;
  std::int64_t scale = 100'000;
  if (!digits(text, at + 1, 1)) {
    return Microseconds(0);
  }
  ++at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    us += (text[at] - '0') * scale;
    scale /= 10;
    ++at;
  }
  return Microseconds(us);
}

// Reads "Z" or "+01:00" to the end of the text.
std::optional<std::chrono::minutes> offset(std::string_view text) {
  if (text == "Z" || text == "z") {
    return std::chrono::minutes(0);
  }
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' || !hours ||
      !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes total(*hours * 60 + *minutes);
  return text[0] == '-' ? -total : total;
}

// Names in the folder of the tz database that stand for what a machine was set to, or for nothing.
bool is_stand_in(const std::string& name) {
  return name == "localtime" || name == "posixrules" || name == "Factory";
}

}  // namespace

std::string format_rfc3339(UtcTime time) {
  const auto second = floor<std::chrono::seconds>(time);
  const auto day = floor<std::chrono::days>(second);
  const std::chrono::hh_mm_ss clock(second - day);
  std::string text =
      fmt::format("{}T{:02}:{:02}:{:02}", format_date(LocalDate(day.time_since_epoch())),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto part = (time.time_since_epoch() % kSecond + kSecond) % kSecond;
  if (part.count() != 0) {
    text += fmt::format(".{:06}", part.count());
  }
  return text + "Z";
}

Result<UtcTime> parse_rfc3339(std::string_view text) {
  const auto date = date_at_start(text);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!date || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60 ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':') {
    return bad_time(text);
  }
  std::size_t at = 19;
  const Microseconds part =
      at < text.size() && text[at] == '.' ? fraction(text, at) : Microseconds(0);
  const auto zone = offset(text.substr(at));
  if (!zone) {
    return bad_time(text);
  }
  return UtcTime(date->time_since_epoch()) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + part - *zone;
}

std::string format_date(LocalDate date) {
  // A std::chrono::year ends at 32767, a UtcTime ten times later. Dates repeat every 400 years.
  const auto cycles = date.time_since_epoch() / k400Years;
  const std::chrono::year_month_day ymd(date - cycles * k400Years);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()) + 400 * cycles,
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

Result<LocalDate> parse_date(std::string_view text) {
  if (text.size() == 10) {
    if (const auto date = date_at_start(text)) {
      return *date;
    }
  }
  return Error(Error::Code::config, fmt::format("'{}' is not a date such as 2026-03-01", text));
}

Result<Microseconds> parse_duration(std::string_view text) {
  const Error wrong(Error::Code::config,
                    fmt::format("'{}' is not a duration such as 90s, 15m, 6h, 28d or 1h30m", text));
  std::string_view rest = text;
  Microseconds total(0);
  if (rest.empty()) {
    return wrong;
  }
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (failure != std::errc() || number < 0) {
      return wrong;
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view suffix =
        rest.substr(0, std::min(rest.size(), rest.find_first_of("0123456789")));
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      unit = candidate.suffix == suffix ? &candidate : unit;
    }
    std::int64_t part = 0;
    std::int64_t sum = 0;
    if (unit == nullptr || __builtin_mul_overflow(number, unit->length.count(), &part) ||
        __builtin_add_overflow(total.count(), part, &sum)) {
      return wrong;
    }
    total = Microseconds(sum);
    rest.remove_prefix(suffix.size());
  }
  return total;
}

std::string format_duration(Microseconds duration) {
  if (duration.count() < 0) {
    duration = std::max(duration, -Microseconds::max());  // the least number has no opposite
    return "-" + format_duration(-duration);
  }
  std::string text;
  int parts = 0;
  for (const Unit& unit : kUnits) {
    if (unit.suffix == "w") {
      continue;  // "21d" reads better beside "28d" than "3w"
    }
    const auto count = duration / unit.length;
    if (count != 0) {
      text += fmt::format("{}{}{}", parts == 0 ? "" : " ", count, unit.suffix);
      duration -= count * unit.length;
      ++parts;
    }
    if (parts == 2 || (parts == 1 && count == 0)) {
      break;
    }
  }
  return text.empty() ? "0s" : text;
}

Result<TimeZone> TimeZone::find(const std::string& name) {
  if (name == "UTC") {
    return utc();
  }
  if (is_stand_in(name)) {
    return Error(Error::Code::config,
                 fmt::format("'{}' does not say which zone is meant, so that days would be cut "
                             "differently on another machine; name a zone such as "
                             "\"Europe/Amsterdam\"",
                             name));
  }
  try {
    return TimeZone(name, date::locate_zone(name));
  } catch (const std::exception&) {
    return Error(Error::Code::config,
                 fmt::format("'{}' is not a time zone of the tz database (package tzdata), such as "
                             "Europe/Amsterdam",
                             name));
  }
}

TimeZone TimeZone::utc() { return {"UTC", nullptr}; }

std::vector<std::string> TimeZone::names() {
  std::vector<std::string> found = {"UTC"};
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) {
      found.push_back(zone.name());
    }
  } catch (const std::exception&) {
    return found;
  }
  std::erase_if(found, is_stand_in);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

LocalDate TimeZone::day_of(UtcTime time) const {
  if (zone_ == nullptr) {
    return LocalDate(floor<std::chrono::days>(time).time_since_epoch());
  }
  const auto seconds = floor<std::chrono::seconds>(time);
  const auto shifted = seconds + zone_->get_info(seconds).offset;
  return LocalDate(floor<std::chrono::days>(shifted).time_since_epoch());
}

UtcTime TimeZone::start_of(LocalDate day) const {
  std::chrono::seconds start(day.time_since_epoch());
  if (zone_ != nullptr) {
    const date::local_seconds midnight(start);
    start = zone_->to_sys(midnight, date::choose::earliest).time_since_epoch();
  }
  return start < kEarliest ? UtcTime::min() : UtcTime(start);
}

UtcTime SystemClock::now() const {
  return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

}  // namespace baselined
