#include "daemon/records/record_sink.h"

namespace baselined::records {

Counts& Counts::operator+=(const Counts& other) {
  rows += other.rows;
  inserted += other.inserted;
  updated += other.updated;
  removed += other.removed;
  unchanged += other.unchanged;
  return *this;
}

}  // namespace baselined::records
