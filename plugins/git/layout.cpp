#include "layout.h"

#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "config_includes.h"
#include "file.h"
#include "text.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLink = "gitdir:";
// Libgit2 refuses what is deeper.
constexpr int kIncludeDepth = 10;
constexpr int kIncludedFiles = 100;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

std::optional<std::string> read_named(const fs::path& path, const std::string& shown,
                                      std::size_t limit_bytes = kLinkLimitBytes,
                                      std::string_view advice = "restore it") {
  try {
    return read_file(path.string(), limit_bytes);
  } catch (const Unreadable& problem) {
    throw GitError(make_utf8(shown) + " " + problem.what() + ": " +
                   std::string(problem.advice(advice)));
  }
}

// Where a line of a file in this folder leads.
fs::path target_of(const fs::path& folder, std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  const fs::path path =
      end == std::string_view::npos ? folder : folder / text.substr(begin, end + 1 - begin);
  std::error_code error;
  const fs::path plain = fs::weakly_canonical(path, error);
  return error ? path : plain;
}

// What libgit2 follows while it reads a configuration, whatever the condition. Without a home
// folder, as it is set up here, it leaves out what begins with ~/.
void check_included(const fs::path& config, const std::string& text, int depth, int& n_files) {
  for (const std::string& name : included_files(text)) {
    const fs::path file = config.parent_path() / name;
    std::error_code error;
    if (name.starts_with("~/") || (!fs::exists(file, error) && !error)) {
      continue;
    }
    if (++n_files > kIncludedFiles) {
      throw GitError(make_utf8(config.string()) + " includes one file too many, of at most " +
                     std::to_string(kIncludedFiles) + " in all: include fewer");
    }
    const std::string shown = file.string() + ", which " + config.string() + " includes,";
    const std::string more =
        read_named(file, shown, kListLimitBytes, "restore it, or include it no more").value_or("");
    if (depth < kIncludeDepth) {
      check_included(file, more, depth + 1, n_files);
    }
  }
}

void check_config(const fs::path& folder, const std::string& shown) {
  const fs::path config = folder / "config";
  int n_files = 0;
  check_included(config, read_named(config, shown + "config", kListLimitBytes).value_or(""), 1,
                 n_files);
}

// False when it is no repository. shown stands for the folder in messages.
bool check_folder(const fs::path& folder, const std::string& shown) {
  const bool is_linked = is_there(folder / "commondir");
  int n_parts = 0;
  for (const char* name : {"HEAD", "objects", "refs"}) {
    n_parts += is_there(folder / name) ? 1 : 0;
  }
  if (!is_linked && n_parts < 2) {
    return false;
  }
  check_config(folder, shown);
  read_named(folder / "gitdir", shown + "gitdir");
  if (!read_named(folder / "HEAD", shown + "HEAD")) {
    throw GitError(make_utf8(shown) + "HEAD is missing: restore it");
  }
  if (is_linked) {
    const std::string link = read_named(folder / "commondir", shown + "commondir").value_or("");
    const fs::path main = target_of(folder, link);
    if (!is_there(main / "commondir")) {
      check_folder(main, main.string() + "/");
    }
    return true;
  }
  for (const char* name : {"objects", "refs"}) {
    if (!is_folder(folder / name)) {
      throw GitError(make_utf8(shown) + name + " is no folder that can be reached: restore it");
    }
  }
  return true;
}

// False when there is none.
bool is_plain_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw GitError(make_utf8(path.string()) + " is not a regular file: restore it");
  }
  return fs::exists(status);
}

void check_lenders(const fs::path& folder, std::set<fs::path>& met) {
  // Where it cannot be reached, libgit2 takes all packed objects for missing.
  if (is_denied(folder / "pack")) {
    throw GitError(make_utf8((folder / "pack").string()) +
                   " cannot be read: " + std::string(kHowToPermit));
  }
  is_plain_file(folder / "pack/multi-pack-index");
  const fs::path alternates = folder / "info/alternates";
  if (!met.insert(folder).second || !is_plain_file(alternates)) {
    return;
  }
  std::istringstream lines(
      read_named(alternates, alternates.string(), kListLimitBytes).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') {
      check_lenders(target_of(folder, line), met);
    }
  }
}

}  // namespace

void check_layout(const std::string& path) {
  const fs::path link = fs::path(path) / ".git";
  bool is_found = false;
  if (is_folder(link)) {
    is_found = check_folder(link, "");
  } else if (is_folder(path) && is_there(link)) {
    const std::string text = read_named(link, ".git").value_or("");
    if (text.starts_with(kLink)) {
      const fs::path folder = target_of(path, std::string_view(text).substr(kLink.size()));
      is_found = check_folder(folder, folder.string() + "/");
    }
  }
  if (!is_found) {
    check_folder(path, "");  // a bare one, whatever its .git is
  }
}

void check_objects(const std::string& folder) {
  std::set<fs::path> met;
  check_lenders(folder, met);
}

}  // namespace baselined::git
