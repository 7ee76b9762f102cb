// Every commit that a ref or a deployment leads to (a head) is collected with all of its ancestors:
// which deployment shipped a commit is known only where no ancestor is missing.
//
// The first head is read to the beginning of the history; of every other one what a head that was
// read does not contain ("A..B"), best the tip of the default branch. The answer to that is exact,
// and its pages do not move, for both ends are commits. Heads that wait are the open set of the
// list; the cursor holds which one is being read, and the page.
#include "commits.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "refs.h"
#include "streams.h"

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr int kNotFound = 404;
// std::regex recurses once per character: a name of a megabyte would end the process.
constexpr std::size_t kMatchedBytes = 512;

// Where the collection is. Empty texts: none.
struct Place {
  std::string identity;   // of the repository
  std::string main;       // a commit of which all ancestors are collected
  std::string next_main;  // that shall be it: the tip of the default branch
  std::string head;       // of which they are being collected, without those of `base`
  std::string base;
  std::int64_t page = 1;
  bool has_head = false;  // a page did
  std::string problem;    // why something is missing, until everything is read again
  Time branches_at{BL_BEGINNING};
  Time tags_at{BL_BEGINNING};

  static Place parse(const std::string& cursor);
  std::string text() const;
};

Place Place::parse(const std::string& cursor) {
  Place place;
  try {
    const json::value value = json::parse(cursor);
    const Item item(value);
    place.identity = std::string(item.text("identity"));
    place.main = std::string(item.text("main"));
    place.next_main = std::string(item.text("next_main"));
    place.head = std::string(item.text("head"));
    place.base = std::string(item.text("base"));
    place.page = item.integer("page");
    place.has_head = item.boolean_if("has_head").value_or(false);
    place.problem = std::string(item.text("problem"));
    place.branches_at = Time{item.integer("branches_at")};
    place.tags_at = Time{item.integer("tags_at")};
    return place;
  } catch (const Malformed&) {
    return {};
  } catch (const boost::system::system_error&) {  // no JSON: there is none yet
    return {};
  }
}

std::string Place::text() const {
  return json::serialize(json::object{{"identity", identity},
                                      {"main", main},
                                      {"next_main", next_main},
                                      {"head", head},
                                      {"base", base},
                                      {"page", page},
                                      {"has_head", has_head},
                                      {"problem", problem},
                                      {"branches_at", branches_at.us},
                                      {"tags_at", tags_at.us}});
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
  });
  return lower;
}

std::string parents_of(const Item& commit) {
  std::string text = "[";
  for (const json::value& parent : commit.array("parent_ids")) {
    const std::string_view sha =
        parent.is_string() ? std::string_view(parent.get_string()) : std::string_view();
    if (!is_sha(sha)) {
      throw Malformed("no commit among parent_ids");
    }
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(sha) + "\"";
  }
  return text + "]";
}

// git takes any date, and GitLab gives what it makes of it, such as the year 36812: that is none.
std::optional<Time> date_of(const Item& commit, std::string_view name) {
  const auto text = commit.text_if(name);
  return text ? parse_time(*text) : std::nullopt;
}

class Commits {
 public:
  explicit Commits(Task& task)
      : task_(task),
        refs_(
            task,
            [this](std::string_view sha, bool is_main) {
              task_.set_open(std::string(sha), true);
              place_.next_main = is_main ? std::string(sha) : place_.next_main;
            },
            [this] { task_.commit(place_.text()); }) {}

  void collect();

 private:
  std::string url(const std::string& what) const {
    return task_.project.url("repository/commits" + what);
  }
  // Of a repository that is not answered no commit is found: then it is not known, and an error.
  bool is_there(const std::string& sha) {
    if (task_.api.is_there(url("/" + sha))) {
      return true;
    }
    task_.ask_for_repository();
    return false;
  }

  void read_refs();
  void read_list(std::string_view question, Time& last, bool (Refs::*read)());
  bool choose_head();
  void read_page();
  Api::Page ask_for_page();
  void emit(const Item& commit);
  void end_head();
  void explain_missing_head();

  Task& task_;
  Place place_;
  Refs refs_;
  const bool is_full_ = task_.run.mode() != BL_RUN_INCREMENTAL;
  bool has_news_ = false;
  std::string problem_of_refs_;
};

// What is missing so far is known until everything is sure to be read again: all heads wait.
void Commits::read_refs() {
  read_list(Turns::kBranches, place_.branches_at, &Refs::read_branches);
  read_list(Turns::kTags, place_.tags_at, &Refs::read_tags);
  if (is_full_ && problem_of_refs_.empty()) {
    place_.main.clear();
    place_.head.clear();
    place_.problem.clear();
    task_.commit(place_.text());
  }
}

void Commits::read_list(std::string_view question, Time& last, bool (Refs::*read)()) {
  // A run that was cut off may have asked for one only.
  if (!is_full_ && !task_.turns.has(question) && last.us != BL_BEGINNING) {
    return;
  }
  has_news_ = true;
  const Time began = task_.now();
  try {
    if ((refs_.*read)()) {
      last = std::min(began, task_.now());
    }
    task_.turns.was_asked(question);
  } catch (const Malformed& malformed) {
    problem_of_refs_ = std::string("tags and branches: ") + malformed.what();
  }
  task_.commit(place_.text());
  task_.turns.commit();  // a long history may take all that this run has
}

bool Commits::choose_head() {
  task_.set_open(place_.main, false);
  const std::vector<std::string> heads = task_.open_ids();
  if (heads.empty()) {
    return false;
  }
  const bool has_main = std::binary_search(heads.begin(), heads.end(), place_.next_main);
  place_.head = has_main ? place_.next_main : heads.front();
  place_.base = place_.main;
  place_.page = 1;
  place_.has_head = false;
  return true;
}

void Commits::read_page() {
  has_news_ = true;
  const Api::Page page = ask_for_page();
  for (const json::value& value : page.items) {
    try {
      emit(Item(value));
    } catch (const Malformed& malformed) {
      place_.problem = std::string("commits: ") + malformed.what();
    }
  }
  ++place_.page;
  if (!page.has_next) {
    end_head();
  }
}

// Of a commit that is not there the list is empty, or not found.
Api::Page Commits::ask_for_page() {
  const std::string range = (place_.base.empty() ? "" : place_.base + "..") + place_.head;
  try {
    return task_.api.page(url("?ref_name=" + range + "&per_page=100"),
                          static_cast<int>(place_.page));
  } catch (const HttpFailure& failure) {
    if (failure.http_status() != kNotFound) {
      throw;
    }
    task_.ask_for_repository();
    if (place_.page > 1) {  // heads that it contains do not wait any more
      place_.has_head = false;
      place_.problem = "commits: the history of " + place_.head + " went while it was read";
    }
    return {};
  }
}

void Commits::emit(const Item& commit) {
  const std::string_view sha = commit.sha("id");
  const std::string parents = parents_of(commit);
  const std::string author = lower_case(commit.text_if("author_email").value_or(""));
  const std::string name(commit.text_if("author_name").value_or("").substr(0, kMatchedBytes));
  const bool is_bot = std::regex_search(name, task_.options.bots) ||
                      std::regex_search(author.substr(0, kMatchedBytes), task_.options.bots);
  task_.run.emit(kCommits, {task_.project.identity, sha, parents, date_of(commit, "authored_date"),
                            date_of(commit, "committed_date"),
                            author.empty() ? std::nullopt : std::optional(author), is_bot});
  place_.has_head = place_.has_head || sha == place_.head;
  if (sha != place_.head) {  // a head that waits is done with this one
    task_.set_open(std::string(sha), false);
  }
}

void Commits::end_head() {
  if (!place_.has_head) {
    explain_missing_head();
  }
  if (place_.head.empty()) {
    return;
  }
  if (place_.main.empty() || place_.head == place_.next_main) {
    place_.main = place_.head;
  }
  task_.set_open(place_.head, false);
  place_.head.clear();
}

// Usually it is an ancestor of the other one: nothing is missing.
void Commits::explain_missing_head() {
  if (!is_there(place_.head)) {
    task_.run.info(task_.project.path + ": commit " + place_.head +
                   " is not in the repository any more: a deployment of it does not count");
    task_.set_open(place_.head, false);
    place_.head.clear();
  } else if (place_.base.empty()) {
    place_.problem = "commits: the history of " + place_.head + " is not answered";
  } else if (!is_there(place_.base)) {  // removed after its branch was moved
    place_.main.clear();
    place_.head.clear();  // it waits still
  }
}

void Commits::collect() {
  const List list{"commits", "commits", "", {kCommits, kRefs}};
  place_ = Place::parse(task_.run.cursor(task_.cursor_key(list)));
  if (place_.identity != task_.project.identity) {
    place_ = {};
    place_.identity = task_.project.identity;
  }
  task_.within(list, place_.text(), [&] {
    read_refs();
    while (!place_.head.empty() || choose_head()) {
      read_page();
      task_.commit(place_.text());
    }
    if (has_news_) {
      task_.cover(list, Time{BL_BEGINNING}, std::min(place_.branches_at, place_.tags_at),
                  place_.problem.empty() ? problem_of_refs_ : place_.problem);
      task_.commit(place_.text());
    }
  });
}

}  // namespace

void collect_commits(Task& task) { Commits(task).collect(); }

}  // namespace baselined::gitlab
