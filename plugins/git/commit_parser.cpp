#include "commit_parser.h"

#include <charconv>

namespace baselined::git {
namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

// Takes the next line off text, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool take_prefix(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) {
    return false;
  }
  line.remove_prefix(prefix.size());
  return true;
}

bool parse_id(std::string_view hex, git_oid& out) {
  return hex.size() == GIT_OID_HEXSZ && git_oid_fromstrn(&out, hex.data(), hex.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::int64_t parse_seconds(std::string_view text) {
  text = trimmed(text);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() ? seconds : kNoTime;
}

}  // namespace

Ident parse_ident(std::string_view line) {
  const std::size_t open = line.find('<');
  const std::size_t close = open == std::string_view::npos ? open : line.find('>', open);
  if (close == std::string_view::npos) {
    return {.name = trimmed(line.substr(0, open)), .email = {}};
  }
  // A name or address with stray brackets: the date is what follows the last one.
  return {.name = trimmed(line.substr(0, open)),
          .email = line.substr(open + 1, close - open - 1),
          .seconds = parse_seconds(line.substr(line.rfind('>') + 1))};
}

bool parse_commit(std::string_view object, ParsedCommit& out) {
  out.parents.clear();
  out.author = {};
  out.committer = {};
  std::string_view line = take_line(object);
  if (!take_prefix(line, "tree ") || !parse_id(line, out.tree)) {
    return false;
  }
  line = take_line(object);
  while (take_prefix(line, "parent ")) {
    if (!parse_id(line, out.parents.emplace_back())) {
      return false;
    }
    line = take_line(object);
  }
  // A commit without these lines is broken, but its place in history is known.
  if (take_prefix(line, "author ")) {
    out.author = parse_ident(line);
    line = take_line(object);
  }
  if (take_prefix(line, "committer ")) {
    out.committer = parse_ident(line);
  }
  return true;
}

bool parse_tag(std::string_view object, ParsedTag& out) {
  out.tagger = {};
  std::string_view line = take_line(object);
  if (!take_prefix(line, "object ") || !parse_id(line, out.target)) {
    return false;
  }
  for (line = take_line(object); !line.empty(); line = take_line(object)) {
    if (take_prefix(line, "tagger ")) {
      out.tagger = parse_ident(line);
      break;
    }
  }
  return true;
}

std::optional<std::int64_t> to_microseconds(std::int64_t seconds) {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / kMicroseconds;
  if (seconds == kNoTime || seconds > kLimit || seconds < -kLimit) {
    return std::nullopt;
  }
  return seconds * kMicroseconds;
}

}  // namespace baselined::git
