// A staged frame is: u8 type | u32 length (in the order of this machine) | payload.
#include "daemon/host/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace baselined::host {
namespace {

constexpr std::size_t kRecordHeaderBytes = 1 + sizeof(std::uint32_t);
constexpr std::size_t kMaxRecordBytes = kRecordHeaderBytes + wire::kMaxPayloadBytes;
// Twice what the store asks for before a run begins.
constexpr std::uint64_t kKeptFreeBytes = 32'000'000;
constexpr std::size_t kReadBytes = 2 * kMaxRecordBytes;

Error disk_error(std::string_view what, const std::filesystem::path& directory) {
  const bool is_full = errno == ENOSPC || errno == EDQUOT;
  return {is_full ? Error::Code::disk_full : Error::Code::transient,
          fmt::format("cannot {} a staging file in {}: {}", what, directory.string(),
                      std::strerror(errno))};
}

// Gives whole records to on_frame; what is left over at the end is not consumed.
Result<std::size_t> give_records(std::string_view bytes, const Staging::OnFrame& on_frame) {
  std::size_t at = 0;
  while (bytes.size() - at >= kRecordHeaderBytes) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at + 1, sizeof(length));
    if (bytes.size() - at - kRecordHeaderBytes < length) {
      break;
    }
    const auto type = static_cast<wire::FrameType>(static_cast<unsigned char>(bytes[at]));
    BL_CHECK(on_frame(type, bytes.substr(at + kRecordHeaderBytes, length)));
    at += kRecordHeaderBytes + length;
  }
  return at;
}

}  // namespace

Staging::Staging(std::filesystem::path directory, std::size_t memory_bytes)
    : directory_(std::move(directory)),
      memory_bytes_(std::max(memory_bytes, std::size_t{1})),
      capacity_(memory_bytes_ + kMaxRecordBytes) {}

Staging::~Staging() {
  if (memory_ != nullptr) {
    ::munmap(memory_, capacity_);
  }
}

// Not from the heap, so that an idle daemon gives it back.
Status Staging::map_memory() {
  void* memory = ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {  // NOLINT(performance-no-int-to-ptr)
    return Error(Error::Code::transient, "no memory to stage rows");
  }
  memory_ = static_cast<char*>(memory);
  return {};
}

Status Staging::append(wire::FrameType type, std::string_view payload) {
  BL_ASSERT(!is_full() && payload.size() <= wire::kMaxPayloadBytes);
  if (memory_ == nullptr) {
    BL_CHECK(map_memory());
  }
  const auto length = static_cast<std::uint32_t>(payload.size());
  char* record = memory_ + used_;
  record[0] = static_cast<char>(type);
  std::memcpy(record + 1, &length, sizeof(length));
  std::copy(payload.begin(), payload.end(), record + kRecordHeaderBytes);
  used_ += kRecordHeaderBytes + payload.size();
  return {};
}

Status Staging::open_file() {
  file_ = Descriptor(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file_.is_open()) {
    return {};
  }
  if (errno != EOPNOTSUPP && errno != EISDIR) {
    return disk_error("create", directory_);
  }
  // A file system without O_TMPFILE.
  std::string name = (directory_ / "staging-XXXXXX").string();
  file_ = Descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (!file_.is_open() || ::unlink(name.c_str()) != 0) {
    return disk_error("create", directory_);
  }
  return {};
}

// A run may be large; what others need to go on is not its to take.
Status Staging::check_space() const {
  struct statvfs disk {};
  if (::fstatvfs(file_.get(), &disk) != 0) {
    return {};  // what cannot be asked is found when it is written
  }
  const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::uint64_t kept = std::min(kKeptFreeBytes, disk.f_blocks * disk.f_frsize / 8);
  if (free_bytes >= used_ + kept) {
    return {};
  }
  return Error(
      Error::Code::disk_full,
      fmt::format("cannot write a staging file in {}: the rows of this run, {:.0f} MB so far, "
                  "would leave less than {:.0f} MB free. Free some space",
                  directory_.string(), static_cast<double>(file_bytes_ + used_) / 1e6,
                  static_cast<double>(kept) / 1e6));
}

Status Staging::spill() {
  if (!file_.is_open()) {
    BL_CHECK(open_file());
  }
  BL_CHECK(check_space());
  std::size_t written = 0;
  while (written < used_) {
    const ssize_t count = ::pwrite(file_.get(), memory_ + written, used_ - written,
                                   static_cast<off_t>(file_bytes_ + written));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return disk_error("write", directory_);
    }
    written += static_cast<std::size_t>(count);
  }
  file_bytes_ += used_;
  used_ = 0;
  return {};
}

Status Staging::replay(const OnFrame& on_frame) const {
  std::string block;
  std::uint64_t read = 0;
  while (read < file_bytes_) {
    const std::size_t kept = block.size();
    const std::uint64_t wanted = std::min<std::uint64_t>(kReadBytes - kept, file_bytes_ - read);
    block.resize(kept + wanted);
    const ssize_t count =
        ::pread(file_.get(), block.data() + kept, wanted, static_cast<off_t>(read));
    if (count < 0 && errno == EINTR) {
      block.resize(kept);
      continue;
    }
    if (count <= 0) {
      return disk_error("read", directory_);
    }
    read += static_cast<std::uint64_t>(count);
    block.resize(kept + static_cast<std::size_t>(count));
    BL_TRY(const std::size_t consumed, give_records(block, on_frame));
    block.erase(0, consumed);
  }
  if (!block.empty()) {
    return Error(Error::Code::internal, "the staging file ends in the middle of a frame");
  }
  BL_TRY(const std::size_t consumed, give_records({memory_, used_}, on_frame));
  BL_ASSERT(consumed == used_);
  return {};
}

void Staging::clear() {
  used_ = 0;
  file_bytes_ = 0;
  file_.close();
}

}  // namespace baselined::host
