#include <gtest/gtest.h>

#include "daemon/derive/commit_graph.h"
#include "daemon/derive/refs.h"

namespace baselined::derive {
namespace {

using Index = CommitGraph::Index;
constexpr Index kNone = CommitGraph::kNone;

// Commit i has the parents at position i; everything is numbered.
CommitGraph graph_of(const std::vector<std::vector<Index>>& parents) {
  CommitGraph graph;
  for (std::size_t i = 0; i < parents.size(); ++i) {
    graph.set_parents(graph.add(static_cast<std::int64_t>(i) + 1), parents[i]);
  }
  for (Index i = 0; i < parents.size(); ++i) {
    EXPECT_TRUE(graph.number(i));
  }
  return graph;
}

TEST(CommitGraph, GenerationIsOneMoreThanTheHighestParent) {
  CommitGraph graph = graph_of({{1, 2}, {3}, {3, 4}, {}, {3}, {kNone}, {5, kNone, 0}});
  const std::vector<std::uint32_t> expected = {4, 2, 3, 1, 2, 1, 5};
  for (Index i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(graph.at(i).generation, expected[i]) << i;
  }
}

TEST(CommitGraph, LongLineIsNumberedWithoutRecursion) {
  constexpr Index kCommits = 300'000;
  CommitGraph graph;
  for (Index i = 0; i < kCommits; ++i) {
    const Index parent = i + 1;
    graph.set_parents(graph.add(i + 1),
                      i + 1 < kCommits ? std::span(&parent, 1) : std::span<const Index>());
  }
  ASSERT_TRUE(graph.number(0));
  EXPECT_EQ(graph.at(0).generation, kCommits);
}

TEST(CommitGraph, CircleIsCut) {
  CommitGraph graph = graph_of({{1}, {2}, {0, 2}});
  for (Index i = 0; i < 3; ++i) {
    EXPECT_GT(graph.at(i).generation, 0U);
  }
  EXPECT_TRUE(graph.is_ancestor(0, 2).has_value());
}

TEST(CommitGraph, FindsAncestorsThroughAnyParent) {
  CommitGraph graph = graph_of({{}, {0}, {0}, {1, 2}, {3}, {}});
  EXPECT_TRUE(*graph.is_ancestor(0, 4));
  EXPECT_TRUE(*graph.is_ancestor(2, 4));
  EXPECT_FALSE(*graph.is_ancestor(1, 2));
  EXPECT_FALSE(*graph.is_ancestor(4, 3));
  EXPECT_FALSE(*graph.is_ancestor(5, 4));
}

TEST(CommitGraph, FindsCommitsByTheirRecord) {
  CommitGraph graph;
  graph.add(3);
  graph.add(7);
  EXPECT_EQ(graph.index_of(7), 1U);
  EXPECT_EQ(graph.index_of(5), kNone);
  EXPECT_EQ(graph.index_of(8), kNone);
}

TEST(CompareChains, StopsWhereTheyMeet) {
  // 0 <- 1 <- 2 <- 3 and 1 <- 4 <- 5; second parents do not count.
  CommitGraph graph = graph_of({{}, {0}, {1, 4}, {2}, {1}, {4, 3}});
  const ChainDifference difference = *compare_chains(graph, {3}, {5});
  EXPECT_EQ(std::set<Index>(difference.removed.begin(), difference.removed.end()),
            std::set<Index>({2, 3}));
  EXPECT_EQ(std::set<Index>(difference.added.begin(), difference.added.end()),
            std::set<Index>({4, 5}));
}

TEST(CompareChains, SeesNoDifferenceInOneTip) {
  CommitGraph graph = graph_of({{}, {0}});
  const ChainDifference difference = *compare_chains(graph, {1}, {1});
  EXPECT_TRUE(difference.added.empty());
  EXPECT_TRUE(difference.removed.empty());
}

TEST(CompareChains, TipBehindAnotherAddsNothing) {
  CommitGraph graph = graph_of({{}, {0}, {1}, {2}});
  EXPECT_EQ(compare_chains(graph, {3}, {1, 3})->added, std::vector<Index>());
  EXPECT_EQ(compare_chains(graph, {1, 3}, {3})->removed, std::vector<Index>());
  EXPECT_EQ(compare_chains(graph, {}, {1, 3})->added.size(), 4U);
}

}  // namespace
}  // namespace baselined::derive
