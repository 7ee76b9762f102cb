// How a pipeline or job ended, in the words of ci_run/1; nothing while it has not.
//
// Source: GitLab's documentation, "Pipelines API" and "Jobs API" (status), and
// Enums::Ci::CommitStatus (failure_reason).
// Threads: pure.
#pragma once

#include <optional>
#include <string_view>

namespace baselined::gitlab {

// reason: of a job that failed; empty where GitLab gives none.
std::optional<std::string_view> ci_result(std::string_view status, std::string_view reason = {});
// It changes by itself, without anybody who starts it.
bool is_active(std::string_view status);

}  // namespace baselined::gitlab
