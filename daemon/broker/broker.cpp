#include "daemon/broker/broker.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <utility>

namespace baselined::broker {
namespace {

std::string credentials_directory(const BrokerOptions& options) {
  const char* variable = ::getenv("CREDENTIALS_DIRECTORY");
  return options.credentials_directory.value_or(variable == nullptr ? "" : variable);
}

class BrokerOutlet final : public wire::Outlet {
 public:
  BrokerOutlet(Engine& engine, std::shared_ptr<const Source> source, std::shared_ptr<Run> run)
      : engine_(engine), source_(std::move(source)), run_(std::move(run)) {}

  ~BrokerOutlet() override {
    receiver_->drop();
    engine_.wake();
  }

  void send(wire::HttpRequest request, OnAnswer on_answer) override {
    engine_.submit({source_, run_, receiver_, std::move(request), std::move(on_answer)});
  }

  void cancel() override {
    run_->is_cancelled = true;
    engine_.wake();
  }

  std::string limit_hit() const override {
    switch (run_->limit_hit.load()) {
      case RunLimit::none:
        return "";
      case RunLimit::requests:
        return "requests";
      case RunLimit::response_data:
        return "response_data";
    }
    return "";
  }

 private:
  Engine& engine_;
  const std::shared_ptr<const Source> source_;
  const std::shared_ptr<Run> run_;
  const std::shared_ptr<Receiver> receiver_ = std::make_shared<Receiver>();
};

}  // namespace

Broker::Broker(const std::vector<config::Connection>& connections, BrokerOptions options)
    : options_(std::move(options)),
      redactor_(std::make_shared<Redactor>()),
      secrets_(redactor_, credentials_directory(options_)),
      engine_(secrets_, options_) {
  configure(connections);
}

Broker::~Broker() = default;

void Broker::configure(const std::vector<config::Connection>& connections) {
  secrets_.configure(connections);
  const std::lock_guard lock(mutex_);
  std::map<std::string, Result<std::shared_ptr<const Source>>> sources;
  for (const config::Connection& connection : connections) {
    const auto before = sources_.find(connection.name);
    const bool is_known = before != sources_.end() && before->second.has_value();
    sources.emplace(connection.name,
                    make_source(connection, is_known ? before->second->get() : nullptr));
  }
  sources_ = std::move(sources);
}

Result<std::unique_ptr<wire::Outlet>> Broker::open(wire::OutletRequest request) {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(request.connection);
  if (found == sources_.end()) {
    return Error(Error::Code::config,
                 fmt::format("connection {} is not in the configuration", request.connection));
  }
  if (!found->second) {
    Error error = found->second.error();
    return std::move(error).with(fmt::format("connection {}", request.connection));
  }
  auto run = std::make_shared<Run>();
  run->collector = std::move(request.collector);
  run->deadline = request.deadline;
  run->max_requests = request.max_requests;
  run->max_bytes = request.max_bytes;
  return std::unique_ptr<wire::Outlet>(
      std::make_unique<BrokerOutlet>(engine_, *found->second, std::move(run)));
}

std::uint64_t Broker::version(const std::string& connection) {
  return secrets_.version(connection);
}

std::vector<ConnectionStats> Broker::stats() const {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectionStats> all;
  for (const auto& [name, source] : sources_) {
    if (source) {
      all.push_back((*source)->state->stats.get());
    }
  }
  return all;
}

}  // namespace baselined::broker
