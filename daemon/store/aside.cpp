#include "daemon/store/aside.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace baselined::store {
namespace {

constexpr std::string_view kDamaged = ".damaged-";
constexpr std::string_view kLost = ".lost-";
constexpr std::string_view kLog = "-wal";
constexpr std::size_t kMostAside = 3;
constexpr std::size_t kCompactTimeSize = 16;  // 20261122T135512Z

// Without the characters that file names should not have.
std::string compact_time(UtcTime time) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// Those with this kind of name, each once: what belongs to one has the same front, and may be all
// that is left of it.
std::vector<std::filesystem::path> find(const std::filesystem::path& file, std::string_view kind) {
  const std::string front = file.filename().string() + std::string(kind);
  std::set<std::filesystem::path> kept;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path(), failure)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(front)) {
      kept.insert(file.parent_path() / name.substr(0, front.size() + kCompactTimeSize));
    }
  }
  return {kept.begin(), kept.end()};
}

// Moves <file><part> for each part, in this order; where to, without the part.
Result<std::string> move(const std::filesystem::path& file, std::string_view kind,
                         std::span<const std::string_view> parts) {
  const auto kept = find(file, kind);
  if (kept.size() >= kMostAside) {
    return Error(Error::Code::data,
                 fmt::format("{0}: {1} of {0}{2}* are kept beside it already. Look for the cause "
                             "(the disk, another program that writes there), then move them away",
                             file.string(), kept.size(), kind));
  }
  std::string aside = file.string();
  aside.append(kind).append(compact_time(SystemClock().now()));
  if (std::find(kept.begin(), kept.end(), aside) != kept.end()) {
    return Error(Error::Code::transient,
                 fmt::format("{} is there already; try again in a second", aside));
  }
  for (const std::string_view part : parts) {
    std::error_code failure;
    std::filesystem::rename(fmt::format("{}{}", file.string(), part),
                            fmt::format("{}{}", aside, part), failure);
    if (failure && failure != std::errc::no_such_file_or_directory) {
      return Error(Error::Code::transient,
                   fmt::format("{}{} cannot be moved out of the way, to {}{}: {}", file.string(),
                               part, aside, part, failure.message()));
    }
  }
  return aside;
}

}  // namespace

// The database first: its logs alone are found again where this is interrupted, but it without its
// logs would be taken for whole.
Result<std::filesystem::path> move_damaged_aside(const std::filesystem::path& file) {
  constexpr std::string_view kParts[] = {"", "-journal", kLog, "-shm"};
  BL_TRY(const std::string aside, move(file, kDamaged, kParts));
  return std::filesystem::path(aside);
}

Result<std::filesystem::path> move_log_aside(const std::filesystem::path& file) {
  constexpr std::string_view kParts[] = {kLog};
  BL_TRY(std::string aside, move(file, kLost, kParts));
  std::error_code failure;  // only an index of the log; SQLite makes another one
  std::filesystem::remove(file.string() + "-shm", failure);
  return std::filesystem::path(aside.append(kLog));
}

KeptAside find_aside(const std::filesystem::path& file) {
  KeptAside kept{find(file, kDamaged), find(file, kLost)};
  for (std::filesystem::path& log : kept.logs) {
    log += kLog;
  }
  return kept;
}

}  // namespace baselined::store
