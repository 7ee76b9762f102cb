#include "moment.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace baselined::cassette {
namespace {

constexpr std::string_view kForm = "0000-00-00T00:00:00";

std::int64_t number_at(std::string_view text, std::size_t at, std::size_t size) {
  std::int64_t number = 0;
  std::from_chars(text.data() + at, text.data() + at + size, number);
  return number;
}

}  // namespace

std::string moment_text(std::int64_t us) {
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> time{microseconds(us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<microseconds> clock(time - day);
  char text[64];
  const int size = std::snprintf(
      text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string out(text, static_cast<std::size_t>(size));
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::string digits = std::to_string(1'000'000 + fraction);
    digits[0] = '.';
    out += digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return out + "Z";
}

std::optional<std::int64_t> parse_moment(std::string_view text) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  if (text.size() <= kForm.size()) {
    return std::nullopt;
  }
  const auto part = [&](std::size_t at) { return static_cast<int>(number_at(text, at, 2)); };
  const year_month_day date(year(static_cast<int>(number_at(text, 0, 4))),
                            month(static_cast<unsigned>(part(5))),
                            day(static_cast<unsigned>(part(8))));
  if (!date.ok()) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  if (text[kForm.size()] == '.') {
    std::string digits(text.substr(kForm.size() + 1));
    digits.resize(6, '0');
    fraction = number_at(digits.substr(0, digits.find('Z')) + "000000", 0, 6);
  }
  const auto time = sys_days(date) + hours(part(11)) + minutes(part(14)) + seconds(part(17)) +
                    microseconds(fraction);
  const std::int64_t us = duration_cast<microseconds>(time.time_since_epoch()).count();
  if (moment_text(us) != text) {
    return std::nullopt;
  }
  return us;
}

}  // namespace baselined::cassette
