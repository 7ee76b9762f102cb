// Walks against git's own answers, over histories that a generator makes.
#include "plugins/git/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "plugins/git/library.h"
#include "plugins/git/tests/test_repository.h"
#include "plugins/git/text.h"

namespace baselined::git {
namespace {

// n commits on one branch per commit (b1, b2, ...), each with up to three earlier ones as parents.
// skew: by how many seconds dates may run backwards.
TestRepository random_history(std::uint32_t seed, int n, int skew) {
  TestRepository repository("random.git", "--bare");
  std::mt19937 random(seed);
  const auto up_to = [&random](int limit) {
    return static_cast<int>(random() % static_cast<std::uint32_t>(limit + 1));
  };
  std::string stream;
  std::int64_t seconds = TestRepository::kFirstSeconds;
  for (int number = 1; number <= n; ++number) {
    seconds += up_to(2);  // equal dates too
    stream += "commit refs/heads/b" + std::to_string(number) + "\nmark :" + std::to_string(number) +
              "\ncommitter A <a@example.org> " + std::to_string(seconds - up_to(skew)) +
              " +0000\ndata 0\n";
    std::set<int> parents;
    for (int count = number == 1 ? 0 : up_to(3); count > 0; --count) {
      parents.insert(std::max(1, number - 1 - up_to(10)));
    }
    std::string_view word = "from :";
    for (const int parent : parents) {
      stream += std::string(word) + std::to_string(parent) + "\n";
      word = "merge :";
    }
  }
  const auto file = fresh_folder("stream") / "stream";
  std::ofstream(file) << stream;
  repository.git("fast-import --quiet < " + file.string());
  return repository;
}

struct Walked {
  std::vector<std::string> order;
  bool is_ordered = true;
};

git_oid tip_of(const TestRepository& repository, int branch) {
  git_oid id;
  git_oid_fromstr(&id, repository.git("rev-parse b" + std::to_string(branch)).c_str());
  return id;
}

Walked walk_over(const TestRepository& source, const std::vector<int>& included,
                 const std::vector<int>& excluded, bool knows_dates) {
  const Repository repository = Repository::open(source.path());
  const std::regex bots("x");
  Authors authors(bots);
  Walk walk(repository, authors);
  for (const int branch : included) {
    walk.include(tip_of(source, branch));
  }
  for (const int branch : excluded) {
    const std::string date = source.git("log -1 --format=%ct b" + std::to_string(branch));
    walk.exclude(tip_of(source, branch), knows_dates ? std::stoll(date) : kNoTime);
  }
  walk.run([](std::uint64_t) {});
  EXPECT_TRUE(walk.damage().is_none()) << walk.damage().text();
  Walked walked;
  std::set<std::uint32_t> seen;
  for (const std::uint32_t number : walk.in_order()) {
    walked.order.push_back(to_hex(walk.id(number)));
    for (const std::uint32_t parent : walk.parents(number)) {
      walked.is_ordered &= !walk.is_in_result(parent) || seen.contains(parent);
    }
    walked.is_ordered &= seen.insert(number).second;
  }
  return walked;
}

std::vector<std::string> sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string revisions(const std::vector<int>& included, const std::vector<int>& excluded) {
  std::string text = "rev-list";
  for (const int branch : included) {
    text += " b" + std::to_string(branch);
  }
  text += " --not";
  for (const int branch : excluded) {
    text += " b" + std::to_string(branch);
  }
  return text;
}

TEST(Walk, FindsExactlyWhatGitFinds) {
  const Library library;
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const TestRepository source = random_history(seed, 60, 0);
    std::mt19937 random(seed + 100);
    const auto branch = [&random] { return 1 + static_cast<int>(random() % 60); };
    const std::vector<int> included = {branch(), branch(), 60};
    const std::vector<int> excluded = {branch(), branch()};
    const Walked walked = walk_over(source, included, excluded, seed % 2 == 0);
    EXPECT_TRUE(walked.is_ordered);
    EXPECT_EQ(sorted(walked.order), sorted(source.lines(revisions(included, excluded))));
  }
}

TEST(Walk, DatesThatRunBackwardsLoseNothing) {
  const Library library;
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const TestRepository source = random_history(seed, 60, 40);
    const std::vector<int> included = {60, 59, 30};
    const std::vector<int> excluded = {45, 20};
    const Walked walked = walk_over(source, included, excluded, true);
    EXPECT_TRUE(walked.is_ordered);
    const auto found = sorted(walked.order);
    const auto wanted = sorted(source.lines(revisions(included, excluded)));
    EXPECT_TRUE(std::includes(found.begin(), found.end(), wanted.begin(), wanted.end()));
  }
}

TEST(Walk, IsTheSameForTheSameTips) {
  const Library library;
  const TestRepository source = random_history(5, 60, 10);
  EXPECT_EQ(walk_over(source, {60, 50, 40}, {}, true).order,
            walk_over(source, {60, 50, 40}, {}, true).order);
}

TEST(Walk, ATipThatIsExcludedTooIsNotFound) {
  const Library library;
  const TestRepository source = random_history(5, 20, 0);
  EXPECT_TRUE(walk_over(source, {20}, {20}, true).order.empty());
  EXPECT_TRUE(walk_over(source, {20}, {20}, false).order.empty());
}

TEST(Walk, AnExcludedCommitThatIsGoneExcludesNothing) {
  const Library library;
  const TestRepository source = random_history(5, 20, 0);
  const Repository repository = Repository::open(source.path());
  const std::regex bots("x");
  Authors authors(bots);
  Walk walk(repository, authors);
  walk.include(tip_of(source, 20));
  git_oid gone;
  git_oid_fromstr(&gone, std::string(40, 'e').c_str());
  walk.exclude(gone, TestRepository::kFirstSeconds);
  walk.run([](std::uint64_t) {});
  EXPECT_TRUE(walk.damage().is_none());
  EXPECT_EQ(sorted(walk_over(source, {20}, {}, true).order), sorted(source.lines("rev-list b20")));
  EXPECT_EQ(walk.in_order().size(), source.lines("rev-list b20").size());
}

// What makes an incremental run cheap: a new commit on top needs no look at the rest.
TEST(Walk, ReadsOnlyAsFarBackAsNeeded) {
  const Library library;
  TestRepository source("top");
  for (int number = 0; number < 10; ++number) {
    source.commit_empty();
    source.git("branch b" + std::to_string(number));
  }
  source.commit_empty();
  source.git("branch b10");
  const Repository repository = Repository::open(source.path());
  const std::regex bots("x");
  Authors authors(bots);
  Walk walk(repository, authors);
  walk.include(tip_of(source, 10));
  walk.exclude(tip_of(source, 9), TestRepository::kFirstSeconds + 540);
  walk.run([](std::uint64_t) {});
  EXPECT_EQ(walk.in_order().size(), 1U);
  EXPECT_EQ(walk.size(), 2U);
}

TEST(Walk, WhatPollThrowsEndsIt) {
  const Library library;
  const TestRepository source = random_history(5, 600, 0);
  const Repository repository = Repository::open(source.path());
  const std::regex bots("x");
  Authors authors(bots);
  Walk walk(repository, authors);
  for (int branch = 1; branch <= 600; branch += 7) {
    walk.include(tip_of(source, branch));
  }
  EXPECT_THROW(walk.run([](std::uint64_t) { throw std::runtime_error("stop"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace baselined::git
