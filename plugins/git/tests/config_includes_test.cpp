// What a configuration includes. Git is asked the same.
#include "plugins/git/config_includes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "plugins/git/tests/test_repository.h"

namespace baselined::git {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  const char* name;
  const char* config;
  std::vector<std::string> files;
};

class IncludedFiles : public testing::TestWithParam<Case> {};

TEST_P(IncludedFiles, AreTheOnesThatGitFinds) {
  EXPECT_EQ(included_files(GetParam().config), GetParam().files);
  const TestRepository source("app");
  source.write("text", GetParam().config);
  std::vector<std::string> by_git;
  for (const std::string& line : source.lines("config -f text --no-includes --get-regexp "
                                              "'^include(if[.].*)?[.]path$' '.' || true")) {
    by_git.push_back(line.substr(line.find(".path ") + 6));
  }
  EXPECT_EQ(by_git, GetParam().files);
}

INSTANTIATE_TEST_SUITE_P(
    Configurations, IncludedFiles,
    testing::Values(
        Case{"Plain", "[core]\n\tbare = false\n[include]\n\tpath = inc\n", {"inc"}},
        Case{"OnOneLine", "[include] path=inc", {"inc"}},
        Case{"OfAnyCase",
             "[InClude]\nPATH = Inc\n[INCLUDEIF \"onbranch:x\"]\npath=b\n",
             {"Inc", "b"}},
        Case{"SeveralAndInAnyOrder",
             "[include]\npath = a\npath = b\n[core]\npath = c\n[include]\npath = d\n",
             {"a", "b", "d"}},
        Case{"OnAnyCondition", "[includeIf \"gitdir:/x]\\\"y/\"]\n  path = ~/inc\n", {"~/inc"}},
        Case{"WithCommentsAndBlanks",
             "# [include]\n;path = a\n[include] # x\n path =  b c \t# d\n path = \" e#;\"  ; f\r\n",
             {"b c", " e#;"}},
        Case{"QuotedAndEscaped", "[include]\npath = \"a\\\"b\" c\\\\d\\te\n", {"a\"b c\\d\te"}},
        Case{"OverSeveralLines", "[include]\npath = a\\\nb\\\n  c\n", {"ab  c"}},
        Case{"AfterAByteOrderMark", "\xEF\xBB\xBF[include]\npath = a\r\n", {"a"}},
        Case{"OfOtherSections",
             "path = a\n[include \"x\"]\npath = b\n[include.y]\npath = c\n[includes]\npath=d\n"
             "[remote \"include\"]\npath=e\n[include]\npaths = f\n\n",
             {}}),
    [](const testing::TestParamInfo<Case>& test) { return test.param.name; });

TEST(IncludedFiles, OfWhatIsNoConfigurationAreNone) {
  for (const char* text :
       {"", "[", "[include", "[include]", "[include]path", "[include]\npath=", "[include]\npath\n",
        "=", "[include]\npath = \\", "[includeIf \"\\", "\xEF\xBB\xBF", "[include]\n= x\n"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(included_files(text), IsEmpty());
  }
  EXPECT_THAT(included_files("[include]\npath = \"a"), ElementsAre("a"));
}

}  // namespace
}  // namespace baselined::git
