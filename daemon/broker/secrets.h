// Secrets: the credentials of all connections, read from their files when they are needed and again
// when a file has changed.
//
// Every value that is read is made known to the Redactor before anybody can use it.
// Threads: any. Errors: auth, with path and cause (secret_file.h).
//
//   BL_TRY(Secret token, secrets.read(reference, SecretShape::header_text));
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/broker/redactor.h"
#include "daemon/broker/secret_file.h"

namespace baselined::broker {

class Secrets {
 public:
  Secrets(std::shared_ptr<Redactor> redactor, std::string credentials_directory);

  // Reads what there is, so that it is redacted from now on; what fails is reported when it is
  // used.
  void configure(const std::vector<config::Connection>& connections);

  Result<Secret> read(const config::SecretReference& reference, SecretShape shape);

  // Grows when a secret of the connection changed, appeared or went since the last call. 0 where
  // there is no such connection.
  std::uint64_t version(const std::string& connection);

  Redactor& redactor() { return *redactor_; }

 private:
  using Identities = std::vector<std::optional<FileIdentity>>;
  struct Watched {
    std::vector<std::string> paths;
    Identities seen;
    std::uint64_t version = 1;
  };

  Result<Secret> read_path(const std::string& path, SecretShape shape);
  void redact(std::string_view value, SecretShape shape);

  const std::shared_ptr<Redactor> redactor_;
  const std::string credentials_directory_;
  std::mutex mutex_;
  std::map<std::pair<std::string, SecretShape>, SecretFile> cache_;  // by path
  std::map<std::string, Watched> watched_;                           // by connection
};

}  // namespace baselined::broker
