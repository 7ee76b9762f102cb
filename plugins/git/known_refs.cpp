#include "known_refs.h"

#include <charconv>

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::string_view kNames[] = {"tag", "branch", "other"};  // in the order of RefKind

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

bool take_id(std::string_view& text, git_oid& out) {
  const std::string_view word = take_word(text);
  return word.size() == GIT_OID_HEXSZ && git_oid_fromstrn(&out, word.data(), word.size()) == 0;
}

bool take_seconds(std::string_view& text, std::int64_t& out) {
  const std::string_view word = take_word(text);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size();
}

bool take_kind(std::string_view& text, RefKind& out) {
  const std::string_view word = take_word(text);
  for (const RefKind kind : {RefKind::tag, RefKind::branch, RefKind::other}) {
    if (word == kNames[static_cast<std::size_t>(kind)]) {
      out = kind;
      return true;
    }
  }
  return false;
}

}  // namespace

std::string encode(const KnownRef& known) {
  std::string key(kNames[static_cast<std::size_t>(known.ref.kind)]);
  key += ' ' + to_hex(known.ref.target) + ' ' + to_hex(known.commit) + ' ' +
         std::to_string(known.committed_seconds);
  if (known.ref.kind != RefKind::other) {
    key += ' ' + known.ref.name;
  }
  return key;
}

std::optional<KnownRef> decode_known_ref(std::string_view key) {
  KnownRef known;
  if (!take_kind(key, known.ref.kind) || !take_id(key, known.ref.target) ||
      !take_id(key, known.commit) || !take_seconds(key, known.committed_seconds)) {
    return std::nullopt;
  }
  known.ref.name = std::string(key);
  return known;
}

bool is_before(const Ref& left, const Ref& right) {
  if (left.kind != right.kind) {
    return left.kind < right.kind;
  }
  const int order = left.name.compare(right.name);
  return order != 0 ? order < 0 : git_oid_cmp(&left.target, &right.target) < 0;
}

std::string encode(const Checkpoint& checkpoint) {
  return checkpoint.settings + ' ' + to_hex(checkpoint.commit) + ' ' +
         std::to_string(checkpoint.committed_seconds);
}

std::optional<Checkpoint> decode_checkpoint(std::string_view key) {
  Checkpoint checkpoint;
  checkpoint.settings = std::string(take_word(key));
  if (!take_id(key, checkpoint.commit) || !take_seconds(key, checkpoint.committed_seconds)) {
    return std::nullopt;
  }
  return checkpoint;
}

}  // namespace baselined::git
