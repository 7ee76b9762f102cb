// Origins: from what a deployment is known, the one that knows best first.
// Threads: pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/derive/mapping.h"

namespace baselined::derive {

// A forge's own deployment, a job of CI, a whole run, a tag, a commit on a branch.
enum class Origin : std::uint8_t { api, job, run, tag, branch };

// Those that a forge tells of, with their time.
constexpr std::array<Origin, 3> kForgeOrigins{Origin::api, Origin::job, Origin::run};

std::string_view to_string(Origin origin);
Origin origin_of(std::string_view text);

// Which of a forge's deployments, jobs or runs the rule counts. Of other origins none.
const std::vector<std::string>& globs_of(const ServiceRule& rule, Origin origin);
// By the environment; of a job its name, of a run its branch or tag. A run without one counts where
// each run of a pipeline does.
bool is_counted(const ServiceRule& rule, Origin origin, std::optional<std::string_view> what);

}  // namespace baselined::derive
