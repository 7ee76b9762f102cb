#include "refs.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::string_view kTags = "refs/tags/";
constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kRemotes = "refs/remotes/";
// More tags of tags of tags than anybody makes; a cycle is impossible.
constexpr int kNestedTags = 100;

Ref to_ref(const RefFile& file) {
  const std::string_view name = file.name;
  if (name.starts_with(kTags)) {
    return {RefKind::tag, make_utf8(name.substr(kTags.size())), file.target};
  }
  for (const std::string_view prefix : {kHeads, kRemotes}) {
    if (name.starts_with(prefix)) {
      return {RefKind::branch, make_utf8(name.substr(prefix.size())), file.target};
    }
  }
  return {RefKind::other, {}, file.target};
}

bool is_wanted(const Ref& ref, const std::vector<std::string>& globs) {
  if (globs.empty() || ref.kind == RefKind::tag) {
    return true;
  }
  return ref.kind == RefKind::branch &&
         std::any_of(globs.begin(), globs.end(), [&ref](const std::string& glob) {
           return fnmatch(glob.c_str(), ref.name.c_str(), 0) == 0;
         });
}

// Where git may keep a ref of this kind and short name.
std::vector<std::string> full_names(const Ref& ref) {
  const std::string name = original_bytes(ref.name);
  switch (ref.kind) {
    case RefKind::tag:
      return {std::string(kTags) + name};
    case RefKind::branch:
      return {std::string(kHeads) + name, std::string(kRemotes) + name};
    case RefKind::other:
      break;
  }
  return {};
}

// Full names that may hold what the list lacks of a stored ref.
std::vector<std::string> uncertain_names(const RefFiles& files, const Ref& stored) {
  std::vector<std::string> names;
  for (std::string& name : full_names(stored)) {
    const RefFile* const file = find(files, name);
    if (file != nullptr && git_oid_equal(&file->target, &stored.target) != 0) {
      return {};
    }
    if (file == nullptr || file->is_packed) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

RefList make_list(const RefFiles& files, const std::vector<std::string>& branch_globs) {
  RefList list;
  list.damage = files.damage;
  list.bad_names = files.bad_names;
  std::string content;
  const auto add = [&](const std::string& name, Ref ref) {
    content += name;
    content.append(1, '\0').append(reinterpret_cast<const char*>(ref.target.id), GIT_OID_RAWSZ);
    list.refs.push_back(std::move(ref));
  };
  if (branch_globs.empty()) {
    for (const git_oid& head : files.heads) {
      add("HEAD", {RefKind::other, {}, head});
    }
  }
  for (const RefFile& file : files.refs) {
    Ref ref = to_ref(file);
    if (file.is_symbolic || !is_wanted(ref, branch_globs)) {
      continue;
    }
    if (file.problem.empty()) {
      add(file.name, std::move(ref));
    } else {
      list.damage.note(file.problem);
    }
  }
  list.fingerprint = fingerprint(content);
  return list;
}

}  // namespace

RefList list_refs(const Repository& repository, const std::vector<std::string>& branch_globs) {
  RefFiles files = look_twice([&] { return read_ref_files(repository.ref_folders()); });
  RefList list = make_list(files, branch_globs);
  list.files = std::move(files);
  return list;
}

RefList look_up(const Repository& repository, const std::vector<std::string>& branch_globs,
                const std::vector<Ref>& stored, RefList list) {
  RefFiles files = std::exchange(list.files, {});
  if (!list.damage.is_none()) {
    return list;  // nothing will be taken for deleted
  }
  std::vector<std::string> names;
  for (const Ref& ref : stored) {
    std::vector<std::string> more = uncertain_names(files, ref);
    std::move(more.begin(), more.end(), std::back_inserter(names));
  }
  if (names.empty()) {
    return list;
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return make_list(look_up(repository.ref_folders(), names, std::move(files)), branch_globs);
}

Resolved resolve(const Repository& repository, const git_oid& target) {
  Resolved result;
  git_oid id = target;
  try {
    for (int depth = 0; depth < kNestedTags; ++depth) {
      const ObjectHandle object = repository.read(id);
      if (object == nullptr) {
        result.problem = "object " + to_hex(id) + " is missing";
        return result;
      }
      const git_object_t type = git_odb_object_type(object.get());
      ParsedTag tag;
      if (type == GIT_OBJECT_TAG && parse_tag(bytes_of(object), tag)) {
        result.tagged_seconds = result.is_annotated ? result.tagged_seconds : tag.tagger.seconds;
        result.is_annotated = true;
        id = tag.target;
        continue;
      }
      ParsedCommit commit;
      const bool is_commit = type == GIT_OBJECT_COMMIT && parse_commit(bytes_of(object), commit);
      result.state = is_commit ? Resolved::State::commit : Resolved::State::not_a_commit;
      result.commit = id;
      result.committed_seconds = commit.committer.seconds;
      return result;
    }
    result.state = Resolved::State::not_a_commit;
  } catch (const GitError& error) {
    result.problem = error.what();
  }
  return result;
}

}  // namespace baselined::git
