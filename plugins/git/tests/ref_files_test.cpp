// The files that hold refs: against git's own list, and while git processes change them.
#include "plugins/git/ref_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "plugins/git/library.h"
#include "plugins/git/refs.h"
#include "plugins/git/repository.h"
#include "plugins/git/tests/test_repository.h"
#include "plugins/git/text.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// "<name> <id>", without symbolic refs.
std::set<std::string> refs_by_git(const TestRepository& source) {
  std::set<std::string> refs;
  for (const std::string& line :
       source.lines("for-each-ref --format='%(refname) %(objectname)%(symref)' 2>/dev/null")) {
    if (line.find("refs/", 1) == std::string::npos) {
      refs.insert(line);
    }
  }
  return refs;
}

std::set<std::string> refs_of(const RefFiles& files) {
  std::set<std::string> refs;
  for (const RefFile& file : files.refs) {
    if (!file.is_symbolic) {
      refs.insert(file.name + " " + (file.problem.empty() ? to_hex(file.target) : file.problem));
    }
  }
  return refs;
}

RefFiles read(const TestRepository& source) {
  return read_ref_files(Repository::open(source.path()).ref_folders());
}

TEST(RefFiles, AreWhatGitLists) {
  const Library library;
  TestRepository source("app");
  source.commit("a");
  source.tag("packed");
  source.tag("moved/deeply", "-a -m release", "HEAD");
  source.git("pack-refs --all");
  source.commit("b");
  source.tag("moved/deeply", "-f");
  source.tag("deep/er/tag", "-a -m release");
  source.git("notes add -m note");
  source.git("update-ref refs/pull/7/head HEAD");
  source.git("branch odd./@/-name");
  source.git("symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/gone");
  source.git("symbolic-ref refs/heads/alias refs/heads/main");
  source.git("update-ref refs/bisect/good HEAD");
  source.write("a", "changed");
  source.git("stash -q");
  EXPECT_EQ(refs_of(read(source)), refs_by_git(source));
  EXPECT_TRUE(read(source).is_sound());

  const std::string folder = fresh_folder("linked").string();
  source.git("worktree add -q -b side " + folder);
  const TestRepository linked = TestRepository::at(folder);
  linked.git("update-ref refs/bisect/bad HEAD");
  linked.git("update-ref refs/worktree/mine HEAD");
  EXPECT_EQ(refs_of(read(linked)), refs_by_git(linked));
  EXPECT_EQ(refs_of(read(source)), refs_by_git(source));
  EXPECT_TRUE(read(linked).is_sound());
}

TEST(RefFiles, MayBeLinksAsInAFolderThatSharesARepository) {
  const Library library;
  TestRepository source("app");
  source.commit("a");
  source.tag("v1");
  source.git("pack-refs --all");
  source.tag("v2");
  const fs::path shared = fresh_folder("shared") / ".git";
  fs::create_directories(shared);
  for (const char* name : {"refs", "packed-refs", "objects", "config"}) {
    fs::create_symlink(fs::path(source.path()) / ".git" / name, shared / name);
  }
  std::ofstream(shared / "HEAD") << "ref: refs/heads/main\n";
  const TestRepository other = TestRepository::at(shared.parent_path());
  EXPECT_EQ(refs_of(read(other)), refs_by_git(source));
  EXPECT_TRUE(read(other).is_sound());
}

TEST(RefFiles, APackedListMayComeFromAnotherProgram) {
  const Library library;
  TestRepository source("app");
  const std::string id = source.commit("a");
  std::ofstream(source.path() + "/.git/packed-refs")
      << id << " refs/tags/v2\r\n"
      << id << " refs/tags/v1\n^" << id << "\n# a remark\n"
      << id << " refs/heads/main\n";
  std::ofstream(source.path() + "/.git/refs/heads/main") << id << "\r\n";
  const RefFiles files = read(source);
  EXPECT_EQ(refs_of(files), (std::set<std::string>{"refs/heads/main " + id, "refs/tags/v1 " + id,
                                                   "refs/tags/v2 " + id}));
  EXPECT_TRUE(files.is_sound());
}

TEST(RefFiles, ARepositoryThatIsGoneIsNotOneWithoutRefs) {
  const Library library;
  const std::string nowhere = (fresh_folder("nowhere") / "").string();
  const RefFiles files = read_ref_files({nowhere, nowhere});
  EXPECT_FALSE(files.is_sound());
  EXPECT_THAT(files.damage.text(), HasSubstr("HEAD is missing"));
  fs::create_directories(nowhere + "worktrees");
  std::ofstream(nowhere + "HEAD") << "ref: refs/heads/main\n";
  EXPECT_THAT(read_ref_files({nowhere, nowhere}).damage.text(), HasSubstr("refs was removed"));
}

TEST(RefFiles, ALookUpFindsWhatWasPackedSinceTheListAndNothingElse) {
  const Library library;
  TestRepository source("app");
  source.commit("a");
  source.tag("gone");
  source.tag("v1");
  RefFiles files = read(source);
  std::erase_if(files.refs, [](const RefFile& ref) { return ref.name != "refs/heads/main"; });
  source.git("tag -d gone");
  source.git("pack-refs --all");
  const RefFolders folders = Repository::open(source.path()).ref_folders();
  const std::vector<std::string> names = {"refs/tags/gone", "refs/tags/v1", "refs/tags/v1/x"};
  const RefFiles found = look_up(folders, names, files);
  EXPECT_EQ(refs_of(found), refs_by_git(source));
  EXPECT_TRUE(found.is_sound());
  // Had it not changed, it would not have been read again.
  files.packed_stamp = stamp_of(source.path() + "/.git/packed-refs");
  EXPECT_EQ(look_up(folders, names, files).refs.size(), 1U);
  fs::rename(source.path() + "/.git/refs", source.path() + "/.git/away");
  EXPECT_THAT(look_up(folders, names, files).damage.text(), HasSubstr("refs was removed"));
}

TEST(RefFiles, WhatIsUnreadableOnlyOnceIsNone) {
  RefFiles unsound;
  unsound.damage.note("refs/tags cannot be read");
  RefFiles sound;
  sound.refs.push_back({"refs/tags/v1", {}, false, ""});
  int looks = 0;
  const RefFiles settled = look_twice([&] { return ++looks == 1 ? unsound : sound; });
  EXPECT_TRUE(settled.is_sound());
  EXPECT_EQ(settled.refs.size(), 1U);
  EXPECT_EQ(looks, 2);
  EXPECT_TRUE(look_twice([&] { return ++looks, sound; }).is_sound());
  EXPECT_EQ(looks, 3);
  RefFiles broken;
  broken.refs.push_back({"refs/tags/v1", {}, false, "refs/tags/v1 is empty"});
  EXPECT_FALSE(look_twice([&] { return ++looks, broken; }).is_sound());
  EXPECT_EQ(looks, 5);
}

// Refs move, are packed, and folders become files and folders again, as on a busy server. Whatever
// moment a look falls on: no failure, and every ref that was there all the time.
TEST(RefFiles, NoRefIsLostWhileGitChangesThem) {
  constexpr int kTags = 10;
  const Library library;
  TestRepository source("busy");
  const std::string one = source.commit("a");
  const std::string two = source.commit("b");
  for (int number = 0; number < kTags; ++number) {
    source.tag("t/v" + std::to_string(number));
  }
  std::atomic<bool> is_done = false;
  std::thread server([&] {
    for (int round = 0; round < 3 * kTags; ++round) {
      source.git("pack-refs --all");
      source.git("update-ref refs/tags/t/v" + std::to_string(round % kTags) + " " +
                 (round % 2 == 0 ? one : two));
      source.git("update-ref refs/heads/folder/file HEAD");
      source.git("update-ref -d refs/heads/folder/file");
      source.git("update-ref refs/heads/folder HEAD");
      source.git("update-ref -d refs/heads/folder");
    }
    is_done = true;
  });
  const Repository repository = Repository::open(source.path());
  int looks = 0;
  for (; !is_done; ++looks) {
    const RefList list = list_refs(repository, {});
    EXPECT_EQ(list.damage.text(), "");
    std::map<std::string, int> count;
    for (const Ref& ref : list.refs) {
      const std::string target = to_hex(ref.target);
      EXPECT_TRUE(target == one || target == two) << target;
      ++count[ref.name];
    }
    for (int number = 0; number < kTags; ++number) {
      EXPECT_EQ(count["t/v" + std::to_string(number)], 1) << number;
    }
    EXPECT_EQ(count["main"], 1);
  }
  server.join();
  EXPECT_GT(looks, 100);
}

}  // namespace
}  // namespace baselined::git
