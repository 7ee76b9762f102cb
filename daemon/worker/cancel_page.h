// The cancel flag: one byte that the daemon writes and this process only reads.
//
// It is the first byte of a memory file, mapped read-only, so that asking costs one load and any
// thread of a plugin may ask.
// Ownership: owns the mapping; the descriptor is the caller's and may be closed after open().
// Threads: is_set() from any thread.
#pragma once

#include "daemon/base/result.h"

namespace baselined::worker {

class CancelPage {
 public:
  // Errors: internal, for a descriptor that is no file of at least one byte.
  static Result<CancelPage> open(int descriptor);
  CancelPage(CancelPage&& other) noexcept;
  CancelPage& operator=(CancelPage&&) = delete;
  ~CancelPage();

  bool is_set() const { return __atomic_load_n(byte_, __ATOMIC_RELAXED) != 0; }

 private:
  explicit CancelPage(const unsigned char* byte) : byte_(byte) {}

  const unsigned char* byte_;
};

}  // namespace baselined::worker
