#include "layout.h"

#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "file.h"
#include "text.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLink = "gitdir:";

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

std::optional<std::string> read_named(const fs::path& path, const std::string& shown,
                                      std::size_t limit_bytes = kLinkLimitBytes) {
  try {
    return read_file(path.string(), limit_bytes);
  } catch (const Unreadable& problem) {
    throw GitError(make_utf8(shown) + " " + problem.what() + ": " +
                   std::string(problem.advice("restore it")));
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

// shown stands for the folder in messages.
void check_folder(const fs::path& folder, const std::string& shown) {
  const bool is_linked = is_there(folder / "commondir");
  int n_parts = 0;
  for (const char* name : {"HEAD", "objects", "refs"}) {
    n_parts += is_there(folder / name) ? 1 : 0;
  }
  if (!is_linked && n_parts < 2) {
    return;
  }
  read_named(folder / "config", shown + "config", kListLimitBytes);
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
    return;
  }
  for (const char* name : {"objects", "refs"}) {
    if (!is_folder(folder / name)) {
      throw GitError(make_utf8(shown) + name + " is no folder that can be reached: restore it");
    }
  }
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
  if (is_folder(link)) {
    check_folder(link, "");
  } else if (is_folder(path) && is_there(link)) {
    const std::string text = read_named(link, ".git").value_or("");
    if (text.starts_with(kLink)) {
      const fs::path folder = target_of(path, std::string_view(text).substr(kLink.size()));
      check_folder(folder, folder.string() + "/");
    }
  } else {
    check_folder(path, "");
  }
}

void check_objects(const std::string& folder) {
  std::set<fs::path> met;
  check_lenders(folder, met);
}

}  // namespace baselined::git
