#include "plugins/gitlab/item.h"

#include <gtest/gtest.h>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

std::string in_utc(std::string_view text) {
  const auto time = parse_time(text);
  return time ? format_time(*time) : "none";
}

TEST(Time, OfEveryFormThatGitlabWrites) {
  EXPECT_EQ(in_utc("2019-03-13T14:14:24.109Z"), "2019-03-13T14:14:24.109000Z");
  EXPECT_EQ(in_utc("2019-03-13T23:24:52.000+08:00"), "2019-03-13T15:24:52.000000Z");
  EXPECT_EQ(in_utc("2022-07-26T09:38:27.000+00:00"), "2022-07-26T09:38:27.000000Z");
  EXPECT_EQ(in_utc("2021-12-31T22:00:00-03:30"), "2022-01-01T01:30:00.000000Z");
  EXPECT_EQ(in_utc("2021-04-28 21:50:00 +0200"), "2021-04-28T19:50:00.000000Z");
  EXPECT_EQ(in_utc("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999000Z");
}

TEST(Time, IsNothingElse) {
  for (const char* text :
       {"", "yesterday", "2019-03-13", "2019-13-13T14:14:24Z", "2019-03-13T14:14:24",
        "2019-03-13T14:14:24Z and more", "2019-03-13T25:14:24Z"}) {
    EXPECT_EQ(in_utc(text), "none") << text;
  }
}

std::string problem_of(const json::value& value, const std::function<void(const Item&)>& read) {
  try {
    read(Item(value));
  } catch (const Malformed& malformed) {
    return malformed.what();
  }
  return "none";
}

TEST(Item, NamesTheFieldThatIsNotAsDocumentedAndNeverItsValue) {
  const json::value value = json::parse(
      R"({"id":"7","name":5,"at":"secret","sha":"12","labels":["a",1],"null":null,"on":1})");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.integer("id"); }), "no whole number as id");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.text("name"); }), "no text as name");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.time("at"); }), "no time as at");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.sha("sha"); }), "no commit id as sha");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.texts_if("labels"); }),
            "no list of texts as labels");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.boolean_if("on"); }), "no truth value as on");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.object("name"); }), "no object as name");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.text("null"); }), "no null");
  EXPECT_EQ(problem_of(value, [](const Item& i) { i.text("nothing"); }), "no nothing");
  EXPECT_EQ(problem_of(json::value("text"), [](const Item&) {}), "no object");
}

TEST(Item, WhatIsNullIsNotThere) {
  const json::value value = json::parse(R"({"a":null})");
  const Item item(value);
  EXPECT_FALSE(item.has("a"));
  EXPECT_FALSE(item.text_if("a"));
  EXPECT_FALSE(item.time_if("a"));
  EXPECT_FALSE(item.object_if("a"));
  EXPECT_FALSE(item.texts_if("a"));
}

}  // namespace
}  // namespace baselined::gitlab
