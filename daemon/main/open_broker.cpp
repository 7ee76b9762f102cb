#include "daemon/main/open_broker.h"

#include <cstdlib>

#include "daemon/base/log.h"
#include "daemon/main/version.h"

namespace baselined {

std::shared_ptr<broker::Broker> open_broker(const Settings& settings) {
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
