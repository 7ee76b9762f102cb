// Broker: the only way out of the daemon. It sends what plugins ask for, with the credential of the
// connection, and nowhere else.
//
// Every request is held to the connection's origin, networks and pace, to bounds of time and size,
// and to the limits of its run. It is tried again where that makes sense, never past the deadline.
// Ownership: outlets must not outlive it; what was opened keeps the settings it was opened with.
// Threads: any may call; answers come on the broker's thread and must be quick.
// Errors: of open(), config; of requests, see wire/egress.h.
//
//   Broker broker(configuration.connections);
//   log::set_filter([r = broker.redactor()](std::string_view text) { return r->redact(text); });
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/broker/engine.h"
#include "daemon/broker/options.h"
#include "daemon/broker/redactor.h"
#include "daemon/broker/secrets.h"
#include "daemon/broker/source.h"
#include "daemon/broker/stats.h"
#include "daemon/config/configuration.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

class Broker final : public wire::Egress {
 public:
  explicit Broker(const std::vector<config::Connection>& connections, BrokerOptions options = {});
  ~Broker() override;

  // After a reload. Runs under way keep what they have.
  void configure(const std::vector<config::Connection>& connections);
  Result<std::unique_ptr<wire::Outlet>> open(wire::OutletRequest request) override;

  // Grows when a secret of the connection changed, appeared or went. Looks at the files.
  std::uint64_t version(const std::string& connection);

  std::string redact(std::string_view text) const { return redactor_->redact(text); }
  // For filters that may outlive the broker.
  std::shared_ptr<const Redactor> redactor() const { return redactor_; }

  std::vector<ConnectionStats> stats() const;  // in the order of names

 private:
  const BrokerOptions options_;
  const std::shared_ptr<Redactor> redactor_;
  Secrets secrets_;
  Engine engine_;
  mutable std::mutex mutex_;
  std::map<std::string, Result<std::shared_ptr<const Source>>> sources_;
};

}  // namespace baselined::broker
