#include "ci_result.h"

#include <algorithm>
#include <array>

namespace baselined::gitlab {
namespace {

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// Version 19.1 split stuck_or_timeout_failure and runner_system_failure into several.
constexpr std::array<std::string_view, 6> kTimeouts{"stuck_or_timeout_failure",
                                                    "job_execution_timeout",
                                                    "stuck_pending_with_matching_runners",
                                                    "stuck_pending_no_matching_runners",
                                                    "no_updates_running",
                                                    "no_updates_canceling"};
// What failed was GitLab or a runner, not what the job did.
constexpr std::array<std::string_view, 16> kInfrastructure{"api_failure",
                                                           "runner_system_failure",
                                                           "runner_unsupported",
                                                           "scheduler_failure",
                                                           "data_integrity_failure",
                                                           "missing_dependency_failure",
                                                           "no_matching_runner",
                                                           "runner_provisioning_timeout",
                                                           "trace_size_exceeded",
                                                           "ci_quota_exceeded",
                                                           "user_blocked",
                                                           "server_timeout_failure",
                                                           "server_timeout_running",
                                                           "server_timeout_canceling",
                                                           "runner_external_dependency_failure",
                                                           "runner_interrupted"};
constexpr std::array<std::string_view, 6> kActive{
    "created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending", "running"};

}  // namespace

std::optional<std::string_view> ci_result(std::string_view status, std::string_view reason) {
  if (status == "success" || status == "skipped") {
    return status;
  }
  if (status == "canceled") {
    return "cancelled";
  }
  if (status != "failed") {
    return std::nullopt;
  }
  if (is_one_of(reason, kTimeouts)) {
    return "timeout";
  }
  return is_one_of(reason, kInfrastructure) ? "infra_error" : "failure";
}

bool is_active(std::string_view status) {
  return status == "canceling" || is_one_of(status, kActive);
}

}  // namespace baselined::gitlab
