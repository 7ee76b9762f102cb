#include "daemon/host/spawn.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string read_all(const Descriptor& pipe) {
  std::string text;
  std::array<char, 4096> bytes = {};
  ssize_t count = 0;
  while ((count = ::read(pipe.get(), bytes.data(), bytes.size())) > 0) {
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return text;
}

// Something that can be inherited as the bytes of a plugin.
int any_descriptor() {
  static const Descriptor kOpened(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 20));
  return kOpened.get();
}

std::string inspected(bool with_channel, int niceness) {
  SpawnRequest request;
  request.arguments = {FAKE_WORKER, "--inspect", "x"};
  request.plugin = any_descriptor();
  request.with_channel = with_channel;
  request.niceness = niceness;
  Result<Spawned> spawned = spawn(request);
  EXPECT_TRUE(spawned.has_value());
  const std::string text = read_all(spawned->output);
  EXPECT_TRUE(spawned->process.reap().is_success());
  return text;
}

TEST(Spawn, GivesTheChildItsDescriptorsAndNoOther) {
  // As a library that forgets O_CLOEXEC would.
  const Descriptor leaked(::open("/dev/null", O_RDONLY));
  const Descriptor leaked_high(::fcntl(leaked.get(), F_DUPFD, 150));
  ASSERT_EQ(leaked_high.get(), 150);
  const std::string with = inspected(true, 0);
  EXPECT_THAT(with, HasSubstr("descriptor 3\ndescriptor 4\ndescriptor 5\n"));
  EXPECT_THAT(with, Not(HasSubstr("descriptor 6\n")));
  EXPECT_THAT(with, Not(HasSubstr("descriptor 150\n")));
  const std::string without = inspected(false, 0);
  EXPECT_THAT(without, HasSubstr("descriptor 0\ndescriptor 1\ndescriptor 2\ndescriptor 3\n"));
  EXPECT_THAT(without, Not(HasSubstr("descriptor 4\n")));
}

TEST(Spawn, GivesTheChildAGroupAndCleanSignals) {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &blocked, &before), 0);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  const std::string found = inspected(false, 0);
  std::signal(SIGPIPE, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(found, HasSubstr("group 1\n"));
  EXPECT_THAT(found, HasSubstr("signals 0 0\n"));
}

TEST(Spawn, GivesTheChildNothingOfOurEnvironment) {
  ASSERT_EQ(::setenv("BASELINED_SECRET", "s3cr3t", 1), 0);
  const std::string found = inspected(true, 0);
  ::unsetenv("BASELINED_SECRET");
  EXPECT_THAT(found, HasSubstr("variable LANG=C.UTF-8\n"));
  EXPECT_THAT(found, HasSubstr("variable TZ=UTC\n"));
  EXPECT_THAT(found, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(found, Not(HasSubstr("variable PATH")));
}

TEST(Spawn, LowersThePriorityOfTheGroup) {
  SpawnRequest request;
  request.arguments = {FAKE_WORKER, "--describe", "closed_and_hanging"};
  request.plugin = any_descriptor();
  request.niceness = 10;
  Result<Spawned> spawned = spawn(request);
  ASSERT_TRUE(spawned.has_value());
  const pid_t child = spawned->process.child();
  EXPECT_EQ(::getpriority(PRIO_PGRP, static_cast<id_t>(child)), 10);
}

TEST(Spawn, WorksWhereLowDescriptorsAreFree) {
  // Our own ends then get numbers that the child needs.
  const Descriptor input_copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 20));
  ::close(STDIN_FILENO);
  const std::string found = inspected(true, 0);
  ASSERT_EQ(::dup2(input_copy.get(), STDIN_FILENO), STDIN_FILENO);
  EXPECT_THAT(found,
              HasSubstr("descriptor 0\ndescriptor 1\ndescriptor 2\ndescriptor 3\ndescriptor 4\n"
                        "descriptor 5\n"));
  EXPECT_THAT(found, Not(HasSubstr("descriptor 6\n")));
}

TEST(Process, IsKilledAndReapedWhenDropped) {
  {
    SpawnRequest request;
    request.arguments = {FAKE_WORKER, "--describe", "closed_and_hanging"};
    request.plugin = any_descriptor();
    Result<Spawned> spawned = spawn(request);
    ASSERT_TRUE(spawned.has_value());
    EXPECT_TRUE(has_children());
  }
  EXPECT_FALSE(has_children());
}

TEST(ExitStatus, SaysHowItEnded) {
  EXPECT_EQ((ExitStatus{0, 0}).text(), "exited with code 0");
  EXPECT_EQ((ExitStatus{7, 0}).text(), "exited with code 7");
  EXPECT_EQ((ExitStatus{0, SIGSEGV}).text(), "was killed by SIGSEGV");
  EXPECT_EQ((ExitStatus{0, 60}).text(), "was killed by signal 60");
}

}  // namespace
}  // namespace baselined::host
