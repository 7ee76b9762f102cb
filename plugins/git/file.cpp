#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace baselined::git {
namespace {

constexpr std::size_t kChunkBytes = 4096;

class File {
 public:
  explicit File(const std::string& path)
      : handle_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle_ >= 0) {
      ::close(handle_);
    }
  }
  int handle() const { return handle_; }

 private:
  int handle_;
};

// False when it does not exist.
bool is_regular_file(const std::string& path, std::uint64_t& size) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOTDIR) {
      return false;
    }
    if (errno != ENOENT) {
      throw Unreadable(errno);
    }
    if (::lstat(path.c_str(), &status) == 0) {
      throw Unreadable("is a link to nothing");
    }
    return false;
  }
  if (!S_ISREG(status.st_mode)) {
    throw Unreadable("is not a regular file");
  }
  size = static_cast<std::uint64_t>(status.st_size);
  return true;
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] void refuse(std::uint64_t size, std::size_t limit) {
  throw Unreadable("is " + std::to_string(size) + " bytes long, of at most " +
                   std::to_string(limit));
}

// Up to so many bytes; size is what to expect.
std::optional<std::string> read(const std::string& path, std::uint64_t size, std::size_t limit) {
  const File file(path);
  if (file.handle() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::nullopt;
    }
    throw Unreadable(errno);
  }
  std::string text;
  std::size_t length = 0;
  while (length < limit) {
    if (length == text.size()) {
      const std::uint64_t wanted = std::max<std::uint64_t>(size + 1, length + kChunkBytes);
      text.resize(static_cast<std::size_t>(std::min<std::uint64_t>(limit, wanted)));
    }
    const ssize_t count = ::read(file.handle(), text.data() + length, text.size() - length);
    if (count < 0 && errno != EINTR) {
      throw Unreadable(errno);
    }
    if (count == 0) {
      break;
    }
    length += count < 0 ? 0U : static_cast<std::size_t>(count);
  }
  text.resize(length);
  return text;
}

}  // namespace

Unreadable::Unreadable(int error)
    : GitError("cannot be read (" + std::generic_category().message(error) + ")"),
      is_denied_(error == EACCES || error == EPERM) {}

std::string_view Unreadable::advice(std::string_view otherwise) const {
  return is_denied_ ? kHowToPermit : otherwise;
}

std::optional<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  std::uint64_t size = 0;
  if (!is_regular_file(path, size)) {
    return std::nullopt;
  }
  if (size > limit_bytes) {
    refuse(size, limit_bytes);
  }
  std::optional<std::string> text = read(path, size, limit_bytes + 1);
  if (text && text->size() > limit_bytes) {  // it grew
    refuse(text->size(), limit_bytes);
  }
  return text;
}

std::optional<std::string> read_start(const std::string& path, std::size_t bytes) {
  std::uint64_t size = 0;
  if (!is_regular_file(path, size)) {
    return std::nullopt;
  }
  return read(path, size, bytes);
}

bool is_denied(const std::string& path) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened >= 0) {
    ::close(opened);
  }
  return opened < 0 && (errno == EACCES || errno == EPERM);
}

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return {};
  }
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

}  // namespace baselined::git
