// Reading page by page: which page is the next one, and what ends a source that has no end.
#include <baselined/testing/fake_host.h>
#include <gmock/gmock.h>
#include <baselined/pages.hpp>

#include "tests/unit/sdk/scripted_plugin.h"

namespace baselined::sdk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(UrlEncoded, LeavesWhatNeedsNoEncoding) {
  EXPECT_EQ(url_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encoded("a b&c=d/e+f%"), "a%20b%26c%3Dd%2Fe%2Bf%25");
  EXPECT_EQ(url_encoded("\xC3\xA9"), "%C3%A9");
}

TEST(WithParameter, AddsOrReplaces) {
  EXPECT_EQ(with_parameter("/x", "page", "2"), "/x?page=2");
  EXPECT_EQ(with_parameter("/x?a=1", "page", "2"), "/x?a=1&page=2");
  EXPECT_EQ(with_parameter("/x?page=1", "page", "2"), "/x?page=2");
  EXPECT_EQ(with_parameter("/x?page=1&a=1", "page", "2"), "/x?page=2&a=1");
  EXPECT_EQ(with_parameter("/x?per_page=100", "page", "2"), "/x?per_page=100&page=2");
  EXPECT_EQ(with_parameter("/x?page=", "page", "a&b"), "/x?page=a%26b");
}

TEST(LinkTarget, IsThatOfTheRelation) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"<https://a.example/x?page=2>; rel=\"next\"", "https://a.example/x?page=2"},
      {"<https://a.example/x?page=1>; rel=\"prev\", </x?page=3>; rel=\"next\"", "/x?page=3"},
      {"</x?ids=1,2>; rel=\"first\", </x?ids=3,4>; rel=\"next\"", "/x?ids=3,4"},
      {"</x>; rel=next", "/x"},
      {"</x>; rel=next, </y>; rel=last", "/x"},
      {"</x>;rel=\"next\";title=\"a, b; rel=last\"", "/x"},
      {"</x>; title=\"rel=next\"", ""},
      {"</x>; title=\"a, b\"; rel=\"next\"", "/x"},
      {"</x>; REL=\"NEXT\"", "/x"},
      {"</x>; rel=\"last next\"", "/x"},
      {"</x>; rel=\"nextra\"", ""},
      {"</x>; rel=\"next", "/x"},  // a quote that does not end
      {"</x>; rel", ""},
      {"</x; rel=\"next\"", ""},
      {"rel=\"next\"", ""},
      {",,;;<", ""},
  };
  for (const auto& [header, target] : cases) {
    EXPECT_EQ(link_target(header), target) << header;
  }
  EXPECT_EQ(link_target("</x>; rel=\"next\", </y>; rel=\"last\"", "last"), "/y");
}

cassette::Exchange page(std::string target, std::string body, const std::string& link = "") {
  cassette::Response response{200, {}, std::move(body)};
  if (!link.empty()) {
    response.headers.push_back({"Link", "<" + link + ">; rel=\"next\""});
  }
  return {{"GET", std::move(target), {}, ""}, std::move(response)};
}

RunResult collect(std::vector<cassette::Exchange> exchanges, Behaviour read) {
  FakeHost host;
  host.play({"of this test", 0, true, std::move(exchanges)});
  behaviour() = std::move(read);
  return host.collect(&kScripted, "{}");
}

std::vector<std::string> targets_of(const RunResult& run) {
  std::vector<std::string> targets;
  for (const auto& request : run.requests) {
    targets.push_back(request.target);
  }
  return targets;
}

std::string long_body() { return std::string(100, 'x'); }

TEST(Pages, FollowTheLinkHeaderToItsEnd) {
  const RunResult run =
      collect({page("/1", "a", "/2"), page("/2", "b", "/3"), page("/3", "c")}, [](auto& r) {
        Pages pages(r, "/1");
        std::string bodies;
        while (const auto next = pages.next()) {
          bodies += next->body();
        }
        EXPECT_EQ(bodies, "abc");
        EXPECT_EQ(pages.pages_read(), 3U);
      });
  EXPECT_EQ(run.status, BL_OK) << run.error;
}

TEST(Pages, FollowWhatThePluginSaysInsteadOfTheHeader) {
  const RunResult run =
      collect({page("/x", "a", "/header"), page("/x?token=t", "b", "/header")}, [](auto& r) {
        Pages pages(r, "/x");
        pages.next();
        pages.follow("/x?token=t");
        pages.next();
        pages.follow("");
        EXPECT_FALSE(pages.next());
      });
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_THAT(targets_of(run), ElementsAre("/x", "/x?token=t"));
}

TEST(Pages, ThatGoInCirclesAreAnError) {
  const RunResult run = collect({page("/1", "a", "/2"), page("/2", "b", "/1")}, [](auto& r) {
    Pages pages(r, "/1");
    while (pages.next()) {
    }
  });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("/1: the source names a page as the next one that was read"));
}

TEST(Pages, OfASourceThatIgnoresThePageNumberAreAnError) {
  const RunResult run =
      collect({page("/x?page=1", long_body()), page("/x?page=2", long_body())}, [](auto& r) {
        Pages pages(r, "/x?page=1");
        for (int number = 2; pages.next(); ++number) {
          pages.follow(with_parameter("/x?page=1", "page", std::to_string(number)));
        }
      });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("/x: the source answered two pages with the same bytes"));
}

TEST(Pages, ThatAreEmptyMayFollowEachOther) {
  const RunResult run = collect({page("/1", "[]", "/2"), page("/2", "[]")}, [](auto& r) {
    Pages pages(r, "/1");
    while (pages.next()) {
    }
  });
  EXPECT_EQ(run.status, BL_OK) << run.error;
}

TEST(Pages, WithoutEndMeetTheirLimit) {
  const RunResult run = collect({page("/1", "a", "/2"), page("/2", "b", "/3")}, [](auto& r) {
    Pages pages(r, "/1", 2);
    while (pages.next()) {
    }
  });
  EXPECT_EQ(run.status, BL_ERR_LIMIT);
  EXPECT_THAT(run.error, HasSubstr("more than 2 pages"));
}

TEST(Pages, ThatFailAreNoLastPage) {
  cassette::Exchange missing = page("/2", "");
  missing.answer = cassette::Response{404, {}, ""};
  const RunResult run = collect({page("/1", "a", "/2"), missing}, [](auto& r) {
    Pages pages(r, "/1");
    while (pages.next()) {
    }
  });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(run.error, "GET /2: HTTP 404");
}

}  // namespace
}  // namespace baselined::sdk
