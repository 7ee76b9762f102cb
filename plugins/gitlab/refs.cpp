#include "refs.h"

#include <baselined/pages.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "streams.h"

namespace baselined::gitlab {
namespace {

constexpr std::string_view kBranch = "branch";
constexpr std::size_t kAsked = 50;   // names that are missing, in one reading of a list
constexpr std::size_t kAtOnce = 10;  // of them, between two barriers

// "target" of a tag with a message is the tag's own object.
Refs::Ref ref_of(const Item& item, std::string_view kind) {
  Refs::Ref ref;
  ref.sha = ref.target = std::string(item.object("commit").sha("id"));
  if (kind == kBranch) {
    ref.is_main = item.boolean_if("default").value_or(false);
    return ref;
  }
  ref.target = std::string(item.sha_if("target").value_or(ref.sha));
  if (ref.target != ref.sha) {
    ref.tagged_at = item.time_if("created_at");
  }
  return ref;
}

}  // namespace

Refs::Refs(Task& task, Head head, Barrier barrier)
    : task_(task),
      head_(std::move(head)),
      barrier_(std::move(barrier)),
      known_(task.run, kRefs, task.project.identity) {
  task_.keep(known_);
}

bool Refs::read(std::string_view kind, std::string_view list) {
  std::map<std::string, Ref> refs;
  std::uint64_t n_without_commit = 0;
  const std::string url = task_.project.url("repository/" + std::string(list));
  task_.api.for_each(url + "?per_page=100", [&](const boost::json::value& value) {
    const Item item(value);
    if (kind != kBranch && !item.has("commit")) {  // a tag of a file, as junio-gpg-pub in git's own
      ++n_without_commit;
      return;
    }
    refs.insert_or_assign(std::string(item.text("name")), ref_of(item, kind));
  });
  if (n_without_commit > 0) {
    task_.run.info(task_.project.path + ": " + std::to_string(n_without_commit) +
                   " of the tags lead to no commit, and are left out");
  }
  for (const auto& [name, ref] : refs) {
    const bool is_new = known_.add(std::string(kind) + " " + name + " " + ref.target);
    if (is_new || task_.run.mode() != BL_RUN_INCREMENTAL) {
      head_(ref.sha, ref.is_main);
      task_.run.emit(kRefs, {task_.project.identity, kind, name, ref.target, ref.sha, ref.tagged_at,
                             ref.target != ref.sha});
    }
  }
  return remove_gone(kind, url, refs);
}

// What is missing may have moved over the edge of a page, and is asked for by itself. A branch that
// moved has one row; a tag that moved has another beside the old one, as the contract has it.
bool Refs::remove_gone(std::string_view kind, const std::string& url,
                       const std::map<std::string, Ref>& refs) {
  const std::string begin = std::string(kind) + " ";
  const std::set<std::string> known = known_.keys();
  std::vector<Stored> gone;  // not found, and not removed yet
  std::size_t n_missing = 0;
  for (const std::string& key : known) {
    const std::size_t end = key.rfind(' ');
    if (!key.starts_with(begin) || end < begin.size()) {
      continue;
    }
    const Stored stored{key, std::string(kind), key.substr(begin.size(), end - begin.size()),
                        key.substr(end + 1)};
    const auto ref = refs.find(stored.name);
    if (ref != refs.end()) {
      if (kind == kBranch && ref->second.target != stored.target) {
        remove(stored);
      }
      continue;
    }
    if (++n_missing > kAsked) {
      continue;
    }
    if (!task_.api.is_there(url + "/" + url_encoded(stored.name))) {
      gone.push_back(stored);
    }
    if (gone.size() == kAtOnce) {
      remove_all(gone);
    }
  }
  remove_all(gone);
  return n_missing <= kAsked;
}

// In a repository that is not answered no name is found: that is an error.
void Refs::remove_all(std::vector<Stored>& gone) {
  if (gone.empty()) {
    return;
  }
  task_.ask_for_repository();
  for (const Stored& stored : gone) {
    remove(stored);
  }
  gone.clear();
  barrier_();
}

void Refs::remove(const Stored& stored) {
  task_.run.remove(kRefs, {task_.project.identity, stored.kind, stored.name, stored.target});
  known_.remove(stored.key);
}

}  // namespace baselined::gitlab
