#include "daemon/worker/plugin_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/dll/shared_library.hpp>
#include <exception>
#include <system_error>

#include "daemon/worker/descriptor.h"

namespace baselined::worker {
namespace {

constexpr const char* kEntrySymbol = "bl_plugin_main_v0";
static_assert(BL_ABI_MAJOR == 0, "the entry symbol carries the major version");
constexpr int kHighestOtherMajor = 9;

Error wrong(std::string message) { return {Error::Code::config, std::move(message)}; }

// A plugin is code: whoever may write the file may act as this user.
Status check_file(const std::string& file) {
  struct stat status = {};
  if (stat(file.c_str(), &status) != 0) {
    return wrong(std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return wrong("not a regular file");
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return wrong("it belongs to neither root nor the user of this process; use chown");
  }
  const bool others_write = (status.st_mode & S_IWOTH) != 0;
  const bool group_writes = (status.st_mode & S_IWGRP) != 0 && status.st_gid != getegid();
  if (others_write || group_writes) {
    return wrong("users other than its owner can write to it; use chmod go-w");
  }
  return {};
}

// "exports bl_plugin_main_v1", for a plugin of another time.
Error no_entry(const boost::dll::shared_library& library) {
  for (int major = 1; major <= kHighestOtherMajor; ++major) {
    const std::string other = fmt::format("bl_plugin_main_v{}", major);
    if (library.has(other)) {
      return wrong(
          fmt::format("it exports {}: it was built for another version of baselined, "
                      "this one loads {}",
                      other, kEntrySymbol));
    }
  }
  return wrong(fmt::format("it does not export {}: it is no plugin", kEntrySymbol));
}

// Boost.DLL: "... (dlerror system message: <the reason>): <an unrelated errno>".
std::string reason_of(const std::exception& failure) {
  const std::string_view text = failure.what();
  constexpr std::string_view kMark = "dlerror system message: ";
  const auto begin = text.find(kMark);
  const auto end = text.rfind("): ");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::string(text);
  }
  const auto from = begin + kMark.size();
  return "it cannot be loaded: " + std::string(text.substr(from, end - from));
}

Result<const bl_plugin*> load(const std::string& file) {
  BL_CHECK(check_file(file));
  // Boost.DLL throws; only its exception carries the reason that the dynamic linker gave.
  try {
    const auto mode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local;
    // Never destroyed: see the header. The pointer is static so that it is no leak either.
    static const boost::dll::shared_library* loaded = nullptr;
    loaded = new boost::dll::shared_library(file, mode);
    const boost::dll::shared_library& library = *loaded;
    if (!library.has(kEntrySymbol)) {
      return no_entry(library);
    }
    const auto entry = library.get<const bl_plugin*(std::uint32_t)>(kEntrySymbol);
    const bl_plugin* plugin = entry(BL_ABI_MINOR);
    BL_CHECK(check_descriptor(plugin));
    return plugin;
  } catch (const std::exception& failure) {
    return wrong(reason_of(failure));
  }
}

}  // namespace

Result<const bl_plugin*> load_plugin(const std::string& file) {
  Result<const bl_plugin*> loaded = load(file);
  if (!loaded) {
    return std::move(loaded).error().with(file);
  }
  return loaded;
}

}  // namespace baselined::worker
