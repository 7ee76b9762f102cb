#include "daemon/broker/redactor.h"

#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

constexpr std::string_view kSecret = "pa/ss+w\"o rd~?>";

std::string redacted(const std::string& text, std::string_view secret = kSecret) {
  Redactor redactor;
  redactor.add(secret);
  return redactor.redact(text);
}

std::string upper_hex(std::string text) {
  for (char& c : text) {
    c = c >= 'a' ? static_cast<char>(c - 32) : c;
  }
  return text;
}

TEST(Redactor, ReplacesASecretWhereverItStands) {
  EXPECT_EQ(redacted("token glpat-012345 was refused", "glpat-012345"), "token *** was refused");
  EXPECT_EQ(redacted("glpat-012345", "glpat-012345"), "***");
  EXPECT_EQ(redacted("aglpat-012345glpat-012345b", "glpat-012345"), "a******b");
  EXPECT_EQ(redacted("glpat-01234", "glpat-012345"), "glpat-01234");
  EXPECT_EQ(redacted("", "glpat-012345"), "");
}

TEST(Redactor, KnowsEachFormOfASecret) {
  const std::string forms[] = {
      std::string(kSecret),        to_hex(kSecret),
      upper_hex(to_hex(kSecret)),  "pa%2Fss%2Bw%22o%20rd~%3F%3E",
      "pa%2fss%2bw%22o+rd~%3f%3e", "pa/ss+w\\\"o rd~?>",
      "pa\\/ss+w\\\"o rd~?>",
  };
  for (const std::string& form : forms) {
    EXPECT_EQ(redacted("<" + form + ">"), "<***>") << form;
  }
}

TEST(Redactor, KnowsBase64AtEveryAlignment) {
  for (const std::string before : {"", "a", "ab", "abc", "user:", "user1:", "user12:"}) {
    for (const std::string after : {"", "x", "yz"}) {
      const std::string encoded = to_base64(before + std::string(kSecret) + after);
      const std::string text = redacted("Basic " + encoded);
      EXPECT_NE(text.find("***"), std::string::npos) << encoded;
      // What is left beside the mask are characters that the neighbours of the secret decide too.
      EXPECT_LE(text.size(),
                std::string("Basic ***").size() + (before.size() + after.size()) * 4 / 3 + 6);
    }
  }
}

TEST(Redactor, KnowsBase64ForUrls) {
  std::string encoded = to_base64("\xfb\xff\xfe~~~??");
  for (char& c : encoded) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  EXPECT_NE(redacted(encoded, "\xfb\xff\xfe~~~??").find("***"), std::string::npos);
}

TEST(Redactor, LeavesShortSecretsAlone) {
  EXPECT_EQ(redacted("abcde", "abcde"), "abcde");
  EXPECT_EQ(redacted("abcdef", "abcdef"), "***");
}

TEST(Redactor, LeavesNoEndOfTheLongerOfTwoSecrets) {
  Redactor redactor;
  redactor.add("abcdef");
  redactor.add("abcdefghij");
  redactor.add("fghijklm");
  EXPECT_EQ(redactor.redact("-abcdefghij-"), "-***-");
  EXPECT_EQ(redactor.redact("-abcdefghijklm-"), "-***-");
  EXPECT_EQ(redactor.redact("-abcdefg-"), "-***g-");
}

TEST(Redactor, KeepsOldSecretsAndTheLatestTokens) {
  Redactor redactor;
  redactor.add("old-secret");
  redactor.add_passing("first-token");
  for (int i = 0; i < 256; ++i) {
    redactor.add_passing("token-number-" + std::to_string(i));
  }
  EXPECT_EQ(redactor.redact("old-secret"), "***");
  EXPECT_EQ(redactor.redact("token-number-255"), "***");
  EXPECT_EQ(redactor.redact("token-number-0"), "***");
  EXPECT_EQ(redactor.redact("first-token"), "first-token");
}

}  // namespace
}  // namespace baselined::broker
