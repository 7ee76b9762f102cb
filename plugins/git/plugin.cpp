// The git collector: commits, touched paths, tags and branches of local repositories.
#include <baselined/plugin.hpp>

#include "collector.h"
#include "options.h"
#include "streams.h"

namespace {

constexpr baselined::About kAbout{
    .id = "org.baselined.git",
    .version = "0.1.0",
    .summary = "Commits, tags and branches of git repositories on this machine",
    .config_schema = baselined::git::kOptionsSchema,
    .capabilities = BL_CAP_FS_READ};

}  // namespace

BL_PLUGIN(baselined::git::Collector, kAbout, baselined::git::kStreams)
