// Writing, making, removing and renaming files; and what belongs to a file beside its bytes.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <cstdio>
#include <cstdlib>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

int open_and_close(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0600);
  const int result = outcome(file);
  close(file);
  return result;
}

int write_with(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC);
  const int result = outcome(file < 0 ? file : write(file, "x", 1));
  close(file);
  return result;
}

// `change` on a descriptor for writing, or, where there is none, on one for reading.
template <class Change>
int on_descriptor(const std::string& path, const Change& change) {
  int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) {
    file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  const int result = outcome(file < 0 ? file : change(file));
  close(file);
  return result;
}

std::string file_of(const Targets& on) { return on.own + "/file"; }
std::string granted_of(const Targets& on) { return on.granted + "/file"; }

// Names that change places, over and over: one of them may come through between two checks.
template <class Change>
int repeatedly(const Change& change) {
  int result = 0;
  for (int turn = 0; turn < 500; ++turn) {
    result = outcome(change());
    if (result == 0) {
      return 0;
    }
  }
  return result;
}

constexpr Attempt kWriting[] = {
    {"writing", "write", [](const Targets& on) { return write_with(file_of(on), O_WRONLY); }},
    {"writing", "write_with_creat",
     [](const Targets& on) { return outcome(creat((on.own + "/new").c_str(), 0600)); }},
    {"writing", "append",
     [](const Targets& on) { return write_with(file_of(on), O_WRONLY | O_APPEND); }},
    {"writing", "open_for_both", [](const Targets& on) { return write_with(file_of(on), O_RDWR); }},
    {"writing", "open_and_cut",
     [](const Targets& on) { return open_and_close(file_of(on), O_RDONLY | O_TRUNC); }},
    {"writing", "create",
     [](const Targets& on) {
       return open_and_close(on.own + "/new", O_WRONLY | O_CREAT | O_EXCL);
     }},
    {"writing", "create_for_reading",
     [](const Targets& on) { return open_and_close(on.own + "/new", O_RDONLY | O_CREAT); }},
    {"writing", "create_without_a_name",
     [](const Targets& on) { return open_and_close(on.own, O_TMPFILE | O_RDWR); }},
    {"writing", "create_in_tmp",
     [](const Targets&) {
       char name[] = "/tmp/baselined-escape-XXXXXX";
       const int file = mkstemp(name);
       const int result = outcome(file);
       close(file);
       if (result == 0) {
         unlink(name);
       }
       return result;
     }},
    {"writing", "write_what_is_granted",
     [](const Targets& on) { return write_with(granted_of(on), O_WRONLY); }},
    {"writing", "create_in_what_is_granted",
     [](const Targets& on) { return open_and_close(on.granted + "/new", O_WRONLY | O_CREAT); }},
    {"writing", "write_through_what_is_open",
     [](const Targets& on) {
       const int file = open(granted_of(on).c_str(), O_RDONLY | O_CLOEXEC);
       const int opened = outcome(file);
       const int written = write_with("/proc/self/fd/" + std::to_string(file), O_WRONLY);
       close(file);
       return opened == 0 ? written : opened;
     }},
    {"writing", "write_the_database",
     [](const Targets& on) { return open_and_close(on.state + "/baselined.db", O_RDWR); }},
    {"writing", "make_a_folder",
     [](const Targets& on) { return outcome(mkdir((on.own + "/new").c_str(), 0700)); }},
    {"writing", "make_a_folder_at",
     [](const Targets& on) { return outcome(mkdirat(AT_FDCWD, (on.own + "/new").c_str(), 0700)); }},
    {"writing", "make_a_node",
     [](const Targets& on) {
       return outcome(mknod((on.own + "/new").c_str(), S_IFREG | 0600, 0));
     }},
    {"writing", "make_a_device",
     [](const Targets& on) {
       return outcome(mknod((on.own + "/new").c_str(), S_IFCHR | 0600, makedev(1, 3)));
     }},
    {"writing", "make_a_pipe",
     [](const Targets& on) { return outcome(mkfifo((on.own + "/new").c_str(), 0600)); }},
    {"writing", "make_a_link",
     [](const Targets& on) { return outcome(symlink("file", (on.own + "/new").c_str())); }},
    {"writing", "make_a_hard_link",
     [](const Targets& on) {
       return outcome(link(file_of(on).c_str(), (on.own + "/new").c_str()));
     }},
    {"writing", "make_a_hard_link_to_what_is_granted",
     [](const Targets& on) {
       return outcome(link(granted_of(on).c_str(), (on.own + "/new").c_str()));
     }},
    {"writing", "rename",
     [](const Targets& on) {
       return outcome(std::rename(file_of(on).c_str(), (on.own + "/new").c_str()));
     }},
    {"writing", "rename_over",
     [](const Targets& on) {
       return outcome(std::rename(file_of(on).c_str(), (on.own + "/other").c_str()));
     }},
    {"writing", "rename_into_what_is_granted",
     [](const Targets& on) {
       return outcome(std::rename(file_of(on).c_str(), (on.granted + "/new").c_str()));
     }},
    {"writing", "exchange",
     [](const Targets& on) {
       return outcome(renameat2(AT_FDCWD, file_of(on).c_str(), AT_FDCWD,
                                (on.own + "/other").c_str(), RENAME_EXCHANGE));
     }},
    {"writing", "remove", [](const Targets& on) { return outcome(unlink(file_of(on).c_str())); }},
    {"writing", "remove_at",
     [](const Targets& on) { return outcome(unlinkat(AT_FDCWD, file_of(on).c_str(), 0)); }},
    {"writing", "remove_a_folder",
     [](const Targets& on) { return outcome(rmdir((on.own + "/folder").c_str())); }},
    {"writing", "cut", [](const Targets& on) { return outcome(truncate(file_of(on).c_str(), 0)); }},
    {"writing", "cut_what_is_open",
     [](const Targets& on) {
       return on_descriptor(file_of(on), [](int file) { return ftruncate(file, 0); });
     }},
    {"writing", "cut_what_is_granted",
     [](const Targets& on) { return outcome(truncate(granted_of(on).c_str(), 100)); }},
    {"writing", "reserve",
     [](const Targets& on) {
       return on_descriptor(file_of(on), [](int file) { return fallocate(file, 0, 0, 4096); });
     }},
    {"writing", "copy_inside_the_kernel",
     [](const Targets& on) {
       return on_descriptor(file_of(on), [](int file) {
         off_t from = 0;
         off_t to = 4096;
         return syscall(SYS_copy_file_range, file, &from, file, &to, 1UL, 0U);
       });
     }},
    {"writing", "map_for_writing",
     [](const Targets& on) {
       const int file = open(file_of(on).c_str(), O_RDWR | O_CLOEXEC);
       const int result = outcome(file);
       return result == 0 ? map_a_byte(file, PROT_READ | PROT_WRITE) : result;
     }},
    {"writing", "links_that_change_places",
     [](const Targets& on) {
       return repeatedly([&on] {
         const int made = symlink("../outside", (on.own + "/new").c_str());
         return made == 0 ? std::rename((on.own + "/new").c_str(), (on.own + "/link").c_str())
                          : made;
       });
     }},
    {"writing", "names_that_change_places",
     [](const Targets& on) {
       return repeatedly([&on] {
         const bool is_back = std::rename((on.own + "/other").c_str(), file_of(on).c_str()) == 0;
         return is_back ? 0 : std::rename(file_of(on).c_str(), (on.own + "/other").c_str());
       });
     }},
};

// ---- what belongs to a file beside its bytes -----------------------------------------------

constexpr timespec kLongAgo[2] = {{1, 0}, {1, 0}};

template <class Change>
int on_readable(const std::string& path, const Change& change) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int result = outcome(file < 0 ? file : change(file));
  close(file);
  return result;
}

int set_times(int file) { return futimens(file, kLongAgo); }

int set_flags(int file) {
  int flags = 0;
  const int read = ioctl(file, FS_IOC_GETFLAGS, &flags);
  flags |= FS_NODUMP_FL;
  return read < 0 ? read : ioctl(file, FS_IOC_SETFLAGS, &flags);
}

long set_mode_since_6_6(const std::string& path) {
  constexpr long kFchmodat2 = 452;
  return syscall(kFchmodat2, AT_FDCWD, path.c_str(), 0777, 0);
}

constexpr Attempt kMetadata[] = {
    {"metadata", "chmod",
     [](const Targets& on) { return outcome(chmod(file_of(on).c_str(), 0777)); }},
    {"metadata", "fchmod",
     [](const Targets& on) {
       return on_readable(file_of(on), [](int file) { return fchmod(file, 0777); });
     }},
    {"metadata", "fchmodat",
     [](const Targets& on) { return outcome(fchmodat(AT_FDCWD, file_of(on).c_str(), 0777, 0)); }},
    {"metadata", "fchmodat2",
     [](const Targets& on) { return outcome(set_mode_since_6_6(file_of(on))); }},
    {"metadata", "chown",
     [](const Targets& on) { return outcome(chown(file_of(on).c_str(), getuid(), getgid())); }},
    {"metadata", "lchown",
     [](const Targets& on) { return outcome(lchown(file_of(on).c_str(), getuid(), getgid())); }},
    {"metadata", "fchown",
     [](const Targets& on) {
       return on_readable(file_of(on), [](int file) { return fchown(file, getuid(), getgid()); });
     }},
    {"metadata", "utime",
     [](const Targets& on) {
       const utimbuf times = {1, 1};
       return outcome(utime(file_of(on).c_str(), &times));
     }},
    {"metadata", "utimensat",
     [](const Targets& on) {
       return outcome(utimensat(AT_FDCWD, file_of(on).c_str(), kLongAgo, 0));
     }},
    {"metadata", "futimens",
     [](const Targets& on) { return on_readable(file_of(on), &set_times); }},
    {"metadata", "setxattr",
     [](const Targets& on) {
       return outcome(setxattr(file_of(on).c_str(), "user.escape", "x", 1, 0));
     }},
    {"metadata", "fsetxattr",
     [](const Targets& on) {
       return on_readable(file_of(on),
                          [](int file) { return fsetxattr(file, "user.escape", "x", 1, 0); });
     }},
    {"metadata", "removexattr",
     [](const Targets& on) { return outcome(removexattr(file_of(on).c_str(), "user.here")); }},
    {"metadata", "chmod_of_what_is_granted",
     [](const Targets& on) { return outcome(chmod(granted_of(on).c_str(), 0600)); }},
    {"metadata", "fchmod_of_what_is_granted",
     [](const Targets& on) {
       return on_readable(granted_of(on), [](int file) { return fchmod(file, 0600); });
     }},
    {"metadata", "chown_of_what_is_granted",
     [](const Targets& on) { return outcome(chown(granted_of(on).c_str(), getuid(), getgid())); }},
    {"metadata", "utimes_of_what_is_granted",
     [](const Targets& on) { return outcome(utimes(granted_of(on).c_str(), nullptr)); }},
    {"metadata", "futimens_of_what_is_granted",
     [](const Targets& on) { return on_readable(granted_of(on), &set_times); }},
    {"metadata", "fsetxattr_of_what_is_granted",
     [](const Targets& on) {
       return on_readable(granted_of(on),
                          [](int file) { return fsetxattr(file, "user.escape", "x", 1, 0); });
     }},
    {"metadata", "flags_of_what_is_granted",
     [](const Targets& on) { return on_readable(granted_of(on), &set_flags); }},
    {"metadata", "lock_what_is_granted",
     [](const Targets& on) {
       return on_readable(granted_of(on), [](int file) { return flock(file, LOCK_EX | LOCK_NB); });
     }},
    {"metadata", "lease_what_is_granted",
     [](const Targets& on) {
       return on_readable(granted_of(on),
                          [](int file) { return fcntl(file, F_SETLEASE, F_RDLCK); });
     }},
    {"metadata", "watch_what_is_granted",
     [](const Targets& on) {
       return on_readable(on.granted,
                          [](int folder) { return fcntl(folder, F_NOTIFY, DN_CREATE); });
     }},
};

}  // namespace

std::span<const Attempt> write_attempts() { return kWriting; }
std::span<const Attempt> metadata_attempts() { return kMetadata; }

}  // namespace escape
