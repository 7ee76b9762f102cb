#include "daemon/host/host.h"

#include <fmt/format.h>

#include <map>

#include "daemon/host/run.h"

namespace baselined::host {
namespace {

namespace asio = boost::asio;

}  // namespace

std::string_view RunReport::outcome() const {
  return failure ? to_string(failure->code()) : std::string_view("ok");
}

class Host::Implementation {
 public:
  Implementation(asio::io_context& context, asio::any_io_executor writer,
                 std::shared_ptr<records::Pseudonymiser> persons, HostOptions options)
      : context_(context),
        writer_(std::move(writer)),
        persons_(std::move(persons)),
        options_(std::move(options)) {}

  // Nothing when this collector is running already.
  std::shared_ptr<Run> start(RunRequest request, std::unique_ptr<records::RecordSink> sink,
                             OnProgress on_progress) {
    const std::string name = request.collector.name;
    auto run = std::make_shared<Run>(context_, writer_, persons_, options_, std::move(request),
                                     std::move(sink), std::move(on_progress));
    return runs_.emplace(name, run).second ? run : nullptr;
  }

  void forget(const std::string& collector) { runs_.erase(collector); }

  void cancel(const std::string& collector) {
    if (const auto found = runs_.find(collector); found != runs_.end()) {
      found->second->cancel();
    }
  }

  void cancel_all() {
    for (const auto& [name, run] : runs_) {
      run->cancel();
    }
  }

 private:
  asio::io_context& context_;
  asio::any_io_executor writer_;
  std::shared_ptr<records::Pseudonymiser> persons_;
  HostOptions options_;
  std::map<std::string, std::shared_ptr<Run>> runs_;  // by collector
};

Host::Host(asio::io_context& context, asio::any_io_executor writer,
           std::shared_ptr<records::Pseudonymiser> persons, HostOptions options)
    : implementation_(std::make_unique<Implementation>(context, std::move(writer),
                                                       std::move(persons), std::move(options))) {}

Host::~Host() = default;

asio::awaitable<RunReport> Host::run(RunRequest request, std::unique_ptr<records::RecordSink> sink,
                                     OnProgress on_progress) {
  const std::string name = request.collector.name;
  const std::shared_ptr<Run> run =
      implementation_->start(std::move(request), std::move(sink), std::move(on_progress));
  RunReport report;
  if (run == nullptr) {
    report.failure = Error(Error::Code::transient, "this collector is running already");
    co_return report;
  }
  report = co_await run->execute();
  implementation_->forget(name);
  co_return report;
}

void Host::cancel(const std::string& collector) { implementation_->cancel(collector); }

void Host::cancel_all() { implementation_->cancel_all(); }

}  // namespace baselined::host
