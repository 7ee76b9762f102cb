#include "daemon/broker/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "daemon/base/digest.h"

namespace baselined::broker {
namespace {

Error failure(const std::string& path, std::string_view cause) {
  return {Error::Code::auth, fmt::format("secret {}: {}", path, cause)};
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

struct Buffer {
  std::array<char, kMaxSecretBytes + 1> bytes;
  std::size_t size = 0;
  ~Buffer() { cleanse(bytes.data(), size); }
};

// False with errno set where reading fails. One byte more than is allowed shows that it is too
// much.
bool read_all(int descriptor, Buffer& buffer) {
  while (buffer.size < buffer.bytes.size()) {
    const ssize_t size =
        ::read(descriptor, buffer.bytes.data() + buffer.size, buffer.bytes.size() - buffer.size);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size <= 0) {
      return size == 0;
    }
    buffer.size += static_cast<std::size_t>(size);
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string_view without_newline(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
    if (text.ends_with('\r')) {
      text.remove_suffix(1);
    }
  }
  return text;
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return identity(status);
}

Result<SecretFile> read_secret_file(const std::string& path, SecretShape shape) {
  // Without O_NONBLOCK a pipe in place of the file would stop the broker.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return failure(path, std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return failure(path, "not a regular file");
  }
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return failure(path, fmt::format("others may read it; chmod o-rwx {}", path));
  }
  const auto buffer = std::make_unique<Buffer>();
  if (!read_all(file.get(), *buffer)) {
    return failure(path, std::strerror(errno));
  }
  if (buffer->size > kMaxSecretBytes) {
    return failure(path, "larger than 64 KiB, which is no secret");
  }
  const std::string_view text = without_newline({buffer->bytes.data(), buffer->size});
  if (text.empty()) {
    return failure(path, "empty");
  }
  if (shape == SecretShape::header_text && has_control(text)) {
    return failure(path, "contains a control character or a second line; it must be one line");
  }
  return SecretFile{identity(status), Secret(text)};
}

Result<std::string> secret_path(const config::SecretReference& reference,
                                const std::string& credentials_directory) {
  const std::string& name = reference.name;
  if (reference.kind == config::SecretReference::Kind::file) {
    if (!name.starts_with('/')) {
      return failure(name, "not an absolute path");
    }
    return name;
  }
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return failure(name, "not the name of a systemd credential");
  }
  if (credentials_directory.empty()) {
    return failure(name, fmt::format("a systemd credential, but there are none: add LoadCredential="
                                     "{}:FILE to the unit, or use a file",
                                     name));
  }
  return credentials_directory + "/" + name;
}

}  // namespace baselined::broker
