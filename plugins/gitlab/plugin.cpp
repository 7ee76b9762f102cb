// The GitLab collector: merge requests, pipelines, deployments and incidents of projects.
#include <baselined/plugin.hpp>

#include "collector.h"
#include "options.h"
#include "streams.h"

namespace {

constexpr baselined::About kAbout{
    .id = "org.baselined.gitlab",
    .version = "0.1.0",
    .summary = "Merge requests, pipelines, deployments and incidents of GitLab projects",
    .config_schema = baselined::gitlab::kOptionsSchema,
    .capabilities = BL_CAP_HTTP};

}  // namespace

BL_PLUGIN(baselined::gitlab::Collector, kAbout, baselined::gitlab::kStreams)
