#include "daemon/derive/shipping.h"

#include <limits>

namespace baselined::derive {

std::int64_t difference(std::int64_t later, std::int64_t earlier) {
  std::int64_t us = 0;
  return __builtin_sub_overflow(later, earlier, &us) ? std::numeric_limits<std::int64_t>::max()
                                                     : us;
}

Lead lead_of(const CommitGraph::Commit& commit, const Deployment& deployment) {
  if (deployment.is_seed || commit.committed_at == kNoTime) {
    return {};
  }
  const std::int64_t finished_at = deployment.candidate.finished_at;
  if (commit.committed_at > finished_at) {
    return {0, true};
  }
  return {difference(finished_at, commit.committed_at), false};
}

Status Shipping::deploy(const Candidate& candidate) {
  const CommitGraph::Index head = graph_.index_of(candidate.commit_id);
  BL_ASSERT(head != CommitGraph::kNone);
  if (head == previous_head_) {
    return {};
  }
  Deployment deployment;
  deployment.candidate = candidate;
  deployment.is_seed = previous_head_ == CommitGraph::kNone;
  BL_CHECK(ship(head, deployment));
  if (deployment.walked == 0) {
    BL_TRY(deployment.is_rollback, is_rollback(head));
  }
  deployments_.push_back(std::move(deployment));
  graph_.at(head).is_head = true;
  previous_head_ = head;
  return {};
}

Status Shipping::ship(CommitGraph::Index head, Deployment& deployment) {
  const auto number = static_cast<CommitGraph::Index>(deployments_.size());
  open_.assign(1, head);
  while (!open_.empty()) {
    const CommitGraph::Index index = open_.back();
    open_.pop_back();
    BL_TRY(CommitGraph::Commit * commit, graph_.get(index));
    if (commit->shipped_by != CommitGraph::kNone) {
      continue;
    }
    commit->shipped_by = number;
    shipped_.push_back(index);
    ++deployment.walked;
    if (commit->belongs == Belongs::yes) {
      ++deployment.shipped;
      deployment.without_time += commit->committed_at == kNoTime ? 1 : 0;
    }
    BL_TRY(const auto parents, graph_.parents(index));
    for (const CommitGraph::Index parent : parents) {
      if (parent != CommitGraph::kNone) {
        open_.push_back(parent);
      }
    }
  }
  return {};
}

Result<bool> Shipping::is_rollback(CommitGraph::Index head) {
  BL_TRY(const bool is_forward, graph_.is_ancestor(previous_head_, head));
  if (is_forward) {  // what was rolled back comes again
    return false;
  }
  if (graph_.at(head).is_head) {
    return true;
  }
  if (graph_.source() != nullptr) {
    BL_TRY(const bool was_deployed, graph_.source()->was_deployed(graph_.at(head).id));
    if (was_deployed) {
      return true;
    }
  }
  return graph_.is_ancestor(head, previous_head_);
}

}  // namespace baselined::derive
