// Reading what was never granted, and ways around the check of a path.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

std::string of_process(pid_t process, std::string_view name) {
  return "/proc/" + std::to_string(process) + "/" + std::string(name);
}

// Without a byte of it, where there is none at 0, or reading waits for one.
int open_for_reading(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int result = outcome(file);
  close(file);
  return result;
}

int open_memory(pid_t process) { return open_for_reading(of_process(process, "mem")); }

// The dynamic linker tells no errno, but its text.
int load_library(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) {
    return 0;
  }
  const std::string_view reason = dlerror();
  return reason.find(strerror(EACCES)) != std::string_view::npos ? EACCES : ENOEXEC;
}

int read_link(const std::string& path) {
  std::array<char, 4096> target = {};
  return outcome(readlink(path.c_str(), target.data(), target.size()));
}

constexpr Attempt kReading[] = {
    {"reading", "read_what_is_granted",
     [](const Targets& on) { return read_file(on.granted + "/file"); }},
    {"reading", "list_what_is_granted", [](const Targets& on) { return list_folder(on.granted); }},
    {"reading", "read_a_file", [](const Targets& on) { return read_file(on.own + "/file"); }},
    {"reading", "list_a_folder", [](const Targets& on) { return list_folder(on.own); }},
    {"reading", "list_the_root", [](const Targets&) { return list_folder("/"); }},
    {"reading", "list_processes", [](const Targets&) { return list_folder("/proc"); }},
    {"reading", "read_passwd", [](const Targets&) { return read_file("/etc/passwd"); }},
    {"reading", "read_shadow", [](const Targets&) { return read_file("/etc/shadow"); }},
    {"reading", "read_hosts", [](const Targets&) { return read_file("/etc/hosts"); }},
    {"reading", "read_a_private_key",
     [](const Targets& on) { return read_file(on.own + "/.ssh/id_ed25519"); }},
    {"reading", "read_the_configuration",
     [](const Targets& on) { return read_file(on.configuration); }},
    {"reading", "list_the_state", [](const Targets& on) { return list_folder(on.state); }},
    {"reading", "read_the_database",
     [](const Targets& on) { return read_file(on.state + "/baselined.db"); }},
    {"reading", "read_the_key_of_pseudonyms",
     [](const Targets& on) { return read_file(on.state + "/pseudonym.key"); }},
    {"reading", "map_the_database",
     [](const Targets& on) {
       const int file = open((on.state + "/baselined.db").c_str(), O_RDONLY | O_CLOEXEC);
       const int result = outcome(file);
       return result == 0 ? map_a_byte(file, PROT_READ) : result;
     }},
    {"reading", "read_environment_of_init",
     [](const Targets&) { return read_file("/proc/1/environ"); }},
    {"reading", "read_command_line_of_init",
     [](const Targets&) { return read_file("/proc/1/cmdline"); }},
    {"reading", "open_memory_of_the_daemon",
     [](const Targets& on) { return open_memory(on.daemon); }},
    {"reading", "read_environment_of_the_daemon",
     [](const Targets& on) { return read_file(of_process(on.daemon, "environ")); }},
    {"reading", "read_maps_of_the_daemon",
     [](const Targets& on) { return read_file(of_process(on.daemon, "maps")); }},
    {"reading", "read_command_line_of_the_daemon",
     [](const Targets& on) { return read_file(of_process(on.daemon, "cmdline")); }},
    {"reading", "list_descriptors_of_the_daemon",
     [](const Targets& on) { return list_folder(of_process(on.daemon, "fd")); }},
    {"reading", "open_descriptor_of_the_daemon",
     [](const Targets& on) { return open_for_reading(of_process(on.daemon, "fd/0")); }},
    {"reading", "read_folder_of_the_daemon",
     [](const Targets& on) { return read_link(of_process(on.daemon, "cwd")); }},
    {"reading", "read_through_the_daemon's_root",
     [](const Targets& on) { return read_file(of_process(on.daemon, "root") + on.own + "/file"); }},
    {"reading", "open_memory_of_a_worker",
     [](const Targets& on) { return open_memory(on.worker); }},
    {"reading", "read_environment_of_a_worker",
     [](const Targets& on) { return read_file(of_process(on.worker, "environ")); }},
    {"reading", "list_descriptors_of_a_worker",
     [](const Targets& on) { return list_folder(of_process(on.worker, "fd")); }},
    {"reading", "read_own_memory", [](const Targets&) { return open_memory(getpid()); }},
    {"reading", "read_own_maps", [](const Targets&) { return read_file("/proc/self/maps"); }},
    {"reading", "list_own_descriptors",
     [](const Targets&) { return list_folder("/proc/self/fd"); }},
    {"reading", "open_the_kernel's_log",
     [](const Targets&) { return open_for_reading("/dev/kmsg"); }},
    {"reading", "load_a_library",
     [](const Targets& on) { return load_library(on.own + "/library.so"); }},
};

// ---- ways around the check of a path -------------------------------------------------------

int read_below(const std::string& folder, const char* name) {
  const int parent = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const int file = openat(parent, name, O_RDONLY | O_CLOEXEC);
  char byte = 0;
  const int result = outcome(file < 0 ? file : pread(file, &byte, 1, 0));
  close(file);
  close(parent);
  return result;
}

// Opened as a path, which nobody forbids, then opened again through the descriptor.
int read_again(const std::string& folder, const std::string& path) {
  const int opened = open(path.c_str(), O_PATH | O_CLOEXEC);
  const int result = read_file(folder + "/" + std::to_string(opened));
  close(opened);
  return result;
}

int read_by_handle(const std::string& path, const std::string& same_mount) {
  std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> memory = {};
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  name_to_handle_at(AT_FDCWD, path.c_str(), handle, &mount, 0);
  const int folder = open(same_mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int file = folder < 0 ? folder : open_by_handle_at(folder, handle, O_RDONLY | O_CLOEXEC);
  const int result = outcome(file);
  close(file);
  close(folder);
  return result;
}

int read_with_openat2(const std::string& path) {
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC;
  const long file = syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how));
  const int result = outcome(file);
  close(static_cast<int>(file));
  return result;
}

// Somebody swaps what is allowed for a link to what is not, again and again, while it is read:
// EACCES where the check was always that of what was opened. On a busy machine the other one may
// have its turn late.
int read_while_swapped(const std::string& path) {
  constexpr int kTurns = 3'000;
  constexpr int kPatience = 3'000'000;
  int result = ENOENT;
  for (int turn = 0; turn < kTurns || (result != EACCES && turn < kPatience); ++turn) {
    std::array<char, 6> begin = {};
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      result = errno == EACCES ? EACCES : result;
      continue;
    }
    const ssize_t size = read(file, begin.data(), begin.size());
    close(file);
    if (size == 6 && std::string_view(begin.data(), 6) == "secret") {
      return 0;
    }
  }
  return result;
}

constexpr Attempt kPaths[] = {
    {"paths", "two_dots",
     [](const Targets& on) { return read_file(on.granted + "/../outside/secret"); }},
    {"paths", "link_to_a_file",
     [](const Targets& on) { return read_file(on.granted + "/link_to_a_file"); }},
    {"paths", "link_to_a_folder",
     [](const Targets& on) { return read_file(on.granted + "/link_to_a_folder/secret"); }},
    {"paths", "list_a_link_to_a_folder",
     [](const Targets& on) { return list_folder(on.granted + "/link_to_a_folder"); }},
    {"paths", "own_root",
     [](const Targets& on) { return read_file("/proc/self/root" + on.own + "/file"); }},
    {"paths", "own_working_folder",
     [](const Targets& on) {
       const int moved = chdir(on.own.c_str());
       const int result = read_file("/proc/self/cwd/file");
       return moved == 0 && chdir("/") == 0 ? result : errno;
     }},
    {"paths", "relative_to_the_working_folder",
     [](const Targets& on) {
       const int moved = chdir(on.own.c_str());
       const int result = read_file("file");
       return moved == 0 && chdir("/") == 0 ? result : errno;
     }},
    {"paths", "relative_to_a_descriptor",
     [](const Targets& on) { return read_below(on.own, "file"); }},
    {"paths", "two_dots_from_a_granted_descriptor",
     [](const Targets& on) { return read_below(on.granted, "../outside/secret"); }},
    {"paths", "descriptor_opened_again",
     [](const Targets& on) { return read_again("/proc/self/fd", on.own + "/file"); }},
    {"paths", "descriptor_opened_again_in_dev",
     [](const Targets& on) { return read_again("/dev/fd", on.own + "/file"); }},
    {"paths", "by_handle",
     [](const Targets& on) { return read_by_handle(on.own + "/file", on.granted); }},
    {"paths", "with_openat2",
     [](const Targets& on) { return read_with_openat2(on.own + "/file"); }},
    {"paths", "swapped_file",
     [](const Targets& on) { return read_while_swapped(on.granted + "/swapped"); }},
    {"paths", "swapped_folder",
     [](const Targets& on) { return read_while_swapped(on.granted + "/swapped_folder/secret"); }},
};

}  // namespace

std::span<const Attempt> read_attempts() { return kReading; }
std::span<const Attempt> path_attempts() { return kPaths; }

}  // namespace escape
