#include "daemon/records/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace baselined::records {
namespace {

constexpr std::size_t kKeyBytes = 32;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

Error failed(const std::filesystem::path& file, std::string_view what, int error) {
  const bool is_setup = error == EACCES || error == ENOENT || error == ENOTDIR || error == EROFS ||
                        error == ELOOP || error == EPERM;
  return {is_setup ? Error::Code::config : Error::Code::transient,
          fmt::format("key file {}: cannot {} it: {}", file.string(), what, std::strerror(error))};
}

Error unusable(const std::filesystem::path& file, std::string_view what) {
  return {Error::Code::config, fmt::format("key file {}: {}", file.string(), what)};
}

Status check(const std::filesystem::path& file, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) {
    return unusable(file, "not a regular file; name a file, or a path where none is yet");
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return unusable(file, "belongs to another user; give it to the daemon's user");
  }
  if ((info.st_mode & 077U) != 0) {
    return unusable(file, "others may read or write it; chmod 600");
  }
  if (info.st_size < static_cast<off_t>(kKeyBytes)) {
    return unusable(file,
                    "too short for a key; restore it from a backup. A new key would give every "
                    "person a new pseudonym");
  }
  return {};
}

// Nothing where there is no file.
Result<std::optional<std::string>> read_existing(const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor.is_open()) {
    if (errno == ENOENT) {
      return std::optional<std::string>();
    }
    return failed(file, "open", errno);
  }
  struct stat info {};
  if (::fstat(descriptor.number(), &info) != 0) {
    return failed(file, "inspect", errno);
  }
  BL_CHECK(check(file, info));
  std::string key(kKeyBytes, '\0');
  const ssize_t size = ::pread(descriptor.number(), key.data(), key.size(), 0);
  if (size != static_cast<ssize_t>(kKeyBytes)) {
    return failed(file, "read", size < 0 ? errno : EIO);
  }
  return std::optional<std::string>(std::move(key));
}

Status write_new(const std::filesystem::path& file, int descriptor) {
  std::array<char, kKeyBytes> key{};
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return failed(file, "make a key for", errno);
  }
  if (::write(descriptor, key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
      ::fsync(descriptor) != 0) {
    return failed(file, "write", errno);
  }
  return {};
}

// Written under another name and linked into place whole; where somebody else was first, theirs
// stays.
Status create_key(const std::filesystem::path& file) {
  std::string temporary = file.string() + ".XXXXXX";
  const Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!descriptor.is_open()) {
    return failed(file, "create", errno);
  }
  Status written = write_new(file, descriptor.number());
  if (written && ::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    written = failed(file, "create", errno);
  }
  ::unlink(temporary.c_str());
  BL_CHECK(std::move(written));
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.number()) != 0) {
    return failed(file, "make durable", errno);
  }
  return {};
}

}  // namespace

Result<std::string> read_key(const std::filesystem::path& file, MissingKey missing) {
  BL_TRY(std::optional<std::string> key, read_existing(file));
  if (!key.has_value() && missing == MissingKey::refuse) {
    return unusable(file,
                    "is missing, and the database has records that were made with it. Restore it "
                    "from a backup: a new key would give every person a new pseudonym. To start "
                    "over, move the database away too");
  }
  if (!key.has_value()) {
    BL_CHECK(create_key(file));
    BL_TRY(key, read_existing(file));
  }
  if (!key.has_value()) {
    return unusable(file, "vanished while it was being created; try again");
  }
  return *std::move(key);
}

}  // namespace baselined::records
