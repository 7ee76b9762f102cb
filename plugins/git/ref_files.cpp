#include "ref_files.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::string_view kRefs = "refs/";
constexpr std::string_view kSymbolic = "ref:";
constexpr std::size_t kIdBytes = GIT_OID_HEXSZ;
// More than an id or the longest name that a path can be; FETCH_HEAD and its like may be longer.
constexpr std::size_t kLooseBytes = PATH_MAX + 64;
// Four million refs.
constexpr std::size_t kPackedLimitBytes = std::size_t{256} << 20U;
// Every worktree has its own.
constexpr std::array<std::string_view, 3> kOwnFolders = {"refs/bisect", "refs/worktree",
                                                         "refs/rewritten"};

constexpr std::string_view kRestore = "restore it, or delete it if nobody needs it";
constexpr std::string_view kRestorePacked = "restore it from another clone or a backup";
constexpr std::string_view kRestoreHead = "write its branch into it, like ref: refs/heads/main";

using FolderId = std::pair<std::uint64_t, std::uint64_t>;  // device and inode

struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;  // DT_DIR, DT_REG, ...
};

struct Close {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool parse_id(std::string_view text, git_oid& id) {
  return text.size() >= kIdBytes && git_oid_fromstrn(&id, text.data(), kIdBytes) == 0;
}

bool is_space(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

bool is_allowed(const std::string& name) {
  int is_valid = 0;
  return name.find('\0') == std::string::npos &&
         git_reference_name_is_valid(&is_valid, name.c_str()) == 0 && is_valid != 0;
}

// An old form of a symbolic ref: a link whose text is the name of another ref.
bool is_symbolic_link(const std::string& path) {
  std::array<char, PATH_MAX> text{};
  const ssize_t length = ::readlink(path.c_str(), text.data(), text.size());
  return length > 0 &&
         std::string_view(text.data(), static_cast<std::size_t>(length)).starts_with(kRefs);
}

unsigned char type_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return DT_UNKNOWN;
  }
  return static_cast<unsigned char>(IFTODT(status.st_mode));
}

// Or a link to one.
bool is_folder(const std::string& path, unsigned char type) {
  struct stat status {};
  return type == DT_DIR ||
         (type == DT_LNK && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
}

// What is in a folder, by name. Nothing when the folder is gone.
std::vector<Entry> entries_of(const std::string& path, FolderId& id) {
  const std::unique_ptr<DIR, Close> folder(::opendir(path.c_str()));
  struct stat status {};
  if (folder == nullptr || ::fstat(::dirfd(folder.get()), &status) != 0) {
    if (errno == ENOENT) {
      return {};
    }
    throw Unreadable(errno);
  }
  id = {status.st_dev, status.st_ino};
  std::vector<Entry> entries;
  while (true) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own.
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = entry->d_name;
    if (!name.starts_with('.') && !name.ends_with(".lock")) {
      entries.push_back({std::string(name), entry->d_type});
    }
  }
  if (errno != 0) {
    throw Unreadable(errno);
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& left, const Entry& right) { return left.name < right.name; });
  return entries;
}

// Of "ref: refs/heads/main". Whether there is such a ref does not matter.
bool names_a_ref(std::string_view text) {
  text.remove_prefix(kSymbolic.size());
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text.starts_with(kRefs) && is_allowed(std::string(text));
}

// False when there is no such file.
bool read_target(const std::string& path, RefFile& ref) {
  const std::optional<std::string> text = read_start(path, kLooseBytes);
  if (!text) {
    return false;
  }
  if (text->starts_with(kSymbolic)) {
    if (!names_a_ref(*text)) {
      throw Unreadable("is symbolic, but names no ref below refs/");
    }
    ref.is_symbolic = true;
    return true;
  }
  if (text->empty()) {
    throw Unreadable("is empty");
  }
  const bool is_id = parse_id(*text, ref.target);
  if (!is_id || (text->size() > kIdBytes && !is_space((*text)[kIdBytes]))) {
    throw Unreadable("holds no object id");
  }
  return true;
}

bool is_peeled_line(std::string_view line) {
  git_oid id;
  return line.size() == kIdBytes + 1 && parse_id(line.substr(1), id);
}

bool parse_packed_line(std::string_view line, RefFile& ref) {
  if (!parse_id(line, ref.target) || line.size() <= kIdBytes || line[kIdBytes] != ' ') {
    return false;
  }
  ref.name = line.substr(kIdBytes + 1);
  ref.is_packed = true;
  return is_allowed(ref.name);
}

class Reader {
 public:
  explicit Reader(const RefFolders& folders, RefFiles files = {})
      : folders_(folders), files_(std::move(files)) {}

  RefFiles read() {
    files_.folder_id = refs_id();
    read_loose();
    read_packed();
    sort_refs();
    read_heads();
    check_folder();
    return std::move(files_);
  }

  RefFiles look_up(const std::vector<std::string>& names) {
    std::vector<RefFile> found;
    bool has_all = true;
    for (const std::string& name : names) {
      const RefFile* const listed = find(files_, name);
      if (listed != nullptr && !listed->is_packed) {
        continue;
      }
      if (std::optional<RefFile> ref = read_by_name(name)) {
        found.push_back(*std::move(ref));
      } else {
        has_all &= listed != nullptr;
      }
    }
    files_.refs.insert(files_.refs.begin(), found.begin(), found.end());
    if (!has_all && stamp_of(packed_path()) != files_.packed_stamp) {
      read_packed();
    }
    sort_refs();
    check_folder();
    return std::move(files_);
  }

 private:
  void read_loose() {
    read_folder(folders_.common, "refs");
    if (folders_.own != folders_.common) {
      for (const std::string_view name : kOwnFolders) {
        read_folder(folders_.own, std::string(name));
      }
    }
  }

  void read_folder(const std::string& root, const std::string& name);
  void read_entry(const std::string& root, const std::string& name, unsigned char type);
  std::optional<RefFile> read_by_name(const std::string& name) const;
  static std::optional<RefFile> read_ref(const std::string& path, const std::string& name,
                                         unsigned char type);
  void sort_refs();
  void check_folder();
  void read_packed();
  void read_packed(std::string_view text);
  void read_heads();
  void read_head(const std::string& name, bool must_exist);

  std::string packed_path() const { return folders_.common + "packed-refs"; }

  FolderId refs_id() const {
    struct stat status {};
    const bool is_there = ::stat((folders_.common + "refs").c_str(), &status) == 0;
    return is_there ? FolderId(status.st_dev, status.st_ino) : FolderId();
  }

  bool is_of_another_worktree(const std::string& root, const std::string& name) const {
    return folders_.own != folders_.common && root == folders_.common &&
           std::find(kOwnFolders.begin(), kOwnFolders.end(), name) != kOwnFolders.end();
  }

  static std::string text_of(const std::string& name, const Unreadable& problem,
                             std::string_view advice) {
    return make_utf8(name) + " " + problem.what() + ": " + std::string(problem.advice(advice));
  }

  const RefFolders& folders_;
  std::vector<FolderId> path_;  // folders that are being read, from refs down
  RefFiles files_;
};

void Reader::read_folder(const std::string& root, const std::string& name) {
  try {
    FolderId id;
    const std::vector<Entry> entries = entries_of(root + name, id);
    if (std::find(path_.begin(), path_.end(), id) != path_.end()) {
      throw Unreadable("leads back to a folder above it");
    }
    path_.push_back(id);
    for (const Entry& entry : entries) {
      const std::string full = name + '/' + entry.name;
      if (!is_of_another_worktree(root, full)) {
        read_entry(root, full, entry.type);
      }
    }
    path_.pop_back();
  } catch (const Unreadable& problem) {
    files_.damage.note(text_of(name, problem, kRestore));
  }
}

void Reader::read_entry(const std::string& root, const std::string& name, unsigned char type) {
  const std::string path = root + name;
  type = type == DT_UNKNOWN ? type_of(path) : type;
  const bool has_entries = is_folder(path, type);
  // A folder's name may end in a dot, a ref's may not.
  if (!is_allowed(has_entries ? name + "/x" : name)) {
    files_.bad_names.note(make_utf8(name));
    return;
  }
  if (has_entries) {
    read_folder(root, name);
  } else if (std::optional<RefFile> ref = read_ref(path, name, type)) {
    files_.refs.push_back(*std::move(ref));
  }
}

std::optional<RefFile> Reader::read_by_name(const std::string& name) const {
  const std::string path = folders_.common + name;
  const auto look = [&]() -> std::optional<RefFile> {
    const unsigned char type = type_of(path);
    return is_folder(path, type) ? std::nullopt : read_ref(path, name, type);
  };
  std::optional<RefFile> ref = look();
  return ref && !ref->problem.empty() ? look() : ref;  // as look_twice() does
}

// Nothing when there is no such file.
std::optional<RefFile> Reader::read_ref(const std::string& path, const std::string& name,
                                        unsigned char type) {
  RefFile ref;
  ref.name = name;
  try {
    ref.is_symbolic = type == DT_LNK && is_symbolic_link(path);
    if (!ref.is_symbolic && !read_target(path, ref)) {
      return std::nullopt;
    }
  } catch (const Unreadable& problem) {
    ref.problem = text_of(name, problem, kRestore);
  }
  return ref;
}

void Reader::read_packed() {
  files_.packed_stamp = stamp_of(packed_path());
  try {
    const std::optional<std::string> text = read_file(packed_path(), kPackedLimitBytes);
    if (text && text->empty()) {
      // Git writes a heading at least. An empty file is what a crash of the machine leaves.
      files_.damage.note(
          "packed-refs is empty: restore it from another clone, or run git pack-refs --all if no "
          "ref is missing");
    } else if (text) {
      read_packed(*text);
    }
  } catch (const Unreadable& problem) {
    files_.damage.note(text_of("packed-refs", problem, kRestorePacked));
  }
}

// Lines "<id> <name>", each perhaps followed by "^<id>" (what the tag is of), and headings "# ...".
void Reader::read_packed(std::string_view text) {
  bool is_after_ref = false;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    bool is_understood = line.starts_with('#');
    if (line.starts_with('^')) {
      is_understood = is_after_ref && is_peeled_line(line);
      is_after_ref = false;
    } else if (!is_understood) {
      RefFile ref;
      is_understood = is_after_ref = parse_packed_line(line, ref);
      if (is_understood) {
        files_.refs.push_back(std::move(ref));
      }
    }
    if (!is_understood || end == std::string_view::npos) {
      throw Unreadable("holds no ref in line " + std::to_string(number));
    }
  }
}

// Of linked worktrees too.
void Reader::read_heads() {
  read_head("HEAD", true);
  try {
    FolderId id;
    for (const Entry& worktree : entries_of(folders_.common + "worktrees", id)) {
      if (worktree.type != DT_REG) {
        read_head("worktrees/" + worktree.name + "/HEAD", false);
      }
    }
  } catch (const Unreadable& problem) {
    files_.damage.note(text_of("worktrees", problem, kRestore));
  }
  std::sort(
      files_.heads.begin(), files_.heads.end(),
      [](const git_oid& left, const git_oid& right) { return git_oid_cmp(&left, &right) < 0; });
}

// Stable: the first of a name stays, so a loose one hides the packed one.
void Reader::sort_refs() {
  std::vector<RefFile>& refs = files_.refs;
  std::stable_sort(refs.begin(), refs.end(), [](const RefFile& left, const RefFile& right) {
    return left.name < right.name;
  });
  const auto has_same_name = [](const RefFile& left, const RefFile& right) {
    return left.name == right.name;
  };
  refs.erase(std::unique(refs.begin(), refs.end(), has_same_name), refs.end());
}

void Reader::check_folder() {
  if (files_.folder_id == FolderId() || files_.folder_id != refs_id()) {
    files_.damage.note("refs was removed or replaced while it was read: the next run looks again");
  }
}

void Reader::read_head(const std::string& name, bool must_exist) {
  const std::string path = folders_.common + name;
  RefFile head;
  try {
    if (is_symbolic_link(path)) {
      return;
    }
    if (!read_target(path, head)) {
      if (must_exist) {
        throw Unreadable("is missing");
      }
      return;
    }
    if (!head.is_symbolic) {
      files_.heads.push_back(head.target);
    }
  } catch (const Unreadable& problem) {
    files_.damage.note(text_of(name, problem, kRestoreHead));
  }
}

}  // namespace

bool RefFiles::is_sound() const {
  return damage.is_none() && std::all_of(refs.begin(), refs.end(),
                                         [](const RefFile& ref) { return ref.problem.empty(); });
}

const RefFile* find(const RefFiles& files, const std::string& name) {
  const auto found = std::lower_bound(
      files.refs.begin(), files.refs.end(), name,
      [](const RefFile& ref, const std::string& wanted) { return ref.name < wanted; });
  return found != files.refs.end() && found->name == name ? &*found : nullptr;
}

RefFiles read_ref_files(const RefFolders& folders) { return Reader(folders).read(); }

RefFiles look_up(const RefFolders& folders, const std::vector<std::string>& names, RefFiles files) {
  return Reader(folders, std::move(files)).look_up(names);
}

RefFiles look_twice(const std::function<RefFiles()>& look) {
  RefFiles files = look();
  return files.is_sound() ? files : look();
}

}  // namespace baselined::git
