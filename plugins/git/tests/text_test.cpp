#include "plugins/git/text.h"

#include <gtest/gtest.h>

#include "plugins/git/commit_parser.h"
#include "plugins/git/library.h"

namespace baselined::git {
namespace {

TEST(Text, ValidUtf8ComesBackUnchanged) {
  for (const std::string text : {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8C\x8D",
                                 "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(make_utf8(text), text);
  }
}

TEST(Text, EveryByteThatIsNoUtf8IsWrittenInHexadecimal) {
  EXPECT_EQ(make_utf8("caf\xE9"), R"(caf\xE9)");
  EXPECT_EQ(make_utf8("\xE9t\xE9"), R"(\xE9t\xE9)");
  EXPECT_EQ(make_utf8("\xE2\x82"), R"(\xE2\x82)");                  // cut off
  EXPECT_EQ(make_utf8("\xC0\xAF"), R"(\xC0\xAF)");                  // overlong
  EXPECT_EQ(make_utf8("\xE0\x80\xAF"), R"(\xE0\x80\xAF)");          // overlong
  EXPECT_EQ(make_utf8("\xED\xA0\x80"), R"(\xED\xA0\x80)");          // a surrogate
  EXPECT_EQ(make_utf8("\xF5\x80\x80\x80"), R"(\xF5\x80\x80\x80)");  // beyond Unicode
  EXPECT_EQ(make_utf8("\xF4\x90\x80\x80"), R"(\xF4\x90\x80\x80)");  // beyond Unicode
  EXPECT_EQ(make_utf8("\x80"), R"(\x80)");                          // nothing before it
}

TEST(Text, OnlyABackslashThatCouldBeTakenForSuchAByteIsWrittenSoToo) {
  EXPECT_EQ(make_utf8(R"(caf\xE9)"), R"(caf\x5CxE9)");
  EXPECT_EQ(make_utf8(R"(caf\x5CxE9)"), R"(caf\x5Cx5CxE9)");
  for (const std::string text : {R"(C:\x)", R"(\xe9)", R"(\x41)", R"(\xG0)", R"(\)", R"(\\)"}) {
    EXPECT_EQ(make_utf8(text), text);
  }
}

// So no two are made the same.
TEST(Text, TheBytesThatAnyTextWasMadeOfCanBeHadBack) {
  const std::string alphabet = "\\x5C8E9\xE9\xC3\xA9";  // ten
  std::string bytes(5, ' ');
  for (std::size_t number = 0; number < 100'000; ++number) {
    std::size_t rest = number;
    for (char& byte : bytes) {
      byte = alphabet[rest % 10];
      rest /= 10;
    }
    ASSERT_EQ(original_bytes(make_utf8(bytes)), bytes);
  }
}

TEST(Text, LowerCaseIsAsciiOnly) {
  EXPECT_EQ(lower_ascii("Ada@EXAMPLE.org"), "ada@example.org");
  EXPECT_EQ(lower_ascii("\xC3\x89@X"), "\xC3\x89@x");
}

TEST(Text, DatesAreUtc) {
  EXPECT_EQ(to_date(0), "1970-01-01");
  EXPECT_EQ(to_date(-1), "1969-12-31");
  EXPECT_EQ(to_date(1'700'000'000), "2023-11-14");
}

TEST(Text, FingerprintsDifferWithTheBytes) {
  const Library library;
  EXPECT_EQ(fingerprint("a"), fingerprint("a"));
  EXPECT_NE(fingerprint("a"), fingerprint("b"));
  EXPECT_EQ(fingerprint("").size(), 40U);
}

TEST(Ident, IsSplitWhereGitSplitsIt) {
  const Ident plain = parse_ident("Ada Example <ada@example.org> 1700000000 +0100");
  EXPECT_EQ(plain.name, "Ada Example");
  EXPECT_EQ(plain.email, "ada@example.org");
  EXPECT_EQ(plain.seconds, 1'700'000'000);

  const Ident brackets = parse_ident("Ada <ada@example.org> (at <work>) 1700000000 +0100");
  EXPECT_EQ(brackets.email, "ada@example.org");
  EXPECT_EQ(brackets.seconds, kNoTime);

  const Ident doubled = parse_ident("Ada <ada@example.org>> 1700000000 +0100");
  EXPECT_EQ(doubled.email, "ada@example.org");
  EXPECT_EQ(doubled.seconds, 1'700'000'000);
}

TEST(Ident, BrokenOnesHaveNoDate) {
  for (const std::string_view line : {"", "Ada", "Ada <ada@example.org", "Ada <ada@example.org>",
                                      "Ada <> x", "Ada <a> 99999999999999999999 +0000"}) {
    EXPECT_EQ(parse_ident(line).seconds, kNoTime) << line;
  }
  EXPECT_EQ(parse_ident("<> 5").name, "");
  EXPECT_EQ(parse_ident("<> 5").seconds, 5);
  EXPECT_EQ(parse_ident("Ada <a> -5 +0000").seconds, -5);
}

constexpr std::string_view kTree = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";

TEST(CommitParser, ReadsHeaderLinesOnly) {
  const std::string object = std::string(kTree) +
                             "parent 1111111111111111111111111111111111111111\n"
                             "parent 2222222222222222222222222222222222222222\n"
                             "author Ada <ada@example.org> 1 +0000\n"
                             "committer Bob <bob@example.org> 2 +0000\n"
                             "encoding ISO-8859-1\n\n"
                             "parent 3333333333333333333333333333333333333333\n";
  ParsedCommit commit;
  ASSERT_TRUE(parse_commit(object, commit));
  ASSERT_EQ(commit.parents.size(), 2U);
  EXPECT_EQ(to_hex(commit.parents[1]), std::string(40, '2'));
  EXPECT_EQ(commit.author.seconds, 1);
  EXPECT_EQ(commit.committer.email, "bob@example.org");
}

TEST(CommitParser, ForgetsTheCommitBefore) {
  ParsedCommit commit;
  ASSERT_TRUE(parse_commit(std::string(kTree) + "author A <a> 1 +0000\n", commit));
  ASSERT_TRUE(parse_commit(kTree, commit));
  EXPECT_EQ(commit.author.email, "");
  EXPECT_EQ(commit.author.seconds, kNoTime);
}

TEST(CommitParser, RefusesWhatHasNoPlaceInHistory) {
  const Library library;
  ParsedCommit commit;
  EXPECT_FALSE(parse_commit("", commit));
  EXPECT_FALSE(parse_commit("tree 4b825dc\n", commit));
  EXPECT_FALSE(parse_commit("author Ada <a> 1 +0000\n", commit));
  EXPECT_FALSE(parse_commit(std::string(kTree) + "parent 12\n", commit));
  EXPECT_FALSE(parse_commit(std::string(kTree) + "parent " + std::string(40, 'x') + "\n", commit));
}

TEST(TagParser, ReadsTargetAndTagger) {
  ParsedTag tag;
  ASSERT_TRUE(
      parse_tag("object 1111111111111111111111111111111111111111\ntype commit\ntag v1\n"
                "tagger Ada <ada@example.org> 7 +0000\n\ntagger Eve <eve> 8 +0000\n",
                tag));
  EXPECT_EQ(tag.tagger.seconds, 7);
  // The oldest tags have no tagger; the message must not be taken for one.
  ASSERT_TRUE(
      parse_tag("object 1111111111111111111111111111111111111111\ntype commit\ntag v1\n\n"
                "tagger Eve <eve> 8 +0000\n",
                tag));
  EXPECT_EQ(tag.tagger.seconds, kNoTime);
  EXPECT_FALSE(parse_tag("type commit\n", tag));
}

TEST(Microseconds, DatesThatDoNotFitAreMissing) {
  EXPECT_EQ(to_microseconds(0), 0);
  EXPECT_EQ(to_microseconds(-5), -5'000'000);
  EXPECT_EQ(to_microseconds(9'223'372'036'854), 9'223'372'036'854'000'000);
  EXPECT_EQ(to_microseconds(9'223'372'036'855), std::nullopt);
  EXPECT_EQ(to_microseconds(-9'223'372'036'855), std::nullopt);
  EXPECT_EQ(to_microseconds(kNoTime), std::nullopt);
}

}  // namespace
}  // namespace baselined::git
