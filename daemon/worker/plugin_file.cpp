#include "daemon/worker/plugin_file.h"

#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/dll/shared_library.hpp>
#include <exception>

#include "daemon/worker/descriptor.h"

namespace baselined::worker {
namespace {

constexpr const char* kEntrySymbol = "bl_plugin_main_v0";
static_assert(BL_ABI_MAJOR == 0, "the entry symbol carries the major version");
constexpr int kHighestOtherMajor = 9;

Error wrong(std::string message) { return {Error::Code::config, std::move(message)}; }

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

// Boost.DLL: "... (dlerror system message: <path>: <the reason>): <an unrelated errno>".
std::string reason_of(const std::exception& failure, const std::string& path) {
  const std::string_view text = failure.what();
  constexpr std::string_view kMark = "dlerror system message: ";
  const auto begin = text.find(kMark);
  const auto end = text.rfind("): ");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::string(text);
  }
  std::string_view reason = text.substr(begin + kMark.size());
  reason = reason.substr(0, reason.rfind("): "));
  if (reason.starts_with(path + ": ")) {
    reason.remove_prefix(path.size() + 2);
  }
  return fmt::format("it cannot be loaded: {}", reason);
}

// The dynamic linker maps what the file promises, and touching what is not there is SIGBUS. A file
// that makes no sense at all is left to it: it says why.
Status check_length(int descriptor) {
  struct stat status = {};
  ElfW(Ehdr) head = {};
  if (fstat(descriptor, &status) != 0 ||
      pread(descriptor, &head, sizeof(head), 0) != static_cast<ssize_t>(sizeof(head))) {
    return {};
  }
  const auto length = static_cast<std::uint64_t>(status.st_size);
  ElfW(Phdr) part = {};
  for (std::uint64_t i = 0; i < head.e_phnum; ++i) {
    const auto at = static_cast<off_t>(head.e_phoff + i * sizeof(part));
    if (pread(descriptor, &part, sizeof(part), at) != static_cast<ssize_t>(sizeof(part))) {
      return {};
    }
    if (part.p_type == PT_LOAD &&
        (part.p_offset > length || part.p_filesz > length - part.p_offset)) {
      return wrong("it cannot be loaded: its end is missing; install it again");
    }
  }
  return {};
}

// A plugin that lets an exception out breaks the ABI.
template <class Entry>
Result<const bl_plugin*> enter(const Entry& entry) {
  std::string what;
  try {
    return entry(BL_ABI_MINOR);
  } catch (const std::exception& failure) {
    what = failure.what();
  } catch (...) {
    what = "not a std::exception";
  }
  return wrong(fmt::format("an exception left {}: {}", kEntrySymbol, what));
}

Result<const bl_plugin*> load(int descriptor) {
  BL_CHECK(check_length(descriptor));
  const std::string path = fmt::format("/proc/self/fd/{}", descriptor);
  // Boost.DLL throws; only its exception carries the reason that the dynamic linker gave.
  try {
    const auto mode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local;
    // Never destroyed: see the header. The pointer is static so that it is no leak either.
    static const boost::dll::shared_library* loaded = nullptr;
    loaded = new boost::dll::shared_library(path, mode);
    close(descriptor);
    const boost::dll::shared_library& library = *loaded;
    if (!library.has(kEntrySymbol)) {
      return no_entry(library);
    }
    BL_TRY(const bl_plugin* plugin,
           enter(library.get<const bl_plugin*(std::uint32_t)>(kEntrySymbol)));
    BL_CHECK(check_descriptor(plugin));
    return plugin;
  } catch (const std::exception& failure) {
    return wrong(reason_of(failure, path));
  }
}

}  // namespace

Result<const bl_plugin*> load_plugin(int descriptor, const std::string& name) {
  Result<const bl_plugin*> loaded = load(descriptor);
  if (!loaded) {
    return std::move(loaded).error().with(name);
  }
  return loaded;
}

}  // namespace baselined::worker
