// Files and paths that somebody has tampered with: none is read, and each message names what is
// wrong and how to mend it.
#include "daemon/host/plugin_image.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "daemon/base/digest.h"
#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::StartsWith;

constexpr uid_t kSomebody = 54321;
constexpr std::string_view kUseChmod = "; use chmod go-w";

// top/middle/plugins/git.so, of this user alone.
class PluginImageTest : public testing::Test {
 protected:
  PluginImageTest() : top_(fs::canonical(empty_directory("tamper"))) {
    fs::create_directories(folder_);
    for (const fs::path& each : {top_ / "middle", folder_}) {
      fs::permissions(each, fs::perms::owner_all);
    }
    write(file_, "the plugin");
  }

  static void write(const fs::path& file, std::string_view bytes) {
    std::ofstream(file) << bytes;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  }
  static void give_away(const fs::path& path) {
    ASSERT_EQ(::lchown(path.c_str(), kSomebody, kSomebody), 0);
  }
  // As setfacl -m u:54321:rwx does; false where the file system has no access lists, and with them
  // no such attack.
  static bool give_write_access(const fs::path& path) {
    struct Entry {
      std::uint16_t tag;
      std::uint16_t may;
      std::uint32_t who;
    };
    struct {
      std::uint32_t version = 2;
      Entry entries[5] = {{1, 7, ~0U}, {2, 7, kSomebody}, {4, 5, ~0U}, {16, 7, ~0U}, {32, 5, ~0U}};
    } list;
    const bool is_given =
        ::setxattr(path.c_str(), "system.posix_acl_access", &list, sizeof list, 0) == 0;
    EXPECT_TRUE(is_given || errno == EOPNOTSUPP) << std::strerror(errno);
    return is_given;
  }
  // What is said of the file, without the file's name, which comes first.
  std::string refusal() const {
    const auto image = PluginImage::read(file_);
    if (image) {
      return "nothing: it was read";
    }
    EXPECT_EQ(image.error().code(), Error::Code::config);
    const std::string message = image.error().message();
    EXPECT_THAT(message, StartsWith(file_.string() + ": "));
    return message.substr(std::min(message.size(), file_.string().size() + 2));
  }
  static std::string in_memory(const PluginImage& image) {
    std::string bytes(100, '\0');
    const ssize_t size = ::pread(image.bytes().get(), bytes.data(), bytes.size(), 0);
    return bytes.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }

  const fs::path top_;
  const fs::path folder_ = top_ / "middle" / "plugins";
  const fs::path file_ = folder_ / "git.so";
};

TEST_F(PluginImageTest, ThatNobodyElseCanChangeIsRead) {
  const auto image = PluginImage::read(file_);
  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(in_memory(**image), "the plugin");
  EXPECT_EQ((*image)->sha256(), to_hex(sha256("the plugin")));
}

TEST_F(PluginImageTest, ThatEverybodyCanWriteIsRefused) {
  fs::permissions(file_, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(refusal(), "users other than its owner can write to it" + std::string(kUseChmod));
}

// A sticky bit is nothing to a file.
TEST_F(PluginImageTest, ThatEverybodyCanWriteIsRefusedWithAStickyBitToo) {
  ASSERT_EQ(::chmod(file_.c_str(), S_ISVTX | 0666), 0);
  EXPECT_EQ(refusal(), "users other than its owner can write to it" + std::string(kUseChmod));
}

TEST_F(PluginImageTest, InAFolderThatEverybodyCanWriteIsRefused) {
  fs::permissions(folder_, fs::perms::all);
  EXPECT_EQ(refusal(),
            "users other than its owner can write to " + folder_.string() + std::string(kUseChmod));
}

TEST_F(PluginImageTest, BelowAFolderThatEverybodyCanWriteIsRefused) {
  fs::permissions(top_, fs::perms::all);
  EXPECT_EQ(refusal(),
            "users other than its owner can write to " + top_.string() + std::string(kUseChmod));
}

// Found by an attack: the group is that of this process, and somebody whom the list names writes.
TEST_F(PluginImageTest, ThatAnAccessListLetsSomebodyElseWriteIsRefused) {
  if (!give_write_access(file_)) {
    GTEST_SKIP() << "no access lists here";
  }
  EXPECT_EQ(refusal(), "users other than its owner can write to it" + std::string(kUseChmod));
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);  // as the message says: nobody on the list then
  EXPECT_EQ(refusal(), "nothing: it was read");
}

TEST_F(PluginImageTest, InAFolderThatAnAccessListLetsSomebodyElseWriteIsRefused) {
  if (!give_write_access(folder_)) {
    GTEST_SKIP() << "no access lists here";
  }
  EXPECT_EQ(refusal(),
            "users other than its owner can write to " + folder_.string() + std::string(kUseChmod));
}

// Others can make names in it, and change none.
TEST_F(PluginImageTest, InAStickyFolderIsRead) {
  fs::permissions(folder_, fs::perms::all | fs::perms::sticky_bit);
  EXPECT_EQ(refusal(), "nothing: it was read");
}

TEST_F(PluginImageTest, BehindALinkInAFolderThatEverybodyCanWriteIsRefused) {
  const fs::path open = top_ / "open";
  fs::create_directory(open);
  fs::permissions(open, fs::perms::all);
  fs::rename(file_, top_ / "git.so");
  fs::create_symlink(top_ / "git.so", open / "link");
  fs::create_symlink(open / "link", file_);
  EXPECT_EQ(refusal(),
            "users other than its owner can write to " + open.string() + std::string(kUseChmod));
}

TEST_F(PluginImageTest, BehindALinkToAFolderThatEverybodyCanWriteIsRefused) {
  const fs::path open = top_ / "open";
  fs::rename(folder_, open);
  fs::create_directory_symlink("../open", folder_);
  fs::permissions(open, fs::perms::all);
  EXPECT_THAT(refusal(), EndsWith("can write to " + open.string() + std::string(kUseChmod)));
}

TEST_F(PluginImageTest, BehindLinksThatNobodyElseCanChangeIsRead) {
  fs::rename(file_, top_ / "git.so");
  fs::create_symlink("../.././middle/link", file_);
  fs::create_symlink(top_ / "git.so", top_ / "middle" / "link");
  EXPECT_EQ(refusal(), "nothing: it was read");
}

TEST_F(PluginImageTest, BehindLinksInARingIsRefused) {
  fs::remove(file_);
  fs::create_symlink("other.so", file_);
  fs::create_symlink("git.so", folder_ / "other.so");
  EXPECT_EQ(refusal(), "Too many levels of symbolic links; make the link again");
}

TEST_F(PluginImageTest, BehindALinkToNothingIsRefused) {
  fs::remove(file_);
  EXPECT_EQ(refusal(), "No such file or directory; install it there");
  fs::create_symlink("nowhere/git.so", file_);
  EXPECT_EQ(refusal(),
            (folder_ / "nowhere").string() + ": No such file or directory; install it there");
}

TEST_F(PluginImageTest, ThatIsAPipeADeviceASocketOrAFolderIsRefused) {
  const std::string said = "it is not a regular file; put the plugin there";
  fs::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), said);  // and is not waited for
  fs::remove(file_);
  fs::create_symlink("/dev/zero", file_);
  EXPECT_EQ(refusal(), said);
  fs::remove(file_);
  fs::create_directory(file_);
  fs::permissions(file_, fs::perms::owner_all);
  EXPECT_EQ(refusal(), said);
  fs::remove(file_);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ASSERT_LT(file_.string().copy(address.sun_path, sizeof(address.sun_path) - 1),
            sizeof(address.sun_path) - 1);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_NE(refusal(), "nothing: it was read");
}

TEST_F(PluginImageTest, ThatIsUsedAsAFolderIsRefused) {
  const auto image = PluginImage::read(file_ / "git.so");
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message(), EndsWith("Not a directory; install it there"));
}

TEST_F(PluginImageTest, ThatIsEmptyIsRefused) {
  write(file_, "");
  EXPECT_EQ(refusal(), "it is empty; install it again");
}

// Before a byte of it is read.
TEST_F(PluginImageTest, OfAFileThatIsHugeAndMostlyHolesIsRefused) {
  fs::resize_file(file_, std::uintmax_t{300} << 20U);
  EXPECT_EQ(refusal(), "it is larger than 256 MiB; install it again");
}

TEST_F(PluginImageTest, StaysWhatWasCheckedWhenTheFileIsReplaced) {
  const auto image = PluginImage::read(file_);
  ASSERT_TRUE(image);
  EXPECT_TRUE((*image)->is_current());
  write(top_ / "new", "another");
  fs::rename(top_ / "new", file_);
  EXPECT_FALSE((*image)->is_current());
  EXPECT_EQ(in_memory(**image), "the plugin");
}

TEST_F(PluginImageTest, StaysWhatWasCheckedWhenTheFileIsRewrittenOrCut) {
  const auto image = PluginImage::read(file_);
  ASSERT_TRUE(image);
  write(file_, "THE PLUGIN");
  EXPECT_EQ(in_memory(**image), "the plugin");
  EXPECT_FALSE((*image)->is_current());
  fs::resize_file(file_, 0);
  EXPECT_EQ(in_memory(**image), "the plugin");
}

// Every worker of the plugin is given the same memory.
TEST_F(PluginImageTest, IsSealed) {
  const auto image = PluginImage::read(file_);
  ASSERT_TRUE(image);
  const int bytes = (*image)->bytes().get();
  EXPECT_EQ(::pwrite(bytes, "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(bytes, 0), -1);
  EXPECT_EQ(::ftruncate(bytes, 1000), -1);
  EXPECT_EQ(::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, bytes, 0), MAP_FAILED);
  EXPECT_EQ(::fcntl(bytes, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
  EXPECT_EQ(in_memory(**image), "the plugin");
}

// Other owners and groups, which only root can make.
class PluginImageOfOthersTest : public PluginImageTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "for root only";
    }
  }
};

TEST_F(PluginImageOfOthersTest, ThatSomebodyElseOwnsIsRefused) {
  give_away(file_);
  EXPECT_EQ(refusal(), "it belongs to neither root nor the user of this process; use chown");
}

TEST_F(PluginImageOfOthersTest, InAFolderThatSomebodyElseOwnsIsRefused) {
  give_away(top_ / "middle");
  EXPECT_EQ(refusal(), (top_ / "middle").string() +
                           " belongs to neither root nor the user of this process; use chown");
}

TEST_F(PluginImageOfOthersTest, ThatAnotherGroupCanWriteIsRefused) {
  fs::permissions(file_, fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(refusal(), "nothing: it was read");  // its own group
  ASSERT_EQ(::chown(file_.c_str(), 0, kSomebody), 0);
  EXPECT_EQ(refusal(), "users other than its owner can write to it" + std::string(kUseChmod));
}

// A second name for a file that somebody else can write.
TEST_F(PluginImageOfOthersTest, ThatIsAHardLinkToAFileOfSomebodyElseIsRefused) {
  write(top_ / "theirs", "another");
  give_away(top_ / "theirs");
  fs::remove(file_);
  fs::create_hard_link(top_ / "theirs", file_);
  EXPECT_EQ(refusal(), "it belongs to neither root nor the user of this process; use chown");
}

// Where everybody can make names, the kernel's own check of links does not apply to a walk by hand.
TEST_F(PluginImageOfOthersTest, BehindALinkThatSomebodyElseMadeIsRefused) {
  fs::permissions(folder_, fs::perms::all | fs::perms::sticky_bit);
  fs::rename(file_, top_ / "older.so");
  fs::create_symlink("../../older.so", file_);
  EXPECT_EQ(refusal(), "nothing: it was read");
  give_away(file_);
  EXPECT_EQ(refusal(),
            file_.string() + " belongs to neither root nor the user of this process; use chown -h");
}

}  // namespace
}  // namespace baselined::host
