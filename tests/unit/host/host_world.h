// A Host with the fake worker, a sink in memory and an event loop, for tests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "daemon/host/host.h"
#include "tests/unit/host/fake_sink.h"

namespace baselined::host {

// The collector "shop" of the plugin "org.example.fake", which has one stream of ref/1.
config::Collector fake_collector(const std::string& behaviour);

struct HostWorld {
  HostWorld();
  ~HostWorld();

  // Creates the host on first use, with `options`.
  Host& host();
  RunReport run(const std::string& behaviour);
  RunReport run(RunRequest request);
  RunReport run_into(RunRequest request, std::unique_ptr<records::RecordSink> sink);

  boost::asio::io_context context{1};
  boost::asio::thread_pool writer{1};
  HostOptions options;
  std::shared_ptr<SinkState> sink = std::make_shared<SinkState>();
  std::chrono::milliseconds timeout{20'000};
  Host::OnProgress on_progress;

 private:
  std::unique_ptr<Host> host_;
};

// The file of a plugin whose fake worker behaves so.
std::filesystem::path fake_plugin(const std::string& behaviour);

// Of this process alone, and readable by its owner only.
std::filesystem::path empty_directory(const std::string& name);
std::size_t count_descriptors();
bool has_children();

}  // namespace baselined::host
