// A ref that exists and cannot be read is no deletion: nothing is removed, and the run says what is
// wrong and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "plugins/git/tests/plugin_fixture.h"
#include "plugins/git/tests/somebody_else.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A repository with two tags that was collected once.
class UnreadableRef : public testing::Test {
 protected:
  UnreadableRef() {
    first_ = source_.commit("a");
    source_.tag("v1");
    source_.commit("b");
    source_.tag("v2", "-a -m release");
    other_.commit("x");
    EXPECT_EQ(plugin_.collect(source_).status, BL_OK);
    refs_ = plugin_.stored_refs();
    cursor_ = plugin_.host.cursor(source_.path());
  }

  fs::path file(const std::string& name) const { return source_.path() + "/.git/" + name; }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  // Puts a pipe, which nobody ever writes to, in the place of a file.
  void make_pipe(const std::string& name) const {
    fs::remove(file(name));
    ASSERT_EQ(::mkfifo(file(name).c_str(), 0644), 0);
  }

  // Collects it, and after it a good repository; what the run says of the failure.
  std::string refusal(const std::string& more = "") {
    const sdk::RunResult run = plugin_.collect_paths({source_.path(), other_.path()}, more);
    EXPECT_EQ(run.status, BL_ERR_DATA);
    EXPECT_THAT(run.removals, IsEmpty());
    EXPECT_EQ(plugin_.host.cursor(source_.path()), cursor_);
    EXPECT_NE(plugin_.host.cursor(other_.path()), "");
    const std::set<std::string> now = plugin_.stored_refs();
    for (const std::string& ref : refs_) {
      EXPECT_TRUE(now.contains(ref)) << ref;
    }
    EXPECT_EQ(now.size(), refs_.size() + 1) << "of the good one";
    for (const sdk::Coverage& coverage : run.coverage) {
      EXPECT_EQ(coverage.reason.empty(), coverage.scope == other_.path());
    }
    EXPECT_THAT(run.error, HasSubstr(source_.path()));
    return run.error;
  }

  // All is well again, and nothing was lost in between.
  void expect_recovery() {
    const sdk::RunResult run = plugin_.collect(source_);
    EXPECT_EQ(run.status, BL_OK) << run.error;
    EXPECT_THAT(run.removals, IsEmpty());
    EXPECT_EQ(reason_of(run, "ref/1"), "");
  }

  TestRepository source_{"app"};
  TestRepository other_{"other"};
  PluginFixture plugin_;
  std::string first_;
  std::set<std::string> refs_;
  std::string cursor_;
};

TEST_F(UnreadableRef, AnEmptyOrCutOrGarbledFileIsNoDeletion) {
  const std::string cut = first_.substr(0, 20);
  for (const std::string& content :
       {std::string(), cut, cut + "\n", first_ + "0\n", "g" + first_.substr(1) + "\n",
        std::string("garbage\n"), std::string(41, '\0'), std::string("re")}) {
    SCOPED_TRACE(content);
    write("refs/tags/v1", content);
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr(content.empty() ? "refs/tags/v1 is empty: restore it"
                                                : "refs/tags/v1 holds no object id: restore it"),
                      Not(HasSubstr("more)"))));
  }
  write("refs/tags/v1", first_ + "\n");
  expect_recovery();
}

// Only git makes symbolic refs, and it writes where they lead.
TEST_F(UnreadableRef, ASymbolicOneThatNamesNoRefIsNoDeletion) {
  for (const std::string& content :
       {std::string("ref:"), std::string("ref: "), std::string("ref:\n"),
        std::string("ref: \t\n\n"), std::string("ref: refs"), std::string("ref: refs/\n"),
        std::string("ref: refs/tags/\n"), std::string("ref: heads/main\n"),
        std::string("ref: refs/heads/a..b\n"), std::string("ref: refs/heads/main\nmore\n"),
        "ref: " + first_ + "\n", "ref: refs/heads/main" + std::string(9, '\0')}) {
    SCOPED_TRACE(content);
    write("refs/tags/v1", content);
    EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is symbolic, but names no ref below refs/: "
                                     "restore it, or delete it"));
    write("refs/tags/v1", first_ + "\n");
    write("HEAD", content);
    EXPECT_THAT(refusal(), HasSubstr("HEAD is symbolic, but names no ref below refs/: write its "
                                     "branch into it"));
    write("HEAD", "ref: refs/heads/main\n");
  }
  expect_recovery();
}

TEST_F(UnreadableRef, ASymbolicOneMayLeadToNothingAndBeWrittenLikeGitReadsIt) {
  for (const std::string& content :
       {std::string("ref: refs/heads/unborn\n"), std::string("ref:refs/heads/unborn"),
        std::string("ref: \t refs/heads/unborn \r\n\n"),
        "ref: refs/heads/" + std::string(239, 'd') + "/" + std::string(200, 'f') + "\n"}) {
    SCOPED_TRACE(content);
    write("refs/heads/alias", content);
    write("HEAD", content);
    EXPECT_EQ(source_.git("symbolic-ref refs/heads/alias"), source_.git("symbolic-ref HEAD"));
    expect_recovery();
    EXPECT_EQ(plugin_.stored_refs(), refs_);
  }
}

TEST_F(UnreadableRef, ALinkToNothingOrToItselfIsNoDeletion) {
  fs::remove(file("refs/tags/v1"));
  fs::create_symlink("nowhere", file("refs/tags/v1"));
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is a link to nothing"));
  fs::remove(file("refs/tags/v1"));
  fs::create_symlink("v1", file("refs/tags/v1"));
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 cannot be read (Too many levels of symbolic"));
}

TEST_F(UnreadableRef, AFolderThatLinksBackToItselfIsNamed) {
  fs::create_directory_symlink("..", file("refs/tags/loop"));
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/loop leads back to a folder above it"));
}

TEST_F(UnreadableRef, APipeInItsPlaceIsNamedAndNotWaitedFor) {
  make_pipe("refs/tags/v1");
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is not a regular file"));
}

TEST_F(UnreadableRef, ASocketOrADeviceInItsPlaceIsNamed) {
  fs::remove(file("refs/tags/v1"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = file("refs/tags/v1").string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  const int handle = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(handle);
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is not a regular file"));
  fs::remove(file("refs/tags/v1"));
  fs::create_symlink("/dev/zero", file("refs/tags/v1"));
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is not a regular file"));
}

TEST_F(UnreadableRef, AFileWithoutPermissionIsNoDeletion) {
  fs::permissions(file("refs/tags/v1"), fs::perms::none);
  std::string error;
  {
    const SomebodyElse somebody;
    error = refusal();
  }
  EXPECT_THAT(error, HasSubstr("refs/tags/v1 cannot be read (Permission denied): give the "
                               "service's group read access"));
  fs::permissions(file("refs/tags/v1"), fs::perms(0644));
  expect_recovery();
}

TEST_F(UnreadableRef, AFolderWithoutPermissionIsNoDeletionOfAllThatIsInIt) {
  for (const auto mode : {fs::perms::none, fs::perms(0444), fs::perms(0111)}) {
    fs::permissions(file("refs/tags"), mode);
    std::string error;
    {
      const SomebodyElse somebody;
      error = refusal();
    }
    EXPECT_THAT(error, AllOf(HasSubstr("refs/tags"), HasSubstr("(Permission denied): give")));
  }
  fs::permissions(file("refs/tags"), fs::perms(0755));
  expect_recovery();
}

TEST_F(UnreadableRef, OneThatAppearsWhileNothingElseMovesIsNoQuietRun) {
  write("refs/tags/v3", "");
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v3 is empty"));
}

TEST_F(UnreadableRef, SeveralAreCountedAndTheFirstIsNamed) {
  write("refs/heads/main", "");
  write("refs/tags/v1", "");
  write("refs/tags/v2", "");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("refs/heads/main is empty"), HasSubstr("(and 2 more)")));
}

TEST_F(UnreadableRef, WhatCanBeReadIsStored) {
  write("refs/tags/v1", "");
  const std::string fresh = source_.commit("c");
  refusal();
  EXPECT_TRUE(plugin_.stored_commits().contains(fresh));
}

TEST_F(UnreadableRef, ABrokenLooseOneDoesNotFallBackToThePackedOne) {
  source_.git("pack-refs --all");
  write("refs/tags/v1", "");
  EXPECT_THAT(refusal(), HasSubstr("refs/tags/v1 is empty"));
}

TEST_F(UnreadableRef, PackedRefsThatAreCutOrGarbledAreNoDeletion) {
  source_.git("pack-refs --all");
  std::ifstream stream(file("packed-refs"));
  const std::string whole((std::istreambuf_iterator<char>(stream)), {});
  const std::string line = first_ + " refs/tags/v0\n";
  for (const std::string& content :
       {whole.substr(0, whole.size() - 1), whole.substr(0, whole.find("v1") + 1), whole + "x\n",
        whole + std::string(100, '\0'), whole + "\n", whole + first_ + "\n", "g" + line.substr(1),
        first_ + "\trefs/tags/v0\n", "^" + first_ + "\n" + line,
        line + "^" + first_.substr(2) + "\n", first_ + " refs/tags/v..0\n",
        first_ + " refs/tags/v0" + std::string(9, '\0') + "\n"}) {
    SCOPED_TRACE(content);
    write("packed-refs", content);
    EXPECT_THAT(refusal(), HasSubstr("packed-refs holds no ref in line "));
  }
  write("packed-refs", "");
  EXPECT_THAT(refusal(), HasSubstr("packed-refs is empty"));
  write("packed-refs", whole);
  expect_recovery();
}

TEST_F(UnreadableRef, PackedRefsWithoutPermissionOrAsALinkToNothingAreNoDeletion) {
  source_.git("pack-refs --all");
  fs::permissions(file("packed-refs"), fs::perms::none);
  {
    const SomebodyElse somebody;
    EXPECT_THAT(refusal(), HasSubstr("packed-refs cannot be read (Permission denied): give"));
  }
  fs::remove(file("packed-refs"));
  fs::create_symlink("/nonexistent/packed-refs", file("packed-refs"));
  EXPECT_THAT(refusal(), HasSubstr("packed-refs is a link to nothing"));
}

TEST_F(UnreadableRef, APipeOrAFolderAsPackedRefsIsNamedAndNotWaitedFor) {
  make_pipe("packed-refs");
  EXPECT_THAT(refusal(), HasSubstr("packed-refs is not a regular file"));
  fs::remove(file("packed-refs"));
  fs::create_directory(file("packed-refs"));
  EXPECT_THAT(refusal(), HasSubstr("packed-refs is not a regular file"));
}

TEST_F(UnreadableRef, AProbeNamesIt) {
  write("refs/tags/v1", "");
  plugin_.host.set_mode(BL_RUN_PROBE);
  const sdk::RunResult run = plugin_.collect(source_);
  EXPECT_EQ(run.status, BL_ERR_CONFIG);
  EXPECT_THAT(run.error, HasSubstr("refs/tags/v1 is empty"));
}

TEST_F(UnreadableRef, OfABranchThatIsNotAskedForIsNoFailure) {
  PluginFixture plugin;
  write("refs/heads/wip", "");
  const std::string branches = R"(,"branches":["main"])";
  const sdk::RunResult run = plugin.collect(source_, branches);
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(plugin.stored_refs(), refs_);
  write("refs/tags/v1", "");
  EXPECT_THAT(plugin.collect(source_, branches).error, HasSubstr("refs/tags/v1 is empty"));
}

TEST_F(UnreadableRef, OfTheMainRepositoryIsNamedInALinkedWorktree) {
  const std::string folder = fresh_folder("linked").string();
  source_.git("worktree add -q -b side " + folder);
  write("refs/tags/v1", "");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({folder});
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("refs/tags/v1 is empty"));
}

TEST_F(UnreadableRef, AHeadWithoutAnIdIsNamedHereAndInALinkedWorktree) {
  const std::string folder = fresh_folder("linked").string();
  source_.git("worktree add -q --detach " + folder);
  refs_.clear();
  ASSERT_EQ(plugin_.collect(source_).status, BL_OK);
  refs_ = plugin_.stored_refs();
  cursor_ = plugin_.host.cursor(source_.path());
  write("worktrees/linked/HEAD", "");
  EXPECT_THAT(refusal(), HasSubstr("worktrees/linked/HEAD is empty"));
  make_pipe("worktrees/linked/HEAD");
  EXPECT_THAT(refusal(), HasSubstr("worktrees/linked/HEAD is not a regular file"));
  write("HEAD", "");
  EXPECT_THAT(refusal(), HasSubstr("HEAD is empty"));
}

TEST_F(UnreadableRef, WhatGitDoesNotTakeForARefIsNone) {
  write("refs/tags/v1.lock", "");
  write("refs/tags/.v1.swp", "");
  write("refs/tags/v1~", "");
  write("refs/heads/main (copy of 12 May)", first_ + "\n");
  fs::create_directories(file("refs/heads/empty/folders"));
  fs::create_directories(file("refs/remotes/origin"));
  write("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n");
  fs::create_symlink("refs/remotes/origin/main", file("refs/remotes/origin/OLD"));
  const sdk::RunResult run = plugin_.collect(source_);
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(plugin_.stored_refs(), refs_);
  EXPECT_TRUE(has_log(run, "are left out: git does not allow their names: refs/"));
}

// Files that libgit2 would wait for, or pass over, when it opens the repository.
TEST_F(UnreadableRef, PipesThatOpeningWouldWaitForAreNamed) {
  for (const char* name : {"HEAD", "config", "commondir", "gitdir", "shallow",
                           "objects/info/alternates", "objects/pack/multi-pack-index"}) {
    SCOPED_TRACE(name);
    const bool has_file = fs::exists(file(name));
    if (has_file) {
      fs::rename(file(name), file(name).string() + ".away");
    }
    make_pipe(name);
    EXPECT_THAT(refusal(), HasSubstr(std::string(name) + " is not a regular file"));
    fs::remove(file(name));
    if (has_file) {
      fs::rename(file(name).string() + ".away", file(name));
    }
  }
  expect_recovery();
}

}  // namespace
}  // namespace baselined::git
