// Points in time are UTC microseconds; calendar days exist only in a TimeZone.
//
// Text forms: RFC 3339 ("2026-03-01T08:00:00Z", an offset is accepted), a local date
// ("2026-03-01"), and durations as in Prometheus ("90s", "15m", "6h", "28d", "2w", "1h30m").
// Threads: values; a TimeZone is immutable and may be shared.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace date {
class time_zone;
}

namespace baselined {

using Microseconds = std::chrono::microseconds;
using UtcTime = std::chrono::sys_time<Microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using LocalDate = std::chrono::local_days;  // a calendar day, without a zone

inline std::int64_t to_us(UtcTime time) { return time.time_since_epoch().count(); }
inline UtcTime from_us(std::int64_t us) { return UtcTime(Microseconds(us)); }

// "2026-03-01T08:00:00Z", with a fraction only where there is one.
std::string format_rfc3339(UtcTime time);
Result<UtcTime> parse_rfc3339(std::string_view text);

std::string format_date(LocalDate date);
Result<LocalDate> parse_date(std::string_view text);

Result<Microseconds> parse_duration(std::string_view text);
// The largest units first, at most two of them: "2d 3h", "4m 10s", "350ms".
std::string format_duration(Microseconds duration);

// A zone of the tz database, for cutting days. Days of 23 and 25 hours are handled; a midnight
// that a clock change skips starts the day at the first instant that exists.
class TimeZone {
 public:
  // Unknown name, or one that stands for whatever this machine is set to ("localtime"): config
  // error.
  static Result<TimeZone> find(const std::string& name);
  static TimeZone utc();
  // All names that find() accepts, sorted; only UTC where there is no tz database.
  static std::vector<std::string> names();

  const std::string& name() const { return name_; }
  LocalDate day_of(UtcTime time) const;
  UtcTime start_of(LocalDate day) const;  // UtcTime::min() where it would be before that

 private:
  TimeZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_;
  const date::time_zone* zone_;  // nullptr is UTC, which needs no database
};

// The seam for time, so that tests decide what time it is.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  UtcTime now() const override;
  SteadyTime steady_now() const override;
};

}  // namespace baselined
