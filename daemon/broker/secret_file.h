// Reading one secret from its file, and telling whether the file is still the same.
//
// A file is refused that others may read or that is not regular, empty or too large. One newline at
// its end does not count. Control characters inside are refused in what goes into a header (they
// could split it), not in keys, which have lines.
// Threads: pure but for the file system. Errors: auth, with path, cause and what to do.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/broker/secret.h"
#include "daemon/config/configuration.h"

namespace baselined::broker {

constexpr std::size_t kMaxSecretBytes = 65536;

enum class SecretShape : std::uint8_t { header_text, key_file };

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  auto operator<=>(const FileIdentity&) const = default;
};

// Nothing where there is no such file.
std::optional<FileIdentity> identity_of(const std::string& path);

struct SecretFile {
  FileIdentity identity;
  Secret value;
};
Result<SecretFile> read_secret_file(const std::string& path, SecretShape shape);

// Of a file itself; of a systemd credential in `credentials_directory`, which may be empty.
Result<std::string> secret_path(const config::SecretReference& reference,
                                const std::string& credentials_directory);

}  // namespace baselined::broker
