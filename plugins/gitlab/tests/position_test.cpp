#include "plugins/gitlab/position.h"

#include <gtest/gtest.h>

namespace baselined::gitlab {
namespace {

constexpr std::int64_t kMinute = 60'000'000;

TEST(Position, IsKeptInACursor) {
  Position position;
  position.identity = "gitlab.example.org/a/b";
  position.rules = "timelines";
  position.again = "17";
  position.take(7, Time{100 * kMinute});
  position.highest_id = 9;
  position.from = Time{3 * kMinute};
  position.stuck_at = 12;
  position.skipped.add(boost::json::parse(R"({"id":5})"), "no time as created_at");
  const Position again = Position::parse(position.text());
  EXPECT_EQ(again.text(), position.text());
  EXPECT_TRUE(again.has(7, Time{100 * kMinute}));
  EXPECT_FALSE(again.has(7, Time{101 * kMinute}));
  EXPECT_EQ(again.resume(), Time{95 * kMinute});
  EXPECT_EQ(again.rules, "timelines");
  EXPECT_EQ(again.again, "17");
  EXPECT_EQ(again.from, Time{3 * kMinute});
  EXPECT_EQ(again.stuck_at, 12);
  EXPECT_EQ(again.skipped.count(), 1U);
}

TEST(Position, OfWhatItDoesNotUnderstandIsTheBeginning) {
  for (const char* text : {"", "[]", "{}", R"({"identity":"a","highest_id":"1"})", "{"}) {
    EXPECT_FALSE(Position::parse(text).resume()) << text;
    EXPECT_EQ(Position::parse(text).identity, "") << text;
  }
}

TEST(Position, ForgetsWhatANewQuestionDoesNotAskFor) {
  Position position;
  position.take(1, Time{10 * kMinute});
  position.take(2, Time{14 * kMinute});
  EXPECT_TRUE(position.has(1, Time{10 * kMinute}));
  position.take(3, Time{16 * kMinute});
  EXPECT_FALSE(position.has(1, Time{10 * kMinute}));
  EXPECT_TRUE(position.has(2, Time{14 * kMinute}));
}

TEST(Position, IsNotMovedByWhatIsNotedUntilNothingEarlierIsMissing) {
  Position position;
  position.latest = Time{1'000'000'000};
  position.note(1, Time{2'000'000'000});
  position.note(2, Time{2'100'000'000});
  position.note(3, Time{1'000'000'000});
  EXPECT_TRUE(position.has(1, Time{2'000'000'000}));
  EXPECT_EQ(position.resume()->us, 1'000'000'000 - Position::kOverlapUs);
  position.forget_old();
  EXPECT_EQ(position.resume()->us, 2'100'000'000 - Position::kOverlapUs);
  EXPECT_TRUE(position.has(1, Time{2'000'000'000}));
  EXPECT_FALSE(position.has(3, Time{1'000'000'000}));
}

TEST(Position, OfVeryManyInAMomentFitsIntoACursor) {
  Position position;
  const std::int64_t many = 2 * static_cast<std::int64_t>(Position::kMostRecent);
  for (std::int64_t id = 1; id <= many; ++id) {
    position.take(10'000'000'000 + id, Time{1'772'366'400'000'000 + id});
  }
  EXPECT_LT(position.text().size(), std::size_t{512} << 10U);
  EXPECT_EQ(position.resume(), Time{1'772'366'400'000'001 + many / 2});
}

TEST(Skipped, AreCountedAndOneIsNamed) {
  Skipped skipped;
  EXPECT_EQ(skipped.text("jobs"), "");
  skipped.add(boost::json::parse(R"({"id":5})"), "no name");
  skipped.add(boost::json::value("x"), "no object");
  EXPECT_NE(skipped.text("jobs").find("2 of the jobs"), std::string::npos);
  EXPECT_NE(skipped.text("jobs").find("5: no name"), std::string::npos);
  skipped.remove(boost::json::parse(R"({"id":5})"));
  EXPECT_EQ(skipped.count(), 1U);
  for (int id = 0; id < 200; ++id) {
    skipped.add(boost::json::object{{"id", id}}, "no name");
  }
  EXPECT_EQ(skipped.count(), Skipped::kMost + 1);
  for (int id = 0; id < 200; ++id) {
    skipped.remove(boost::json::object{{"id", id}});
  }
  EXPECT_NE(skipped.text("jobs"), "");
}

}  // namespace
}  // namespace baselined::gitlab
