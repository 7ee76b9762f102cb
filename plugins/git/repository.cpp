#include "repository.h"

#include <baselined/repository.hpp>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "file.h"
#include "layout.h"
#include "text.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;

ConfigHandle open_config(const fs::path& file) {
  git_config* config = nullptr;
  std::error_code error;
  if (!fs::is_regular_file(file, error) || git_config_open_ondisk(&config, file.c_str()) < 0) {
    return nullptr;
  }
  return ConfigHandle(config);
}

std::string config_text(git_config* config, const char* name) {
  git_buf value = GIT_BUF_INIT;
  if (config == nullptr || git_config_get_string_buf(&value, config, name) < 0) {
    return {};
  }
  std::string text(value.ptr, value.size);
  git_buf_dispose(&value);
  return text;
}

bool is_denied_below(const fs::path& path) {
  for (const fs::path& part : {path, path / ".git", path / ".git/HEAD", path / "HEAD",
                               path / "objects", path / ".git/objects"}) {
    if (is_denied(part)) {
      return true;
    }
  }
  return false;
}

// Why libgit2 could not open the path; call it directly after the failure.
OpenFailed explain(const std::string& path, int status) {
  using Why = OpenFailed::Why;
  const std::string words = last_error();
  std::error_code error;
  if (is_denied_below(path)) {
    return {Why::unusable, "no permission to read it: " + std::string(kHowToPermit)};
  }
  if (!fs::exists(path, error)) {
    return {Why::not_a_repository, "it does not exist: check the path in 'repositories'"};
  }
  if (status == GIT_ENOTFOUND) {
    return {Why::not_a_repository,
            "it is not a git repository: name the folder that holds .git, or a bare repository"};
  }
  // Only what check_layout() has looked at.
  const fs::path inner = fs::path(path) / ".git";
  const fs::path folder = fs::exists(inner, error) ? inner : fs::path(path);
  const ConfigHandle config = open_config(folder / "config");
  if (config_text(config.get(), "extensions.objectformat") == "sha256") {
    return {Why::unusable, "it is a SHA-256 repository, which is not supported yet"};
  }
  if (config_text(config.get(), "extensions.refstorage") == "reftable") {
    return {Why::unusable,
            "it keeps its refs in a reftable, which is not supported yet: git refs migrate "
            "--ref-format=files brings them back into files"};
  }
  return {Why::unusable, "it cannot be opened: " + words};
}

bool has_promisor(git_config* config) {
  if (!config_text(config, "extensions.partialclone").empty()) {
    return true;
  }
  // Not git_config_foreach_match: in libgit2 1.5 every match leaks 20 kB.
  git_config_iterator* raw = nullptr;
  if (git_config_iterator_new(&raw, config) < 0) {
    return false;
  }
  const ConfigIterator iterator(raw);
  bool has_any = false;
  git_config_entry* entry = nullptr;  // the iterator's
  while (!has_any && git_config_next(&entry, raw) == 0) {
    const std::string_view name = entry->name;
    has_any = name.starts_with("remote.") && name.ends_with(".promisor");
  }
  return has_any;
}

}  // namespace

std::string identity_of(const std::string& origin, const std::string& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  return make_utf8(repository_identity(origin, error ? folder : real.string()));
}

Repository Repository::open(const std::string& path) {
  try {
    check_layout(path);
  } catch (const GitError& error) {
    throw OpenFailed(OpenFailed::Why::unusable, error.what());
  }
  git_repository* repository = nullptr;
  const int status =
      git_repository_open_ext(&repository, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (status < 0) {
    throw explain(path, status);
  }
  return {path, RepositoryHandle(repository)};
}

Repository::Repository(std::string path, RepositoryHandle repository)
    : path_(std::move(path)),
      repository_(std::move(repository)),
      common_dir_(git_repository_commondir(repository_.get())) {
  check_objects(common_dir_ + "objects");
  git_odb* odb = nullptr;
  check(git_repository_odb(&odb, repository_.get()), "the object database cannot be opened");
  odb_.reset(odb);
  read_config();
  read_shallow_commits();
}

void Repository::read_config() {
  git_config* snapshot = nullptr;
  std::string origin;
  if (git_repository_config_snapshot(&snapshot, repository_.get()) == 0) {
    const ConfigHandle config(snapshot);
    origin = config_text(snapshot, "remote.origin.url");
    is_partial_ = has_promisor(snapshot);
  }
  identity_ = identity_of(origin, common_dir_);
}

void Repository::read_shallow_commits() {
  try {
    std::istringstream lines(read_file(common_dir_ + "shallow", kListLimitBytes).value_or(""));
    git_oid id;
    for (std::string line; std::getline(lines, line);) {
      if (line.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, line.data(), line.size()) != 0) {
        throw Unreadable("holds a line that is no commit id");
      }
      shallow_.add(id);
    }
  } catch (const Unreadable& problem) {
    throw GitError(std::string("shallow ") + problem.what() + ": " +
                   std::string(problem.advice("restore it, or run git fetch --unshallow")));
  }
}

RefFolders Repository::ref_folders() const {
  return {common_dir_, git_repository_path(repository_.get())};
}

ObjectHandle Repository::read(const git_oid& id) const {
  git_odb_object* object = nullptr;
  const int status = git_odb_read(&object, odb_.get(), &id);
  if (status == GIT_ENOTFOUND) {
    return nullptr;
  }
  check(status, "object " + to_hex(id) + " cannot be read");
  return ObjectHandle(object);
}

}  // namespace baselined::git
