#include "daemon/broker/secrets.h"

#include <algorithm>
#include <set>
#include <utility>

namespace baselined::broker {
namespace {

std::vector<std::pair<config::SecretReference, SecretShape>> references_of(
    const config::Connection& connection) {
  std::vector<std::pair<config::SecretReference, SecretShape>> references;
  for (const auto& [key, reference] : connection.auth.secrets) {
    references.emplace_back(reference, SecretShape::header_text);
  }
  if (connection.client_key) {
    references.emplace_back(*connection.client_key, SecretShape::key_file);
  }
  return references;
}

std::vector<std::optional<FileIdentity>> identities(const std::vector<std::string>& paths) {
  std::vector<std::optional<FileIdentity>> found;
  found.reserve(paths.size());
  for (const std::string& path : paths) {
    found.push_back(identity_of(path));
  }
  return found;
}

}  // namespace

Secrets::Secrets(std::shared_ptr<Redactor> redactor, std::string credentials_directory)
    : redactor_(std::move(redactor)), credentials_directory_(std::move(credentials_directory)) {}

void Secrets::configure(const std::vector<config::Connection>& connections) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Watched> watched;
  std::set<std::string> used;
  for (const config::Connection& connection : connections) {
    Watched& now = watched[connection.name];
    for (const auto& [reference, shape] : references_of(connection)) {
      if (const auto path = secret_path(reference, credentials_directory_)) {
        now.paths.push_back(*path);
        used.insert(*path);
        static_cast<void>(read_path(*path, shape));
      }
    }
    now.seen = identities(now.paths);
    const auto before = watched_.find(connection.name);
    if (before != watched_.end()) {
      const bool is_same = before->second.paths == now.paths && before->second.seen == now.seen;
      now.version = before->second.version + (is_same ? 0 : 1);
    }
  }
  watched_ = std::move(watched);
  std::erase_if(cache_, [&used](const auto& entry) { return !used.contains(entry.first.first); });
}

Result<Secret> Secrets::read(const config::SecretReference& reference, SecretShape shape) {
  BL_TRY(const std::string path, secret_path(reference, credentials_directory_));
  const std::lock_guard lock(mutex_);
  return read_path(path, shape);
}

Result<Secret> Secrets::read_path(const std::string& path, SecretShape shape) {
  const auto identity = identity_of(path);
  const auto cached = cache_.find({path, shape});
  if (identity && cached != cache_.end() && cached->second.identity == *identity) {
    return cached->second.value.copy();
  }
  if (cached != cache_.end()) {
    cache_.erase(cached);
  }
  BL_TRY(SecretFile file, read_secret_file(path, shape));
  redact(file.value.reveal(), shape);
  Secret value = file.value.copy();
  cache_.insert_or_assign({path, shape}, std::move(file));
  return value;
}

// Of a key each line: nobody prints all of it in one piece.
void Secrets::redact(std::string_view value, SecretShape shape) {
  if (shape == SecretShape::header_text) {
    redactor_->add(value);
    return;
  }
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    const std::string_view line = value.substr(0, end);
    if (!line.starts_with("-----")) {
      redactor_->add(line);
    }
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

std::uint64_t Secrets::version(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(connection);
  if (found == watched_.end()) {
    return 0;
  }
  Watched& watched = found->second;
  Identities now = identities(watched.paths);
  if (now != watched.seen) {
    watched.seen = std::move(now);
    ++watched.version;
  }
  return watched.version;
}

}  // namespace baselined::broker
