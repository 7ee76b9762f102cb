#include "tests/unit/broker/broker_world.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace baselined::test {

Folder::Folder() {
  std::string name = testing::TempDir() + "/broker_XXXXXX";
  path_ = ::mkdtemp(name.data());
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

std::string Folder::write(const std::string& name, std::string_view text) const {
  const std::filesystem::path file = path_ / name;
  std::ofstream(file, std::ios::binary) << text;
  ::chmod(file.c_str(), 0600);
  return file;
}

config::Connection connection_to(const std::string& base_url) {
  config::Connection connection;
  connection.name = "forge";
  connection.base_url = base_url;
  connection.allow_http = true;
  connection.allow_networks = {"127.0.0.0/8"};
  return connection;
}

config::SecretReference secret_file(const std::string& path) {
  return {config::SecretReference::Kind::file, path};
}

broker::BrokerOptions quick_options() {
  broker::BrokerOptions options;
  options.backoff_base = std::chrono::milliseconds(10);
  options.deadline_margin = std::chrono::milliseconds(100);
  return options;
}

Caller::Caller(broker::Broker& broker, wire::OutletRequest request,
               std::chrono::milliseconds time) {
  request.collector = "tickets";
  if (request.connection.empty()) {
    request.connection = "forge";
  }
  request.deadline = std::chrono::steady_clock::now() + time;
  auto outlet = broker.open(request);
  EXPECT_TRUE(outlet.has_value()) << outlet.error().message();
  outlet_ = *std::move(outlet);
}

wire::HttpAnswer Caller::get(const std::string& target) { return ask({.target = target}); }

wire::HttpAnswer Caller::ask(const Ask& request) {
  auto answer = begin(request);
  if (answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    return {Error(Error::Code::internal, "no answer at all")};
  }
  return answer.get();
}

std::future<wire::HttpAnswer> Caller::begin(const Ask& request) {
  auto promise = std::make_shared<std::promise<wire::HttpAnswer>>();
  wire::HttpRequest sent;
  sent.method = request.method;
  sent.target = request.target;
  sent.headers = request.headers;
  sent.body = request.body;
  sent.etag = request.etag;
  outlet_->send(std::move(sent),
                [promise](wire::HttpAnswer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

std::string text_of(const wire::HttpAnswer& answer) {
  if (answer.response) {
    return std::to_string(answer.response->status);
  }
  const Error& error = answer.response.error();
  return std::string(to_string(error.code())) + ": " + error.message();
}

}  // namespace baselined::test
