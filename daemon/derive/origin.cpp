#include "daemon/derive/origin.h"

#include <algorithm>

#include "daemon/base/glob.h"

namespace baselined::derive {

namespace {

constexpr std::array<std::string_view, 5> kOrigins{"api", "job", "run", "tag", "branch"};

bool counts_each_run(const ServiceRule& rule) {
  return !rule.deployment_pipelines.empty() && rule.deployment_jobs.empty() &&
         rule.deployment_runs.empty();
}

}  // namespace

std::string_view to_string(Origin origin) { return kOrigins.at(static_cast<std::size_t>(origin)); }

Origin origin_of(std::string_view text) {
  return static_cast<Origin>(std::find(kOrigins.begin(), kOrigins.end(), text) - kOrigins.begin());
}

const std::vector<std::string>& globs_of(const ServiceRule& rule, Origin origin) {
  static const std::vector<std::string> kNone;
  static const std::vector<std::string> kAll{"*"};
  switch (origin) {
    case Origin::api:
      return rule.deployment_environments;
    case Origin::job:
      return rule.deployment_jobs;
    case Origin::run:
      return counts_each_run(rule) ? kAll : rule.deployment_runs;
    case Origin::tag:
    case Origin::branch:
      break;
  }
  return kNone;
}

bool is_counted(const ServiceRule& rule, Origin origin, std::optional<std::string_view> what) {
  if (!what) {
    return origin == Origin::run && counts_each_run(rule);
  }
  return any_glob_matches(globs_of(rule, origin), *what);
}

}  // namespace baselined::derive
