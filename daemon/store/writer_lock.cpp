#include "daemon/store/writer_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace baselined::store {
namespace {

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string read_holder(int descriptor) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string holder;
  for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                      text[static_cast<std::size_t>(i)] <= '9';
       ++i) {
    holder.push_back(text[static_cast<std::size_t>(i)]);
  }
  return holder.empty() ? "another process" : "process " + holder;
}

// For people; the lock does not depend on it.
void write_holder(int descriptor) {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, text.data(), text.size(), 0) < 0) {
    return;  // "another process" then
  }
}

}  // namespace

Result<WriterLock> WriterLock::acquire(const std::filesystem::path& state_dir) {
  const std::filesystem::path file = state_dir / "lock";
  WriterLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ < 0) {
    const int error = errno;
    return Error(Error::Code::config,
                 fmt::format("{}: cannot open the lock file: {}. The state directory must belong "
                             "to the user that runs this, and be writable",
                             file.string(), std::strerror(error)));
  }
  struct flock wanted = whole_file();
  if (::fcntl(lock.descriptor_, F_OFD_SETLK, &wanted) == 0) {
    write_holder(lock.descriptor_);
    return lock;
  }
  if (errno != EAGAIN && errno != EACCES) {
    const int error = errno;
    return Error(Error::Code::transient,
                 fmt::format("{}: cannot lock: {}", file.string(), std::strerror(error)));
  }
  return Error(Error::Code::limit,
               fmt::format("{}: {} holds it: a running daemon, or a command that writes. Only one "
                           "may write; stop it, or wait until it ends",
                           file.string(), read_holder(lock.descriptor_)));
}

std::optional<std::string> WriterLock::find_holder(const std::filesystem::path& state_dir) {
  const int descriptor = ::open((state_dir / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) {
    return std::nullopt;
  }
  // Asked, not tried: trying could refuse a writer that starts at this moment.
  struct flock question = whole_file();
  const bool is_held =
      ::fcntl(descriptor, F_OFD_GETLK, &question) == 0 && question.l_type != F_UNLCK;
  std::optional<std::string> holder;
  if (is_held) {
    holder = read_holder(descriptor);
  }
  ::close(descriptor);
  return holder;
}

WriterLock::~WriterLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

}  // namespace baselined::store
