#include "daemon/main/open_broker.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>

#include "daemon/base/log.h"
#include "daemon/base/under_sanitizer.h"
#include "daemon/main/version.h"

namespace baselined {
namespace {

// From here on this process may hold credentials, libcurl's copies among them: it leaves no core,
// and no other process of this user looks into its memory.
void protect_memory() {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0 ||
      (!kUnderSanitizer && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)) {
    log::warn("this process could leave a core file, which would hold credentials");
  }
}

}  // namespace

std::shared_ptr<broker::Broker> open_broker(const Settings& settings) {
  protect_memory();
  broker::BrokerOptions options;
  // systemd puts credentials there, for this service alone.
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  options.credentials_directory = credentials != nullptr ? credentials : "";
  options.user_agent = std::string("baselined/") + kVersion;
  auto broker = std::make_shared<broker::Broker>(settings.configuration.connections, options);
  log::set_filter(
      [redactor = broker->redactor()](std::string_view text) { return redactor->redact(text); });
  return broker;
}

}  // namespace baselined
