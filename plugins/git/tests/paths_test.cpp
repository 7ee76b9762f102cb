// Touched paths and line counts against git diff-tree.
#include "plugins/git/paths.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "plugins/git/library.h"
#include "plugins/git/lines.h"
#include "plugins/git/tests/test_repository.h"
#include "plugins/git/text.h"
#include "plugins/git/tree_entries.h"

namespace baselined::git {
namespace {

git_oid tree_of(const TestRepository& source, const std::string& revision) {
  git_oid id;
  git_oid_fromstr(&id, source.git("rev-parse " + revision + "^{tree}").c_str());
  return id;
}

// The first components of every path that git sees changed.
std::vector<std::string> by_git(const TestRepository& source, const std::string& arguments,
                                int depth) {
  std::set<std::string> prefixes;
  for (const std::string& path :
       source.lines("diff-tree -r --no-renames --name-only --no-commit-id " + arguments)) {
    std::size_t end = 0;
    for (int level = 0; level < depth && end != std::string::npos; ++level) {
      end = path.find('/', end == 0 ? 0 : end + 1);
    }
    prefixes.insert(path.substr(0, end));
  }
  return {prefixes.begin(), prefixes.end()};
}

// A history with what trees can do to each other.
TestRepository eventful_history() {
  TestRepository source("eventful");
  source.write("daemon/base/time.cpp", "1");
  source.write("daemon/wire/frame.cpp", "1");
  source.write("docs.txt", "1");
  source.commit("README", "1");
  source.commit("daemon/base/time.cpp", "2");
  source.write("docs/page", "1");  // beside docs.txt: sorts after it, docs-old before
  source.write("docs-old", "1");
  source.commit("docs.txt", "2");
  source.git("rm -rq docs");
  source.commit("docs", "a file where a directory was");
  source.git("rm -q docs");
  source.commit("docs/deep/page", "and back");
  source.git("mv daemon server");
  source.commit("a/b/c/d/e/f", "1");
  source.git("update-index --chmod=+x README");
  source.commit_empty();
  source.git("rm -rqf .");
  source.commit_empty();
  return source;
}

TEST(TouchedPaths, EqualGitsAnswerAtEveryDepth) {
  const Library library;
  const TestRepository source = eventful_history();
  const Repository repository = Repository::open(source.path());
  for (int depth = 1; depth <= 8; ++depth) {
    TouchedPaths paths(repository, depth);
    for (int back = 0; back < 7; ++back) {
      SCOPED_TRACE("depth " + std::to_string(depth) + " HEAD~" + std::to_string(back));
      const std::string after = "HEAD~" + std::to_string(back);
      const git_oid old_tree = tree_of(source, after + "^");
      const git_oid new_tree = tree_of(source, after);
      const auto expected = by_git(source, after + "^ " + after, depth);
      EXPECT_FALSE(expected.empty());
      EXPECT_EQ(paths.between(&old_tree, &new_tree), expected);
    }
    const git_oid root = tree_of(source, "HEAD~7");
    EXPECT_EQ(paths.between(nullptr, &root), by_git(source, "--root HEAD~7", depth));
    EXPECT_TRUE(paths.damage().is_none());
  }
}

TEST(TouchedPaths, EqualTreesTouchNothing) {
  const Library library;
  TestRepository source("equal");
  source.commit("a");
  const Repository repository = Repository::open(source.path());
  TouchedPaths paths(repository, 1);
  const git_oid tree = tree_of(source, "HEAD");
  EXPECT_TRUE(paths.between(&tree, &tree).empty());
}

TEST(TouchedPaths, NamesThatAreNoUtf8AreMadeValidAndStayDifferent) {
  const Library library;
  TestRepository source("bytes");
  source.write("x\xE9", "1");
  source.write("x\xE8", "1");
  source.commit("y", "1");
  const Repository repository = Repository::open(source.path());
  TouchedPaths paths(repository, 1);
  const git_oid tree = tree_of(source, "HEAD");
  EXPECT_EQ(paths.between(nullptr, &tree), (std::vector<std::string>{R"(x\xE8)", R"(x\xE9)", "y"}));
}

TEST(TouchedPaths, AMissingTreeIsCounted) {
  const Library library;
  TestRepository source("missing");
  source.commit("a");
  const Repository repository = Repository::open(source.path());
  TouchedPaths paths(repository, 1);
  git_oid gone;
  git_oid_fromstr(&gone, std::string(40, 'e').c_str());
  const git_oid tree = tree_of(source, "HEAD");
  EXPECT_TRUE(paths.between(&gone, &tree).empty());
  EXPECT_EQ(paths.damage().objects, 1U);
  EXPECT_NE(paths.damage().text().find(std::string(40, 'e')), std::string::npos);
}

TEST(TouchedPaths, ABlobInPlaceOfATreeIsCounted) {
  const Library library;
  TestRepository source("blob");
  source.commit("a", "text");
  const Repository repository = Repository::open(source.path());
  TouchedPaths paths(repository, 1);
  git_oid blob;
  git_oid_fromstr(&blob, source.git("rev-parse HEAD:a").c_str());
  EXPECT_TRUE(paths.between(nullptr, &blob).empty());
  EXPECT_EQ(paths.damage().objects, 1U);
}

std::string entry(const std::string& mode_and_name, char id_byte) {
  return mode_and_name + '\0' + std::string(20, id_byte);
}

TEST(TreeEntries, AreReadInOrderAndBrokenOnesEndThem) {
  const std::string bytes = entry("100644 a", 'x') + entry("40000 b", ' ');
  TreeEntries entries(bytes);
  ASSERT_TRUE(entries.has_entry());
  EXPECT_EQ(entries.name(), "a");
  EXPECT_FALSE(entries.is_tree());
  entries.next();
  EXPECT_EQ(entries.name(), "b");
  EXPECT_TRUE(entries.is_tree());
  entries.next();
  EXPECT_FALSE(entries.has_entry());
  EXPECT_FALSE(entries.is_broken());
  for (std::size_t cut = 1; cut < 10; ++cut) {
    const TreeEntries broken(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(broken.has_entry());
    EXPECT_TRUE(broken.is_broken());
  }
}

TEST(TreeEntries, CommonOnesAreSkippedUpToTheFirstDifference) {
  const std::string same = entry("100644 a", '\0') + entry("100644 b", 'y');
  const std::string before = same + entry("100644 c", 'x') + entry("100644 d", 'x');
  const std::string after = same + entry("100644 c", 'z') + entry("100644 d", 'x');
  TreeEntries left(before);
  TreeEntries right(after);
  TreeEntries::skip_common(left, right);
  EXPECT_EQ(left.name(), "c");
  EXPECT_EQ(right.name(), "c");
  left.next();
  right.next();
  TreeEntries::skip_common(left, right);
  EXPECT_FALSE(left.has_entry());
  EXPECT_FALSE(right.has_entry());
}

TEST(LineCounter, CountsWhatGitCounts) {
  const Library library;
  TestRepository source("lines");
  source.write("text", "one\ntwo\nthree\n");
  source.commit("binary", std::string_view("\0\1\2", 3));
  source.write("text", "one\n2\nthree\nfour\n");
  source.commit("binary", std::string_view("\0\1\3", 3));
  const Repository repository = Repository::open(source.path());
  LineCounter counter(repository);
  const git_oid root = tree_of(source, "HEAD^");
  const git_oid head = tree_of(source, "HEAD");
  const auto first = counter.between(nullptr, &root);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->files, 2);
  EXPECT_EQ(first->additions, 3);
  EXPECT_EQ(first->deletions, 0);
  const auto second = counter.between(&root, &head);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->files, 2);
  EXPECT_EQ(second->additions, 2);
  EXPECT_EQ(second->deletions, 1);
}

}  // namespace
}  // namespace baselined::git
