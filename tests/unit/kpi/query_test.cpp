#include "daemon/kpi/query.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "daemon/derive/derive.h"
#include "daemon/store/store.h"

namespace baselined::kpi {
namespace {

// The real tables, empty.
class Queries : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    auto store = store::Store::open(directory_, records::Contracts::built_in());
    ASSERT_TRUE(store) << store.error().message();
    store_ = *std::move(store);
    const auto derived = derive::update(store_->connection(), derive::Mapping());
    ASSERT_TRUE(derived) << derived.error().message();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::vector<std::string> plan_of(const std::string& sql) {
    std::vector<std::string> plan;
    auto explain = store_->connection().prepare("EXPLAIN QUERY PLAN " + sql);
    EXPECT_TRUE(explain) << explain.error().message();
    while (explain && explain->step().value_or(false)) {
      plan.emplace_back(explain->text(3));
    }
    return plan;
  }

  // Every access to a fact table in the plans of the catalogue, with its SQL.
  std::vector<std::pair<std::string, std::string>> catalogue_steps() {
    std::vector<std::pair<std::string, std::string>> steps;
    for (const Definition& definition : Catalogue::built_in().all()) {
      for (const std::string& sql : Query::statements(definition)) {
        for (const std::string& step : plan_of(sql)) {
          if (step.find("fact_") != std::string::npos ||
              (step.starts_with("SCAN") && step != "SCAN observation")) {
            steps.emplace_back(step, sql);
          }
        }
      }
    }
    return steps;
  }

  std::filesystem::path directory_ = std::filesystem::path(testing::TempDir()) /
                                     ("baselined-kpi-queries-" + std::to_string(::getpid()));
  std::unique_ptr<store::Store> store_;
};

TEST_F(Queries, AllOfTheCatalogueFitTheRealTables) {
  for (const Definition& definition : Catalogue::built_in().all()) {
    const auto query = Query::prepare(store_->connection(), definition);
    EXPECT_TRUE(query) << definition.id << ": " << query.error().message();
  }
}

// A refresh must not read the whole history: each access to a fact table is a search in an index
// that begins with the service.
TEST_F(Queries, AllOfTheCatalogueAreAnsweredFromIndexes) {
  const auto steps = catalogue_steps();
  EXPECT_GE(steps.size(), 10U);
  for (const auto& [step, sql] : steps) {
    if (step.ends_with("(commit_id=?)") || step.ends_with("(rowid=?)") ||
        step.find("(deployment=?") != std::string::npos) {
      continue;  // of a row that was found so
    }
    EXPECT_THAT(step, testing::ContainsRegex("^SEARCH (fact_[a-z_]+|[cdf]) ")) << sql;
    EXPECT_THAT(step, testing::HasSubstr("(service=?")) << sql;
    // A range of time, or what has no time.
    EXPECT_THAT(step, testing::ContainsRegex("at>\\? AND [a-z_]*at<\\?|AND at=\\?")) << sql;
  }
}

TEST_F(Queries, AnswerWithNothingFromEmptyTables) {
  const Window window{"", UtcTime(), UtcTime(std::chrono::hours(24))};
  for (const Definition& definition : Catalogue::built_in().all()) {
    auto query = Query::prepare(store_->connection(), definition);
    ASSERT_TRUE(query);
    const auto found = query->observations(1, window);
    ASSERT_TRUE(found) << definition.id;
    EXPECT_EQ(found->events, 0U);
    EXPECT_TRUE(found->values.empty());
    EXPECT_TRUE(found->moments.empty());
    EXPECT_TRUE(query->excluded(1, window)->empty());
    EXPECT_TRUE(query->adjusted(1, window)->empty());
  }
}

}  // namespace
}  // namespace baselined::kpi
