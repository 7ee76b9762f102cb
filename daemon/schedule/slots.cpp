#include "daemon/schedule/slots.h"

#include <algorithm>

#include "daemon/base/digest.h"

namespace baselined::schedule {
namespace {

// The first eight bytes of SHA-256: the same on every machine and in every version.
std::uint64_t hash_of(std::string_view name) {
  const Digest digest = sha256(name);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    hash = hash << 8U | digest[i];
  }
  return hash;
}

}  // namespace

Slots::Slots(std::string_view name, Microseconds every)
    : every_(std::clamp<Microseconds>(every, std::chrono::seconds(1), std::chrono::days(366))),
      offset_(
          static_cast<std::int64_t>(hash_of(name) % static_cast<std::uint64_t>(every_.count()))) {}

std::int64_t Slots::index_at(SteadyTime time) const {
  const std::int64_t position =
      std::chrono::floor<Microseconds>(time.time_since_epoch()).count() - offset_.count();
  const std::int64_t index = position / every_.count();
  return position % every_.count() < 0 ? index - 1 : index;
}

SteadyTime Slots::after(SteadyTime time) const {
  return SteadyTime(offset_ + every_ * (index_at(time) + 1));
}

std::uint64_t Slots::between(SteadyTime from, SteadyTime to) const {
  return to <= from ? 0 : static_cast<std::uint64_t>(index_at(to) - index_at(from));
}

}  // namespace baselined::schedule
