// What each grant opens, and what stays closed with it: a plugin in the real worker tries and
// tells.
#include <baselined/plugin.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/base/under_sanitizer.h"
#include "tests/unit/worker/worker_process.h"

namespace baselined::worker {
namespace {

namespace fs = std::filesystem;

struct Profile {
  std::uint32_t granted = 0;
  std::vector<std::string> read;
};

std::vector<std::string> arguments_of(const Profile& profile) {
  std::vector<std::string> arguments = {"--granted", std::to_string(profile.granted)};
  for (const std::string& path : profile.read) {
    arguments.insert(arguments.end(), {"--read", path});
  }
  return arguments;
}

// After Hello, when the worker has confined itself.
std::string tried_in(WorkerProcess& worker, const std::string& what, const std::string& on) {
  const std::string options = R"({"do":")" + what + R"(","on":")" + on + "\"}";
  worker.send(wire::FrameType::start, encode(wire::Start{.options = options}));
  const Frame log = worker.expect(wire::FrameType::log);
  const auto message = wire::decode_log(log.payload);
  return message ? std::string(message->text) : "no log line";
}

std::string tried(const Profile& profile, const std::string& what, const std::string& on = "",
                  const Without& without = {}) {
  WorkerProcess worker(plugin("confined_plugin"), arguments_of(profile), without);
  worker.expect(wire::FrameType::hello);
  return tried_in(worker, what, on);
}

// A folder with files of which some are granted.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string name = ::testing::TempDir() + "profile-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
    for (const char* file : {"granted/one", "granted/below/two", "outside/three", "like-1"}) {
      fs::create_directories((folder_ / file).parent_path());
      std::ofstream(path(file)) << file;
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Profile reading(const std::string& name) const { return {BL_CAP_FS_READ, {path(name)}}; }

 private:
  fs::path folder_;
};

TEST_F(FilesTest, AreReadWhereTheyAreGranted) {
  EXPECT_EQ(tried(reading("granted/one"), "read", path("granted/one")), "ok: granted/one");
  EXPECT_EQ(tried(reading("granted/one"), "read", path("granted/below/two")), "EACCES");
  EXPECT_EQ(tried(reading("granted/one"), "list", path("granted")), "EACCES");
}

TEST_F(FilesTest, OfAGrantedFolderAreReadAndListedAllTheWayDown) {
  EXPECT_EQ(tried(reading("granted"), "read", path("granted/below/two")), "ok: granted/below/two");
  EXPECT_EQ(tried(reading("granted"), "list", path("granted/below")), "ok");
  EXPECT_EQ(tried(reading("granted"), "read", path("granted/../outside/three")), "EACCES");
  EXPECT_EQ(tried(reading("granted"), "list", path("")), "EACCES");
}

TEST_F(FilesTest, OfTheOptionsStayClosedWithoutTheGrant) {
  const Profile everything_else = {~BL_CAP_FS_READ, {path("granted")}};
  EXPECT_EQ(tried(everything_else, "read", path("granted/one")), "EACCES");
}

TEST_F(FilesTest, ThatAPatternMatchesAreRead) {
  EXPECT_EQ(tried(reading("like-?"), "read", path("like-1")), "ok: like-1");
  EXPECT_EQ(tried(reading("gr*/o?e"), "read", path("granted/one")), "ok: granted/one");
  EXPECT_EQ(tried(reading("gr*/o?e"), "read", path("granted/below/two")), "EACCES");
  EXPECT_EQ(tried(reading("like-?"), "read", path("outside/three")), "EACCES");
}

// A plugin expands the pattern itself.
TEST_F(FilesTest, BeforeAPatternAreListedButNotRead) {
  EXPECT_EQ(tried(reading("granted/*/two"), "list", path("granted")), "ok");
  EXPECT_EQ(tried(reading("granted/*/two"), "read", path("granted/one")), "EACCES");
  EXPECT_EQ(tried(reading("granted/*/two"), "list", path("")), "EACCES");
}

TEST_F(FilesTest, BehindAGrantedLinkAreReadByBothNames) {
  fs::create_symlink("outside/three", path("link"));
  EXPECT_EQ(tried(reading("link"), "read", path("link")), "ok: outside/three");
  EXPECT_EQ(tried(reading("link"), "read", path("outside/three")), "ok: outside/three");
  EXPECT_EQ(tried(reading("link"), "list", path("outside")), "EACCES");
}

TEST_F(FilesTest, BehindALinkInAGrantedFolderStayClosed) {
  fs::create_symlink("../outside/three", path("granted/link"));
  EXPECT_EQ(tried(reading("granted"), "read", path("granted/link")), "EACCES");
}

TEST_F(FilesTest, ThatAreNotThereAreNoMistakeAndGrantNothingLater) {
  WorkerProcess worker(plugin("confined_plugin"), arguments_of(reading("new")));
  worker.expect(wire::FrameType::hello);
  std::ofstream(path("new")) << "later";
  EXPECT_EQ(tried_in(worker, "read", path("new")), "EACCES");
}

TEST_F(FilesTest, ThatAreGrantedAreNotChanged) {
  EXPECT_EQ(tried(reading("granted"), "chmod", path("granted/one")), "EPERM");
}

TEST_F(FilesTest, OfAnotherUserAreReadByRootWhereTheyAreGranted) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "for root only";
  }
  ASSERT_EQ(chown(path("granted/one").c_str(), 54321, 54321), 0);
  fs::permissions(path("granted/one"), fs::perms::owner_read);
  EXPECT_EQ(tried(reading("granted/one"), "read", path("granted/one")), "ok: granted/one");
}

TEST(Files, OfTheSystemAreReadAsFarAsTheNetworkNeedsThem) {
  EXPECT_EQ(tried({}, "list", "/usr/lib"), "ok");
  EXPECT_EQ(tried({~BL_CAP_NET_DIRECT, {}}, "list", "/etc/ssl/certs"), "EACCES");
  EXPECT_EQ(tried({BL_CAP_NET_DIRECT, {}}, "read", "/etc/passwd"), "EACCES");
  EXPECT_EQ(tried({BL_CAP_NET_DIRECT, {}}, "list", "/etc"), "EACCES");
  ASSERT_TRUE(fs::exists("/etc/ssl/private")) << "the package openssl makes it";
  EXPECT_EQ(tried({BL_CAP_NET_DIRECT, {}}, "list", "/etc/ssl/certs"), "ok");
  EXPECT_EQ(tried({BL_CAP_NET_DIRECT, {}}, "list", "/etc/ssl/private"), "EACCES");
}

TEST(Threads, StartWhereTheyAreGranted) { EXPECT_EQ(tried({BL_CAP_THREADS, {}}, "thread"), "ok"); }

TEST(Threads, OfAPluginWithoutThemFailWithAClearError) {
  if (kUnderSanitizer) {
    GTEST_SKIP() << "a sanitizer starts one of its own";
  }
  EXPECT_EQ(tried({~(BL_CAP_THREADS | BL_CAP_EXEC), {}}, "thread"), "Operation not permitted");
}

// Somebody who listens on the loopback interface.
class NetworkTest : public ::testing::Test {
 protected:
  NetworkTest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* general = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, general, size), 0);
    EXPECT_EQ(listen(listener_, 5), 0);
    EXPECT_EQ(getsockname(listener_, general, &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  void TearDown() override { close(listener_); }

  std::string port_;

 private:
  int listener_;
};

TEST_F(NetworkTest, IsReachedWhereItIsGranted) {
  EXPECT_EQ(tried({BL_CAP_NET_DIRECT, {}}, "connect", port_), "ok");
  EXPECT_EQ(tried({~BL_CAP_NET_DIRECT, {}}, "connect", port_), "socket: EPERM");
}

TEST_F(NetworkTest, IsNeverServed) {
  EXPECT_EQ(tried({~0U, {}}, "bind", "0"), "EPERM");
  EXPECT_EQ(tried({~0U, {}}, "listen", "0"), "EPERM");
}

TEST_F(NetworkTest, IsNeverSeenRaw) { EXPECT_EQ(tried({~0U, {}}, "raw", "0"), "socket: EPERM"); }

TEST_F(FilesTest, OfProgramsRunWhereThatIsGranted) {
  EXPECT_EQ(tried({BL_CAP_EXEC, {}}, "program", "/bin/true"), "exit 0");
  EXPECT_EQ(tried({BL_CAP_EXEC, {}}, "program", "/bin/false"), "exit 1");
  const std::string refused = tried({~BL_CAP_EXEC, {}}, "program", "/bin/true");
  EXPECT_TRUE(refused == "EPERM" || refused == "EACCES") << refused;
}

TEST_F(FilesTest, OfProgramsThatAreNotTheSystemsNeverRun) {
  fs::copy("/bin/true", path("granted/program"));
  const Profile profile = {~0U, {path("granted")}};
  EXPECT_EQ(tried(profile, "program", path("granted/program")), "EACCES");
}

TEST_F(FilesTest, AreAsClosedToAProgramThatThePluginStarts) {
  const Profile profile = {~0U, {path("granted")}};
  EXPECT_EQ(tried(profile, "program", "/bin/cat " + path("granted/one")), "exit 0");
  EXPECT_EQ(tried(profile, "program", "/bin/cat " + path("outside/three")), "exit 1");
  EXPECT_EQ(tried(profile, "program", "/bin/touch " + path("granted/new")), "exit 1");
  EXPECT_EQ(tried(profile, "program", "/bin/chmod 777 " + path("granted/one")), "exit 1");
  EXPECT_EQ(tried(profile, "program", "/usr/bin/kill -0 " + std::to_string(getpid())), "exit 1");
}

// What the kernel says of a process.
std::string status_of(pid_t process, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) {
      return line.substr(line.find_first_not_of(" \t", key.size() + 1));
    }
  }
  return "unknown";
}

TEST(Capabilities, OfRootAreGivenUpButForReadingFiles) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "for root only";
  }
  const auto kept = [](std::uint32_t granted) {
    WorkerProcess worker(plugin("confined_plugin"), arguments_of({granted, {}}));
    worker.expect(wire::FrameType::hello);
    return status_of(worker.process(), "CapPrm") + " " + status_of(worker.process(), "CapEff");
  };
  EXPECT_EQ(kept(~BL_CAP_FS_READ), "0000000000000000 0000000000000000");
  EXPECT_EQ(kept(BL_CAP_FS_READ), "0000000000000004 0000000000000004");
}

// ---- kernels without Landlock, without seccomp, without both -------------------------------

struct Kernel {
  Without without;
  bool has_landlock;
  bool has_seccomp;
  std::string_view reason;
};
void PrintTo(const Kernel& kernel, std::ostream* out) { *out << "without " << kernel.without; }

class KernelTest : public ::testing::TestWithParam<Kernel> {};

TEST_P(KernelTest, IsToldInHello) {
  WorkerProcess worker(plugin("confined_plugin"), {"--sandbox", "auto"}, GetParam().without);
  const Frame frame = worker.expect(wire::FrameType::hello);
  const auto hello = wire::decode_hello(frame.payload);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->confinement.landlock > 0, GetParam().has_landlock);
  EXPECT_EQ(hello->confinement.seccomp, GetParam().has_seccomp);
  EXPECT_FALSE(hello->confinement.is_full());
}

TEST_P(KernelTest, IsRefusedWhereTheSandboxIsRequired) {
  const std::string file = plugin("confined_plugin");
  const std::vector<std::string> required = {"--sandbox", "require"};
  const Exit described =
      run_worker({"--describe", file, "--sandbox", "require"}, GetParam().without);
  const Exit ran = WorkerProcess(file, required, GetParam().without).wait();
  for (const Exit& exit : {described, ran}) {
    EXPECT_EQ(exit.status, 1);
    EXPECT_EQ(exit.output, "");
    EXPECT_EQ(exit.errors, "baselined-worker: the sandbox is required, and this system has no " +
                               std::string(GetParam().reason) +
                               ". Turn it on, or write sandbox = \"auto\" in [daemon]\n");
  }
}

TEST_P(KernelTest, ConfinesWithWhatItHas) {
  const Profile nothing;
  EXPECT_EQ(tried(nothing, "read", "/etc/passwd", GetParam().without).starts_with("EACCES"),
            GetParam().has_landlock);
  EXPECT_EQ(tried(nothing, "bind", "0", GetParam().without).starts_with("socket: EPERM"),
            GetParam().has_seccomp);
}

INSTANTIATE_TEST_SUITE_P(Lacking, KernelTest,
                         ::testing::Values(Kernel{"landlock", false, true, "Landlock"},
                                           Kernel{"seccomp", true, false, "seccomp"},
                                           Kernel{"both", false, false, "Landlock and no seccomp"}),
                         [](const auto& kernel) { return kernel.param.without; });

TEST(Kernel, WithBothIsNotRefused) {
  WorkerProcess worker(plugin("confined_plugin"), {"--sandbox", "require"});
  const Frame frame = worker.expect(wire::FrameType::hello);
  const auto hello = wire::decode_hello(frame.payload);
  ASSERT_TRUE(hello);
  EXPECT_TRUE(hello->confinement.is_full());
}

}  // namespace
}  // namespace baselined::worker
