#include "notes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace baselined::gitlab {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

// Older versions spoke of "Work In Progress" and changed the title.
constexpr std::array<Words, 12> kBeginnings{{
    {"approved this merge request", "approved"},
    {"unapproved this merge request", "unapproved"},
    {"requested changes", "changes_requested"},
    {"requested review from", "review_requested"},
    {"marked this merge request as **ready**", "ready"},
    {"marked this merge request as ready", "ready"},
    {"unmarked this merge request as a draft", "ready"},
    {"unmarked as a **Work In Progress**", "ready"},
    {"marked this merge request as **draft**", "draft"},
    {"marked this merge request as draft", "draft"},
    {"marked as a **Work In Progress**", "draft"},
    {"marked the **Draft**", "draft"},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "added 3 commits"
bool tells_of_a_push(std::string_view body) {
  constexpr std::string_view kAdded = "added ";
  if (!body.starts_with(kAdded)) {
    return false;
  }
  body.remove_prefix(kAdded.size());
  const std::size_t digits = std::min(body.find_first_not_of("0123456789"), body.size());
  return digits > 0 && body.substr(digits).starts_with(" commit");
}

}  // namespace

std::optional<std::string_view> event_of_note(bool is_system, std::string_view body) {
  if (!is_system) {
    return "commented";
  }
  if (tells_of_a_push(body)) {
    return "pushed";
  }
  const auto found =
      std::find_if(kBeginnings.begin(), kBeginnings.end(),
                   [body](const Words& words) { return body.starts_with(words.first); });
  return found == kBeginnings.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string_view> reverted_change(std::string_view description) {
  constexpr std::string_view kWords = "This reverts merge request !";
  const std::size_t begin = description.find(kWords);
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  description.remove_prefix(begin + kWords.size());
  const auto end = std::find_if_not(description.begin(), description.end(), is_digit);
  const auto size = static_cast<std::size_t>(end - description.begin());
  return size == 0 ? std::nullopt : std::optional(description.substr(0, size));
}

}  // namespace baselined::gitlab
