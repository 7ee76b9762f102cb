// What the plugin keeps with the host, its options, and the small tables.
#include <gtest/gtest.h>

#include <baselined/plugin.hpp>
#include <regex>

#include "plugins/git/authors.h"
#include "plugins/git/cursor.h"
#include "plugins/git/known_refs.h"
#include "plugins/git/library.h"
#include "plugins/git/oid_index.h"
#include "plugins/git/options.h"
#include "plugins/git/text.h"

namespace baselined::git {
namespace {

git_oid oid(char digit) {
  git_oid id;
  git_oid_fromstr(&id, std::string(40, digit).c_str());
  return id;
}

TEST(KnownRef, ComesBackFromItsKey) {
  const KnownRef tag{{RefKind::tag, "release candidate 1", oid('a')}, oid('b'), -7};
  const auto back = decode_known_ref(encode(tag));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->ref.kind, RefKind::tag);
  EXPECT_EQ(back->ref.name, "release candidate 1");
  EXPECT_EQ(to_hex(back->ref.target), std::string(40, 'a'));
  EXPECT_EQ(to_hex(back->commit), std::string(40, 'b'));
  EXPECT_EQ(back->committed_seconds, -7);

  const KnownRef other{{RefKind::other, "", oid('c')}, oid('c'), kNoTime};
  ASSERT_TRUE(decode_known_ref(encode(other)).has_value());
  EXPECT_EQ(decode_known_ref(encode(other))->committed_seconds, kNoTime);
}

TEST(KnownRef, KeysOfStrangersAreLeftOut) {
  const Library library;
  for (const std::string_view key : {"", "tag", "tag x y 1 n", "branch  ", "note 1 2 3 4"}) {
    EXPECT_FALSE(decode_known_ref(key).has_value()) << key;
    EXPECT_FALSE(decode_checkpoint(key).has_value()) << key;
  }
}

TEST(Checkpoint, ComesBackFromItsKey) {
  const auto back = decode_checkpoint(encode(Checkpoint{"settings", oid('d'), 42}));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->settings, "settings");
  EXPECT_EQ(to_hex(back->commit), std::string(40, 'd'));
  EXPECT_EQ(back->committed_seconds, 42);
}

TEST(Cursor, ComesBackAndAnUnknownVersionIsEmpty) {
  const Cursor cursor{"refs", "settings", "host/a path with spaces"};
  EXPECT_EQ(decode_cursor(encode(cursor)), cursor);
  EXPECT_EQ(decode_cursor(""), Cursor());
  EXPECT_EQ(decode_cursor("2 refs settings identity"), Cursor());
}

TEST(OidIndex, NumbersEachIdOnce) {
  OidIndex index;
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t number = 0; number < 5000; ++number) {
      git_oid id{};
      id.id[8] = static_cast<unsigned char>(number);  // beyond the bytes that are the hash
      id.id[0] = static_cast<unsigned char>(number >> 8U);
      const auto [given, is_new] = index.add(id);
      ASSERT_EQ(given, number);
      ASSERT_EQ(is_new, round == 0);
    }
  }
  EXPECT_EQ(index.size(), 5000U);
  EXPECT_FALSE(index.contains(oid('f')));
  EXPECT_FALSE(OidIndex().contains(oid('f')));
}

TEST(Authors, AreNumberedOnceAndKnowBots) {
  const std::regex bots(R"(\[bot\]|renovate)", std::regex::icase);
  Authors authors(bots);
  const std::uint32_t ada = authors.number({.name = "Ada", .email = "Ada@Example.ORG"});
  EXPECT_EQ(authors.number({.name = "Ada", .email = "Ada@Example.ORG"}), ada);
  EXPECT_EQ(authors.at(ada).email, "ada@example.org");
  EXPECT_FALSE(authors.at(ada).is_bot);
  EXPECT_TRUE(authors.at(authors.number({.name = "x[BOT]", .email = "a@b"})).is_bot);
  EXPECT_TRUE(authors.at(authors.number({.name = "x", .email = "Renovate@b"})).is_bot);
}

TEST(Authors, AHugeNameDoesNotEndTheProcess) {
  const std::regex bots("(a|b)*c", std::regex::icase);
  Authors authors(bots);
  const std::string name(1'000'000, 'a');
  EXPECT_FALSE(authors.at(authors.number({.name = name, .email = name})).is_bot);
}

TEST(Options, HaveDefaults) {
  const Options options = parse_options(R"({"repositories":["/srv/a"]})");
  EXPECT_EQ(options.repositories, std::vector<std::string>{"/srv/a"});
  EXPECT_TRUE(options.branches.empty());
  EXPECT_EQ(options.path_depth, 0);
  EXPECT_FALSE(options.line_counts);
  EXPECT_TRUE(std::regex_search("DependaBot", options.bots));
  EXPECT_TRUE(std::regex_search("ci[bot]", options.bots));
  EXPECT_FALSE(std::regex_search("abbot", options.bots));
}

TEST(Options, WrongOnesAreConfigurationErrors) {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"repositories":[]})", R"({"repositories":"/srv/a"})",
        R"({"repositories":["/a"],"path_depth":9})", R"({"repositories":["/a"],"path_depth":-1})",
        R"({"repositories":["/a"],"bot_pattern":"("})"}) {
    try {
      parse_options(text);
      ADD_FAILURE() << text;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), BL_ERR_CONFIG) << text;
      EXPECT_NE(std::string(failure.what()), "");
    }
  }
}

}  // namespace
}  // namespace baselined::git
