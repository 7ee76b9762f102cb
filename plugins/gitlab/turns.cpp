#include "turns.h"

#include <algorithm>
#include <boost/json.hpp>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;

std::string text_of(const std::map<std::string, Time>& asked) {
  json::object object;
  for (const auto& [question, at] : asked) {
    object[question] = at.us;
  }
  return json::serialize(object);
}

std::map<std::string, Time> parse(const std::string& cursor) {
  std::map<std::string, Time> asked;
  json::error_code failure;
  const json::value value = json::parse(cursor, failure);
  if (failure || !value.is_object()) {
    return asked;
  }
  for (const auto& [question, at] : value.get_object()) {
    if (at.is_int64()) {
      asked[std::string(question)] = Time{at.get_int64()};
    }
  }
  return asked;
}

}  // namespace

Turns::Turns(Run& run, const Project& project, bool has_commits)
    : run_(run), key_(std::to_string(project.id) + "/turns"), committed_(run.cursor(key_)) {
  asked_ = parse(committed_);
  add(kNumbers);
  if (has_commits) {
    add(kBranches);
    add(kTags);
  } else {
    asked_.erase(std::string(kBranches));
    asked_.erase(std::string(kTags));
  }
  choose();
}

void Turns::choose() {
  const auto longest =
      std::min_element(asked_.begin(), asked_.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  now_.insert(longest->first);
  const Time now = run_.now();
  for (const auto& [question, at] : asked_) {
    // A clock that was set back must not keep it for long.
    const bool is_late = now.us - at.us >= kDayUs || now < at;
    if (is_late || run_.mode() != BL_RUN_INCREMENTAL) {
      now_.insert(question);
    }
  }
}

void Turns::was_asked(std::string_view question) { asked_[std::string(question)] = run_.now(); }

// Of one question alone nothing has to be remembered.
void Turns::commit() {
  const std::string text = text_of(asked_);
  if (asked_.size() > 1 && text != committed_) {
    committed_ = text;
    run_.commit(key_, text);
  }
}

}  // namespace baselined::gitlab
