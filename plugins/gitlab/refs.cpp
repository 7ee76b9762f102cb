#include "refs.h"

#include <baselined/pages.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "streams.h"

namespace baselined::gitlab {
namespace {

constexpr std::string_view kBranch = "branch";

struct Ref {
  std::string target;
  std::string sha;
  std::optional<Time> tagged_at;
  bool is_main = false;
};

// "target" of a tag with a message is the tag's own object.
Ref ref_of(const Item& item, std::string_view kind) {
  Ref ref;
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

Refs::Refs(Task& task, Head head)
    : task_(task), head_(std::move(head)), known_(task.run, kRefs, task.project.identity) {
  task_.keep(known_);
}

// What is missing may have moved over the edge of a page, and is asked for by itself. A branch that
// moved has one row; a tag that moved has another beside the old one, as the contract has it.
void Refs::read(std::string_view kind, std::string_view list) {
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
  const std::string begin = std::string(kind) + " ";
  const std::set<std::string> before = known_.keys();
  for (const std::string& key : before) {
    const std::size_t end = key.rfind(' ');
    if (!key.starts_with(begin) || end < begin.size()) {
      continue;
    }
    const std::string name = key.substr(begin.size(), end - begin.size());
    const std::string target = key.substr(end + 1);
    const auto ref = refs.find(name);
    const bool is_gone = ref == refs.end() ? !task_.api.is_there(url + "/" + url_encoded(name))
                                           : kind == kBranch && ref->second.target != target;
    if (is_gone) {
      task_.run.remove(kRefs, {task_.project.identity, kind, name, target});
      known_.remove(key);
    }
  }
  for (const auto& [name, ref] : refs) {
    const bool is_new = known_.add(begin + name + " " + ref.target);
    if (is_new || task_.run.mode() != BL_RUN_INCREMENTAL) {
      head_(ref.sha, ref.is_main);
      task_.run.emit(kRefs, {task_.project.identity, kind, name, ref.target, ref.sha, ref.tagged_at,
                             ref.target != ref.sha});
    }
  }
}

}  // namespace baselined::gitlab
