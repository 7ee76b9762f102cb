#include "refs.h"

#include <fnmatch.h>

#include <algorithm>

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::string_view kTags = "refs/tags/";
constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kRemotes = "refs/remotes/";
// More tags of tags of tags than anybody makes; a cycle is impossible.
constexpr int kNestedTags = 100;

struct RawRef {
  std::string name;
  git_oid target;
};

std::vector<RawRef> raw_refs(const Repository& repository) {
  git_reference_iterator* raw = nullptr;
  check(git_reference_iterator_new(&raw, repository.handle()), "the refs cannot be listed");
  const ReferenceIterator iterator(raw);
  std::vector<RawRef> refs;
  git_reference* next = nullptr;
  int status = 0;
  while ((status = git_reference_next(&next, iterator.get())) == 0) {
    const ReferenceHandle ref(next);
    if (git_reference_type(next) == GIT_REFERENCE_DIRECT) {
      refs.push_back({git_reference_name(next), *git_reference_target(next)});
    }
  }
  check(status == GIT_ITEROVER ? 0 : status, "the refs cannot be listed");
  for (const git_oid& head : repository.detached_heads()) {
    refs.push_back({"HEAD", head});
  }
  std::sort(refs.begin(), refs.end(), [](const RawRef& left, const RawRef& right) {
    const int order = left.name.compare(right.name);
    return order != 0 ? order < 0 : git_oid_cmp(&left.target, &right.target) < 0;
  });
  return refs;
}

Ref to_ref(const RawRef& raw) {
  const std::string_view name = raw.name;
  if (name.starts_with(kTags)) {
    return {RefKind::tag, make_utf8(name.substr(kTags.size())), raw.target};
  }
  for (const std::string_view prefix : {kHeads, kRemotes}) {
    if (name.starts_with(prefix)) {
      return {RefKind::branch, make_utf8(name.substr(prefix.size())), raw.target};
    }
  }
  return {RefKind::other, {}, raw.target};
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

}  // namespace

RefList list_refs(const Repository& repository, const std::vector<std::string>& branch_globs) {
  RefList list;
  std::string content;
  for (const RawRef& raw : raw_refs(repository)) {
    Ref ref = to_ref(raw);
    if (!is_wanted(ref, branch_globs)) {
      continue;
    }
    content += raw.name;
    content.append(1, '\0').append(reinterpret_cast<const char*>(raw.target.id), GIT_OID_RAWSZ);
    list.refs.push_back(std::move(ref));
  }
  list.fingerprint = fingerprint(content);
  return list;
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
