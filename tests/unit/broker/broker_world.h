// A broker with connections to peers, and runs that wait for their answers.
#pragma once

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "daemon/broker/broker.h"
#include "tests/unit/broker/peer.h"

namespace baselined::test {

// A folder of this test alone, removed with it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Writes it so that others may not read it.
  std::string write(const std::string& name, std::string_view text) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// To a peer, with everything allowed that a peer on this machine needs.
config::Connection connection_to(const std::string& base_url);
config::SecretReference secret_file(const std::string& path);

broker::BrokerOptions quick_options();

// A request in one expression.
struct Ask {
  std::string method = "GET";
  std::string target = {};
  std::vector<wire::HttpHeader> headers = {};
  std::string body = {};
  std::string etag = {};
};

// One run: sends and waits.
class Caller {
 public:
  explicit Caller(broker::Broker& broker, wire::OutletRequest request = {},
                  std::chrono::milliseconds time = std::chrono::seconds(20));
  wire::HttpAnswer get(const std::string& target);
  wire::HttpAnswer ask(const Ask& request);
  std::future<wire::HttpAnswer> begin(const Ask& request);
  wire::Outlet& outlet() { return *outlet_; }
  void drop() { outlet_.reset(); }

 private:
  std::unique_ptr<wire::Outlet> outlet_;
};

// "code: message"; "status" of an answer that is none.
std::string text_of(const wire::HttpAnswer& answer);

}  // namespace baselined::test
