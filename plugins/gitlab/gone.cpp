// The cursor holds where the search is, and when it began. A run has its number of requests: the
// numbers of an import may have more gaps than items.
#include "gone.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr std::int64_t kWeekUs = 7LL * 24 * 3600 * 1'000'000;
constexpr std::int64_t kNumbers = 100;   // of a question
constexpr std::uint64_t kRequests = 10;  // of a list and run
constexpr std::int64_t kTop = std::numeric_limits<std::int64_t>::max();

class Search {
 public:
  Search(Task& task, const std::string& list, const std::string& key)
      : task_(task),
        url_(task.project.url(list)),
        key_(std::to_string(task.project.id) + "/" + key + "/gone"),
        last_request_(task.api.n_requests() + kRequests) {}
  virtual ~Search() = default;

  // False: it is not over.
  bool go_on() {
    if (!read_cursor()) {
      began_at_ = task_.run.now();  // all of it was read just now
      commit();
      return true;
    }
    if (next_ == 0) {
      if (task_.run.now().us < began_at_.us + kWeekUs) {
        return true;
      }
      began_at_ = task_.run.now();
      next_ = first();
      below_ = kTop;
      commit();
    }
    while (next_ > 0 && may_ask()) {
      look();
      remove_missing();
      commit();
    }
    return next_ == 0;
  }

 protected:
  // The project will be asked for after what is missing.
  bool may_ask() const {
    return task_.api.n_requests() + (missing_.empty() ? 0 : 1) < last_request_;
  }
  void ask_for(std::int64_t number) {
    if (!task_.api.is_there(url_ + "/" + std::to_string(number)) && !stays(number)) {
      missing_.push_back(number);
    }
  }

  virtual std::int64_t first() = 0;  // of `next_`; 0: there is nothing to look for
  virtual void look() = 0;           // moves it, if there were requests enough
  virtual bool stays(std::int64_t /*number*/) { return false; }  // although it is not found
  virtual void remove(std::int64_t number) = 0;

  Task& task_;
  const std::string url_;
  std::int64_t next_ = 0;      // 0: it is over
  std::int64_t below_ = kTop;  // ids that are not looked for yet

 private:
  bool read_cursor() {
    try {
      const json::value value = json::parse(task_.run.cursor(key_));
      const Item cursor(value);
      began_at_ = Time{cursor.integer("began")};
      next_ = cursor.integer("next");
      below_ = cursor.integer_if("below").value_or(kTop);
      return true;
    } catch (const Malformed&) {
      return false;
    } catch (const boost::system::system_error&) {  // no JSON: there is none yet
      return false;
    }
  }

  // Of a project that went meanwhile nothing is found either: what was not found before the project
  // was is gone.
  void remove_missing() {
    if (!missing_.empty() && task_.is_project_there()) {
      for (const std::int64_t number : missing_) {
        remove(number);
      }
    }
    missing_.clear();
  }

  void commit() {
    json::object cursor{{"began", began_at_.us}, {"next", next_}};
    if (below_ != kTop) {
      cursor["below"] = below_;
    }
    task_.commit(key_, json::serialize(cursor));
  }

  const std::string key_;
  const std::uint64_t last_request_;
  Time began_at_;
  std::vector<std::int64_t> missing_;  // not found, and not removed yet
};

// From the highest number down to 1: `next_` is the next one.
class ByNumber : public Search {
 public:
  ByNumber(Task& task, const Numbered& numbered)
      : Search(task, numbered.list, numbered.list), numbered_(numbered) {}

 private:
  std::int64_t first() override {
    const Api::Page page =
        task_.api.page(url_ + "?scope=all&state=all&order_by=created_at&sort=desc&per_page=1", 1);
    const std::int64_t left = page.items.empty() ? 0 : number_of(page.items.front(), "iid");
    return std::max(left, numbered_.highest);
  }

  void look() override {
    const std::int64_t first = std::max<std::int64_t>(1, next_ - kNumbers + 1);
    std::string question = url_ + "?scope=all&state=all&per_page=100";
    for (std::int64_t number = first; number <= next_; ++number) {
      question += "&iids%5B%5D=" + std::to_string(number);
    }
    std::set<std::int64_t> there;  // what makes no sense is asked for by itself
    task_.api.for_each(question,
                       [&](const json::value& value) { there.insert(number_of(value, "iid")); });
    for (; next_ >= first; --next_) {
      if (there.contains(next_)) {
        continue;
      }
      if (!may_ask()) {
        return;
      }
      ask_for(next_);
    }
  }

  void remove(std::int64_t number) override { numbered_.remove(number); }

  const Numbered& numbered_;
};

// Page by page, the highest id first: `next_` is the next page. What is added meanwhile moves it
// back, and what comes again is passed over; what is deleted moves it on, and what is passed over
// is asked for by itself.
class ById : public Search {
 public:
  ById(Task& task, Known& known, const Remembered& remembered)
      : Search(task, remembered.list, remembered.key), remembered_(remembered), known_(known) {}

 private:
  std::int64_t first() override {
    read_known();
    return candidates_.empty() ? 0 : 1;
  }

  void look() override {
    read_known();
    const Api::Page page = task_.api.page(
        url_ + "?order_by=id&sort=desc&per_page=100" + remembered_.filter, static_cast<int>(next_));
    std::set<std::int64_t> there;
    for (const json::value& value : page.items) {
      if (const std::int64_t id = number_of(value, "id"); id > 0) {
        there.insert(id);
      }
    }
    // Of an empty page that is not the last one nothing is known.
    if ((!page.has_next || !there.empty()) && !look_down(there, !page.has_next)) {
      return;
    }
    const bool is_over = candidates_.empty() || below_ <= candidates_.begin()->first;
    next_ = !page.has_next || is_over ? 0 : next_ + 1;
  }

  // To the lowest id of the page, or of all. False: there were not enough requests.
  bool look_down(const std::set<std::int64_t>& there, bool is_last) {
    const std::int64_t oldest = there.empty() ? below_ : *there.begin();
    const std::int64_t lowest = is_last ? 0 : oldest;
    for (auto next = candidates_.lower_bound(below_); next != candidates_.begin();) {
      const auto& [id, entry] = *--next;
      if (id < lowest) {
        break;
      }
      const bool stays = there.contains(id) || (id < oldest && remembered_.is_aged(entry));
      if (!stays && !may_ask()) {
        return false;
      }
      if (!stays) {
        ask_for(id);
      }
      below_ = id;
    }
    below_ = std::min(below_, lowest);
    return true;
  }

  bool stays(std::int64_t id) override { return remembered_.stays(candidates_.at(id)); }
  void remove(std::int64_t id) override { remembered_.remove(id, candidates_.at(id)); }

  void read_known() {
    if (candidates_.empty()) {
      candidates_ = known_.all();
      std::erase_if(candidates_,
                    [this](const auto& known) { return !remembered_.has(known.second); });
    }
  }

  const Remembered& remembered_;
  Known& known_;
  std::map<std::int64_t, Known::Entry> candidates_;
};

}  // namespace

bool remove_gone(Task& task, const Numbered& numbered) { return ByNumber(task, numbered).go_on(); }

bool remove_gone(Task& task, Known& known, const Remembered& remembered) {
  return ById(task, known, remembered).go_on();
}

}  // namespace baselined::gitlab
