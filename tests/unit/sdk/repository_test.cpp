#include <gtest/gtest.h>
#include <baselined/repository.hpp>

namespace baselined {
namespace {

struct Case {
  std::string_view origin;
  std::string_view path;
  std::string_view identity;
};

void PrintTo(const Case& value, std::ostream* out) {
  *out << "origin \"" << value.origin << "\", path \"" << value.path << '"';
}

class RepositoryIdentity : public ::testing::TestWithParam<Case> {};

TEST_P(RepositoryIdentity, IsTheSameForEveryFormOfAnOrigin) {
  EXPECT_EQ(repository_identity(GetParam().origin, GetParam().path), GetParam().identity);
}

constexpr std::string_view kApp = "gitlab.example.org/group/app";

INSTANTIATE_TEST_SUITE_P(
    Urls, RepositoryIdentity,
    ::testing::Values(Case{"https://gitlab.example.org/group/app.git", "/x", kApp},
                      Case{"https://gitlab.example.org/group/app", "/x", kApp},
                      Case{"https://gitlab.example.org/group/app/", "/x", kApp},
                      Case{"https://gitlab.example.org/group/app.git//", "/x", kApp},
                      Case{"https://GitLab.Example.ORG/group/app", "/x", kApp},
                      Case{"HTTPS://gitlab.example.org/group/app", "/x", kApp},
                      Case{"https://user:secret@gitlab.example.org:8443/group/app.git", "/x", kApp},
                      Case{"https://me@corp@gitlab.example.org/group/app", "/x", kApp},
                      Case{"http://gitlab.example.org//group/app?x=1#y", "/x", kApp},
                      Case{"ssh://git@gitlab.example.org:2222/group/app.git", "/x", kApp},
                      Case{"git+ssh://git@gitlab.example.org/group/app.git", "/x", kApp},
                      Case{"git://gitlab.example.org/group/app.git", "/x", kApp},
                      Case{"ssh://git@[::1]:22/group/app.git", "/x", "[::1]/group/app"},
                      Case{"https://host/Group/App.git", "/x", "host/Group/App"}));

INSTANTIATE_TEST_SUITE_P(
    ScpForm, RepositoryIdentity,
    ::testing::Values(Case{"git@gitlab.example.org:group/app.git", "/x", kApp},
                      Case{"gitlab.example.org:group/app", "/x", kApp},
                      Case{"git@GITLAB.example.org:/group/app.git/", "/x", kApp},
                      Case{"git@[2001:db8::1]:group/app.git", "/x", "[2001:db8::1]/group/app"},
                      Case{"git@host:app.git", "/x", "host/app"}));

INSTANTIATE_TEST_SUITE_P(Paths, RepositoryIdentity,
                         ::testing::Values(Case{"file:///srv/git/app.git", "/x", "/srv/git/app"},
                                           Case{"FILE:///srv/git/app.git/", "/x", "/srv/git/app"},
                                           Case{"file://localhost/srv/git/app", "/x",
                                                "/srv/git/app"},
                                           Case{"/srv/git/app.git", "/x", "/srv/git/app"},
                                           Case{"/srv/git/app/.git", "/x", "/srv/git/app"},
                                           Case{"/srv/git/app/", "/x", "/srv/git/app"}));

// Without an origin that says anything outside of its clone, the path counts.
INSTANTIATE_TEST_SUITE_P(
    NoOrigin, RepositoryIdentity,
    ::testing::Values(
        Case{"", "/srv/app", "/srv/app"}, Case{"", "/srv/app/.git", "/srv/app"},
        Case{"", "/srv/app/.git/", "/srv/app"}, Case{"", "/srv/app.git", "/srv/app"},
        Case{"", "/srv/.git", "/srv"}, Case{"", "/.git", "/.git"}, Case{"", "/", "/"},
        Case{"../other", "/srv/app", "/srv/app"}, Case{"other/with:colon", "/srv/app", "/srv/app"},
        Case{"https://", "/srv/app", "/srv/app"}, Case{"https://host", "/srv/app", "/srv/app"},
        Case{"https://host/", "/srv/app", "/srv/app"},
        Case{"https:///group/app", "/srv/app", "/srv/app"},
        Case{"git@:group/app", "/srv/app", "/srv/app"}, Case{"host:", "/srv/app", "/srv/app"},
        Case{"file://", "/srv/app", "/srv/app"}, Case{":", "/srv/app", "/srv/app"},
        Case{"@", "/srv/app", "/srv/app"}));

}  // namespace
}  // namespace baselined
