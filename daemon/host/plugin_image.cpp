// The way to the file is walked step by step with open descriptors, links resolved by hand: what
// was checked is what is opened, and nobody can put another folder in between.
#include "daemon/host/plugin_image.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <vector>

#include "daemon/base/digest.h"
#include "daemon/host/spawn.h"

namespace baselined::host {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel
constexpr off_t kMaxPluginBytes = off_t{256} << 20U;

Error wrong(std::string message) { return {Error::Code::config, std::move(message)}; }

std::string_view remedy(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return "; install it there";
    case ELOOP:
      return "; make the link again";
    case EACCES:
      return "; let the user of this process read it";
    default:
      return "";
  }
}

Error failed(int number) {
  const bool is_short = number == EMFILE || number == ENFILE || number == ENOMEM;
  return {is_short ? Error::Code::transient : Error::Code::config,
          fmt::format("{}{}", std::strerror(number), remedy(number))};
}

// Who owns a link has chosen what is behind it.
Status check_user(const struct stat& status, const std::string& what) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return wrong(fmt::format("{} belongs to neither root nor the user of this process; use chown{}",
                             what, S_ISLNK(status.st_mode) ? " -h" : ""));
  }
  return {};
}

// By its path below /proc: a descriptor of a path alone can be asked for nothing.
bool has_access_list(const Descriptor& file) {
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  return ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

// Whoever may write there may put other code in its place. Where a folder is sticky (/tmp), nobody
// but the owner of an entry and of the folder may. With an access list the bits of the group are
// those of everybody whom it names.
Status check_owner(const Descriptor& file, const struct stat& status, const std::string& what) {
  BL_CHECK(check_user(status, what));
  const bool is_sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  const bool others_write = (status.st_mode & S_IWOTH) != 0;
  const bool group_writes =
      (status.st_mode & S_IWGRP) != 0 && (status.st_gid != ::getegid() || has_access_list(file));
  if (!is_sticky && (others_write || group_writes)) {
    return wrong(fmt::format("users other than its owner can write to {}; use chmod go-w", what));
  }
  return {};
}

// The names of a path, in front of those that are still to come.
void push_names(std::deque<std::string>& names, const std::string& path) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(path).relative_path()) {
    if (!part.empty() && part != ".") {
      parts.push_back(part.string());
    }
  }
  names.insert(names.begin(), parts.begin(), parts.end());
}

// One walk from the root to the file.
class Walk {
 public:
  // The file, open for reading.
  Result<Descriptor> open(const std::filesystem::path& file) {
    push_names(names_, file.string());
    BL_CHECK(enter_root());
    while (!names_.empty()) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      if (name == "..") {
        BL_CHECK(leave_folder());
        continue;
      }
      BL_TRY(const bool is_file, step(name));
      if (is_file) {
        return open_file(name);
      }
    }
    return not_regular();
  }

 private:
  struct Folder {
    Descriptor descriptor;
    std::string path;
  };

  Status enter_root() {
    folders_.clear();
    return enter(Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/");
  }

  Status enter(Descriptor descriptor, std::string path) {
    struct stat status {};
    if (!descriptor.is_open() || ::fstat(descriptor.get(), &status) != 0) {
      return failed(errno);
    }
    BL_CHECK(check_owner(descriptor, status, path));
    folders_.push_back({std::move(descriptor), std::move(path)});
    return {};
  }

  Status leave_folder() {
    if (folders_.size() > 1) {
      folders_.pop_back();
    }
    return {};
  }

  std::string path_of(const std::string& name) const {
    const std::string& folder = folders_.back().path;
    return (folder == "/" ? folder : folder + "/") + name;
  }

  // Behind a link its target is named too.
  Error failed_at(int number, const std::string& name) const {
    return links_ == 0 ? failed(number) : failed(number).with(path_of(name));
  }

  static Error not_regular() { return wrong("it is not a regular file; put the plugin there"); }

  // True where `name` is the file itself: the last name, and no link or folder.
  Result<bool> step(const std::string& name) {
    const int parent = folders_.back().descriptor.get();
    Descriptor entry(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!entry.is_open() || ::fstat(entry.get(), &status) != 0) {
      return failed_at(errno, name);
    }
    if (S_ISLNK(status.st_mode)) {
      BL_CHECK(check_user(status, path_of(name)));
      BL_CHECK(follow(entry));
      return false;
    }
    if (S_ISDIR(status.st_mode)) {
      BL_CHECK(enter(std::move(entry), path_of(name)));
      return false;
    }
    if (!names_.empty()) {
      return failed_at(ENOTDIR, name);
    }
    return true;
  }

  Status follow(const Descriptor& link) {
    if (++links_ > kMaxLinks) {
      return failed(ELOOP);
    }
    std::array<char, 4096> target{};
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size <= 0 || static_cast<std::size_t>(size) == target.size()) {
      return failed(size < 0 ? errno : ENAMETOOLONG);
    }
    const std::string path(target.data(), static_cast<std::size_t>(size));
    push_names(names_, path);
    return path.front() == '/' ? enter_root() : Status();
  }

  // O_NONBLOCK: a pipe must not hold this up before it is seen to be one.
  Result<Descriptor> open_file(const std::string& name) const {
    Descriptor file(::openat(folders_.back().descriptor.get(), name.c_str(),
                             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
      return failed_at(errno, name);
    }
    if (!S_ISREG(status.st_mode)) {
      return not_regular();
    }
    BL_CHECK(check_owner(file, status, "it"));
    return file;
  }

  std::deque<std::string> names_;
  std::vector<Folder> folders_;
  int links_ = 0;
};

bool is_same(const struct stat& left, const struct stat& right) {
  const auto is_equal = [](const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino &&
         left.st_size == right.st_size && left.st_uid == right.st_uid &&
         left.st_mode == right.st_mode && is_equal(left.st_mtim, right.st_mtim) &&
         is_equal(left.st_ctim, right.st_ctim);
}

Result<std::string> read_all(const Descriptor& file, const struct stat& status) {
  if (status.st_size == 0 || status.st_size > kMaxPluginBytes) {
    return wrong(fmt::format("it is {}; install it again",
                             status.st_size == 0 ? "empty" : "larger than 256 MiB"));
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t part =
        ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (part < 0 && errno != EINTR) {
      return failed(errno);
    }
    if (part == 0) {
      break;
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(part, 0));
  }
  struct stat after {};
  if (done != bytes.size() || ::fstat(file.get(), &after) != 0 || !is_same(status, after)) {
    return Error(Error::Code::transient, "it changed while it was read; try again");
  }
  return bytes;
}

// Its name shows in a debugger and in /proc/PID/maps.
Result<Descriptor> seal(const std::string& bytes, const std::string& name) {
  Descriptor memory(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (!memory.is_open()) {
    return failed(errno);
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t part = ::write(memory.get(), bytes.data() + done, bytes.size() - done);
    if (part < 0 && errno != EINTR) {
      return Error(Error::Code::transient, std::strerror(errno));
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(part, 0));
  }
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) {
    return failed(errno);
  }
  return move_up(std::move(memory));
}

}  // namespace

Result<std::shared_ptr<const PluginImage>> PluginImage::read(const std::filesystem::path& file) {
  const auto load = [&file](PluginImage& image) -> Status {
    BL_TRY(const Descriptor opened, Walk().open(file));
    if (::fstat(opened.get(), &image.status_) != 0) {
      return failed(errno);
    }
    BL_TRY(const std::string bytes, read_all(opened, image.status_));
    BL_TRY(image.bytes_, seal(bytes, file.filename().string()));
    image.sha256_ = to_hex(baselined::sha256(bytes));
    return {};
  };
  std::shared_ptr<PluginImage> image(new PluginImage());
  image->file_ = file;
  if (Status loaded = load(*image); !loaded) {
    return std::move(loaded).error().with(file.string());
  }
  return std::shared_ptr<const PluginImage>(std::move(image));
}

bool PluginImage::is_current() const {
  struct stat now {};
  return ::stat(file_.c_str(), &now) == 0 && is_same(now, status_);
}

}  // namespace baselined::host
