#include "daemon/derive/stored_commits.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/derive/history.h"

namespace baselined::derive {
namespace {

TEST(PackedIds, ComeBackAsTheyWent) {
  const std::vector<std::int64_t> ids = {
      0, 1, 127, 128, 16'383, 16'384, 1'000'000, std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(unpack_ids(pack_ids(ids)), ids);
  EXPECT_EQ(pack_ids(std::span(ids).first(4)).size(), 5U);
  EXPECT_EQ(unpack_ids(""), std::vector<std::int64_t>());
}

TEST(StoredCommits, LoadsACommitWhenItIsTouched) {
  Site site("stored");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1, 9}, 20, true).tag("v1", 1).complete().update();
  auto stored = StoredCommits::create(site.db(), 1);
  ASSERT_TRUE(stored);
  CommitGraph graph(&*stored);
  const CommitGraph::Index second = graph.index_of(2);
  const CommitGraph::Commit commit = **graph.get(second);
  EXPECT_EQ(commit.committed_at, 20 * kSecond);
  EXPECT_EQ(commit.generation, 2U);
  EXPECT_TRUE(commit.is_bot);
  EXPECT_EQ(commit.shipped_by, CommitGraph::kNone);
  const auto parents = *graph.parents(second);
  ASSERT_EQ(parents.size(), 2U);
  EXPECT_EQ(parents[1], CommitGraph::kNone);
  const CommitGraph::Index first = parents[0];
  EXPECT_FALSE(graph.at(first).is_loaded);
  EXPECT_EQ((*graph.get(first))->shipped_by, kShippedBefore);
  EXPECT_TRUE(*stored->was_deployed(1));
  EXPECT_FALSE(*stored->was_deployed(2));
}

TEST(StoredCommits, CommitThatIsNotThereIsAnError) {
  Site site("not_stored");
  site.commit(1, {}, 10).complete().update();
  auto stored = StoredCommits::create(site.db(), 1);
  ASSERT_TRUE(stored);
  CommitGraph graph(&*stored);
  const auto commit = graph.get(graph.index_of(77));
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().code(), Error::Code::internal);
}

}  // namespace
}  // namespace baselined::derive
