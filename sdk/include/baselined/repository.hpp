// The identity of a repository: the same text from every plugin that meets it, so that commits of
// git and merge requests of a forge join.
//
//   repository_identity("git@GitLab.example.org:group/app.git", "/srv/app") ==
//   "gitlab.example.org/group/app" repository_identity("", "/srv/git/app.git") == "/srv/git/app"
//
// With an origin: host (lower case) and path, without scheme, user, port, trailing slashes and
// ".git". An origin that is itself a path (file:///srv/x.git, /srv/x.git) gives that path. Without
// a usable origin: the absolute path without a trailing "/.git" or ".git". Give the real path, with
// symbolic links resolved: a repository has one identity, whatever path leads to it.
// Threads: pure functions. Errors: none; an origin that is not understood does not count.
#pragma once

#include <string>
#include <string_view>

namespace baselined {
inline namespace v0 {
namespace detail {

constexpr std::string_view without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path;
}

// "/srv/app/.git" and "/srv/app.git" are both "/srv/app"; a name that is only ".git" stays.
constexpr std::string_view without_git_suffix(std::string_view path) {
  path = without_trailing_slashes(path);
  if (path.size() > 5 && path.ends_with("/.git")) {
    return without_trailing_slashes(path.substr(0, path.size() - 5));
  }
  if (path.size() > 4 && path.ends_with(".git") && path[path.size() - 5] != '/') {
    path.remove_suffix(4);
  }
  return path;
}

// Characters outside ASCII stay: a host name in a URL is ASCII.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') {
      character = static_cast<char>(character - 'A' + 'a');
    }
  }
  return lower;
}

// "user@Host:2222" is "host"; "[::1]:22" is "[::1]".
inline std::string host_of(std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return lower_case(authority.substr(0, colon));
}

inline std::string host_and_path(std::string_view authority, std::string_view path) {
  std::string host = host_of(authority);
  while (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  path = without_git_suffix(path);
  return host.empty() || path.empty() || path == "/" ? std::string()
                                                     : host + "/" + std::string(path);
}

// "scheme://authority/path"; file URLs give the path. Empty when there is nothing to identify.
inline std::string identity_of_url(std::string_view scheme, std::string_view rest) {
  const auto slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view path =
      slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (lower_case(scheme) == "file") {
    return std::string(without_git_suffix(path));
  }
  return host_and_path(authority, path.substr(0, path.find_first_of("?#")));
}

inline std::string identity_of_origin(std::string_view origin) {
  if (const auto scheme = origin.find("://"); scheme != std::string_view::npos) {
    return identity_of_url(origin.substr(0, scheme), origin.substr(scheme + 3));
  }
  if (origin.starts_with('/')) {
    return std::string(without_git_suffix(origin));
  }
  // scp's form, host:path: the colon comes before any slash, and a host in brackets may have more.
  const auto bracket = origin.starts_with('[') || origin.find("@[") != std::string_view::npos
                           ? origin.find(']')
                           : std::string_view::npos;
  const auto colon = origin.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos || origin.find('/') < colon) {
    return {};  // a relative path: it says nothing outside its own clone
  }
  return host_and_path(origin.substr(0, colon), origin.substr(colon + 1));
}

}  // namespace detail

inline std::string repository_identity(std::string_view origin_url,
                                       std::string_view absolute_path) {
  std::string identity = detail::identity_of_origin(origin_url);
  return identity.empty() ? std::string(detail::without_git_suffix(absolute_path)) : identity;
}

}  // namespace v0
}  // namespace baselined
