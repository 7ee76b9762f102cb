// Staging: the frames of the open barrier, in order, until the commit replays them.
//
// Frames gather in a region of memory; when it is full it goes to the end of an unlinked file.
// So a barrier of any size costs a bounded amount of memory, and what was staged vanishes with the
// process.
// Ownership: memory and file belong to the run; both are given back to the system at its end.
// Threads: one thread at a time. append() never blocks; spill(), replay() and clear() touch the
// disk and belong on the writer's thread.
// Errors: transient when memory is short or the disk fails, disk_full.
//
//   BL_CHECK(staging.append(type, payload));
//   if (staging.is_full()) BL_CHECK(staging.spill());
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/host/descriptor.h"
#include "daemon/wire/frame.h"

namespace baselined::host {

class Staging {
 public:
  using OnFrame = std::function<Status(wire::FrameType, std::string_view)>;

  Staging(std::filesystem::path directory, std::size_t memory_bytes);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  // Must not be full.
  Status append(wire::FrameType type, std::string_view payload);
  bool is_full() const { return used_ >= memory_bytes_; }
  // Moves what is in memory to the file.
  Status spill();

  // Every frame in the order of append; stops at the first error. The payload is valid during the
  // call only.
  Status replay(const OnFrame& on_frame) const;
  void clear();

  std::uint64_t file_bytes() const { return file_bytes_; }

 private:
  Status map_memory();
  Status open_file();
  Status check_space() const;

  std::filesystem::path directory_;
  std::size_t memory_bytes_;
  std::size_t capacity_;  // one frame more than memory_bytes_
  char* memory_ = nullptr;
  std::size_t used_ = 0;
  Descriptor file_;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace baselined::host
