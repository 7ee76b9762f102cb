// From the highest number down to 1. The cursor holds which one is the next, and when the search
// began. The numbers of an import may have more gaps than items, so a run has its number of
// requests.
#include "gone.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr std::int64_t kWeekUs = 7LL * 24 * 3600 * 1'000'000;
constexpr std::int64_t kNumbers = 100;   // of a question
constexpr std::uint64_t kRequests = 10;  // of a list and run

// 0: it makes no sense; then it is asked for by itself.
std::int64_t number_of(const json::value& value) {
  try {
    return Item(value).integer("iid");
  } catch (const Malformed&) {
    return 0;
  }
}

class Search {
 public:
  Search(Task& task, const Numbered& numbered)
      : task_(task),
        numbered_(numbered),
        key_(std::to_string(task.project.id) + "/" + numbered.list + "/gone"),
        last_request_(task.api.n_requests() + kRequests) {}

  void go_on() {
    if (!read_cursor()) {
      began_at_ = task_.run.now();  // all of it was read just now
      commit();
      return;
    }
    if (next_ == 0) {
      if (task_.run.now().us < began_at_.us + kWeekUs) {
        return;
      }
      began_at_ = task_.run.now();
      next_ = highest();
      commit();
    }
    while (next_ > 0 && may_ask()) {
      look();
      commit();
    }
  }

 private:
  bool may_ask() const { return task_.api.n_requests() < last_request_; }
  std::string url() const { return task_.project.url(numbered_.list); }

  bool read_cursor() {
    try {
      const json::value value = json::parse(task_.run.cursor(key_));
      const Item cursor(value);
      began_at_ = Time{cursor.integer("began")};
      next_ = cursor.integer("next");
      return true;
    } catch (const Malformed&) {
      return false;
    } catch (const boost::system::system_error&) {  // no JSON: there is none yet
      return false;
    }
  }

  void commit() {
    task_.run.open_set_put(numbered_.stream, task_.project.identity, task_.open_ids());
    task_.run.commit(key_, json::serialize(json::object{{"began", began_at_.us}, {"next", next_}}));
  }

  std::int64_t highest() {
    const Api::Page page =
        task_.api.page(url() + "?scope=all&state=all&order_by=created_at&sort=desc&per_page=1", 1);
    return page.items.empty() ? 0 : number_of(page.items.front());
  }

  void look() {
    const std::int64_t first = std::max<std::int64_t>(1, next_ - kNumbers + 1);
    std::string question = url() + "?scope=all&state=all&per_page=100";
    for (std::int64_t number = first; number <= next_; ++number) {
      question += "&iids%5B%5D=" + std::to_string(number);
    }
    std::set<std::int64_t> there;
    task_.api.for_each(question, [&](const json::value& value) { there.insert(number_of(value)); });
    for (; next_ >= first; --next_) {
      if (there.contains(next_)) {
        continue;
      }
      if (!may_ask()) {
        return;
      }
      if (!task_.api.is_there(url() + "/" + std::to_string(next_))) {
        numbered_.remove(next_);
      }
    }
  }

  Task& task_;
  const Numbered& numbered_;
  const std::string key_;
  const std::uint64_t last_request_;
  Time began_at_;
  std::int64_t next_ = 0;  // 0: it is over
};

}  // namespace

void remove_gone(Task& task, const Numbered& numbered) { Search(task, numbered).go_on(); }

}  // namespace baselined::gitlab
