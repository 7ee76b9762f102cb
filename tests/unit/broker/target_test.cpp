#include "daemon/broker/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

using testing::HasSubstr;
using testing::Not;

Url base(const std::string& text = "https://git.example.com/api/v4") {
  return *parse_base_url(text, true);
}

std::string resolved(const std::string& target, const Url& from = base()) {
  const auto url = resolve_target(from, target);
  return url ? url->text : std::string(to_string(url.error().code()));
}

TEST(Target, IsBelowTheBase) {
  EXPECT_EQ(resolved("/projects?page=2"), "https://git.example.com/api/v4/projects?page=2");
  EXPECT_EQ(resolved("projects"), "https://git.example.com/api/v4/projects");
  EXPECT_EQ(resolved(""), "https://git.example.com/api/v4");
  EXPECT_EQ(resolved("?q=1"), "https://git.example.com/api/v4?q=1");
  EXPECT_EQ(resolved("/a/../b"), "https://git.example.com/api/v4/b");
  EXPECT_EQ(resolved("/a#part"), "https://git.example.com/api/v4/a");
  EXPECT_EQ(resolved("/projects/group%2Fname"),
            "https://git.example.com/api/v4/projects/group%2Fname");
  EXPECT_EQ(resolved("/a", base("https://git.example.com")), "https://git.example.com/a");
  EXPECT_EQ(resolved("", base("https://git.example.com")), "https://git.example.com/");
  EXPECT_EQ(resolved("/a", base("https://git.example.com:8443/")),
            "https://git.example.com:8443/a");
}

TEST(Target, ThatLooksLikeAnotherHostStaysAPath) {
  EXPECT_EQ(resolved("//evil.example/x"), "https://git.example.com/api/v4//evil.example/x");
  EXPECT_EQ(resolved("@evil.example/x"), "https://git.example.com/api/v4/@evil.example/x");
  EXPECT_EQ(resolved(":80/x"), "https://git.example.com/api/v4/:80/x");
  EXPECT_EQ(resolved("@evil.example/x", base("https://git.example.com")),
            "https://git.example.com/@evil.example/x");
  EXPECT_EQ(resolved("file:///etc/passwd"), "https://git.example.com/api/v4/file:///etc/passwd");
}

TEST(Target, CannotLeaveTheBasePath) {
  for (const std::string target :
       {"/..", "/../v5/x", "../../x", "/a/../../x", "/%2e%2e/x", "/a/%2E./x", "/..%2fx",
        "/a/..%2F..%2fx", "/..%5cx", "/..\\x", "/../v45"}) {
    EXPECT_EQ(resolved(target), "data") << target;
  }
}

TEST(Target, RefusesWhatWouldSplitARequest) {
  using namespace std::string_literals;
  for (const std::string& target : {"/a b"s, "/a\r\nX: y"s, "/a\n"s, "/a\tb"s, "/a\0b"s}) {
    EXPECT_EQ(resolved(target), "data");
  }
}

TEST(Target, AnAbsoluteUrlMustBeAtTheOrigin) {
  EXPECT_EQ(resolved("https://git.example.com/api/v4/x?y=1"),
            "https://git.example.com/api/v4/x?y=1");
  EXPECT_EQ(resolved("HTTPS://GIT.example.com:443/other"), "https://GIT.example.com:443/other");
  for (const std::string target :
       {"https://evil.example/api/v4/x", "http://git.example.com/api/v4/x",
        "https://git.example.com:444/x", "https://git.example.com.evil.example/x",
        "https://git.example.com@evil.example/", "https://user:pw@git.example.com/",
        "https://git.example.com./x", "https://"}) {
    EXPECT_EQ(resolved(target), "data") << target;
  }
}

TEST(Target, TheErrorNamesTheHostButNoQuery) {
  const auto url = resolve_target(base(), "https://evil.example/x?private_token=abc");
  ASSERT_FALSE(url.has_value());
  EXPECT_THAT(url.error().message(), HasSubstr("https://evil.example:443"));
  EXPECT_THAT(url.error().message(), Not(HasSubstr("abc")));
}

TEST(BaseUrl, IsHttpsWithoutUserUnlessHttpIsAllowed) {
  EXPECT_TRUE(parse_base_url("https://git.example.com/api", false).has_value());
  EXPECT_TRUE(parse_base_url("https://[2001:db8::1]:8443", false).has_value());
  EXPECT_TRUE(parse_base_url("http://git.example.com", true).has_value());
  for (const std::string text :
       {"http://git.example.com", "https://user@git.example.com", "ftp://git.example.com",
        "file:///etc/passwd", "git.example.com", "", "https://git.example.com?x=1"}) {
    const auto url = parse_base_url(text, false);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().code(), Error::Code::config);
  }
}

TEST(Url, IsShownWithoutQuery) {
  EXPECT_EQ(resolve_target(base(), "/x?token=1")->shown(), "https://git.example.com/api/v4/x");
  EXPECT_EQ(base("https://git.example.com:8443").shown(), "https://git.example.com:8443/");
}

TEST(Redirect, IsFollowedAtTheSameOriginOnly) {
  const Url from = base("https://git.example.com/api/v4/x");
  EXPECT_EQ(resolve_redirect(from, "/y?z=1")->text, "https://git.example.com/y?z=1");
  EXPECT_EQ(resolve_redirect(from, "y")->text, "https://git.example.com/api/v4/y");
  EXPECT_EQ(resolve_redirect(from, "https://git.example.com:443/y")->path, "/y");
  for (const std::string location :
       {"https://evil.example/", "//evil.example/", "http://git.example.com/",
        "https://git.example.com:8443/", "http://169.254.169.254/latest", "file:///etc/passwd",
        "javascript:alert(1)", "gopher://git.example.com/", "https://u:p@git.example.com/"}) {
    const auto url = resolve_redirect(from, location);
    ASSERT_FALSE(url.has_value()) << location;
    EXPECT_EQ(url.error().code(), Error::Code::data);
  }
}

TEST(Redirect, TheErrorNamesTheHostItPointedTo) {
  const Url from = base("https://git.example.com/api/v4/x");
  EXPECT_THAT(resolve_redirect(from, "https://evil.example/?t=1").error().message(),
              HasSubstr("https://evil.example:443"));
  EXPECT_THAT(resolve_redirect(from, "http://git.example.com/").error().message(),
              HasSubstr("without TLS"));
}

}  // namespace
}  // namespace baselined::broker
