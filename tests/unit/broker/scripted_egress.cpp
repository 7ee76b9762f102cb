#include "tests/unit/broker/scripted_egress.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace baselined::broker {
namespace {

class ScriptedOutlet final : public wire::Outlet {
 public:
  explicit ScriptedOutlet(ScriptedEgress& egress) : egress_(egress) {}
  void send(wire::HttpRequest request, OnAnswer on_answer) override {
    const std::size_t number = egress_.requests.size();
    egress_.requests.push_back(std::move(request));
    if (number < egress_.answers.size()) {
      on_answer(egress_.answers[number]);
    }
  }
  void cancel() override { egress_.is_cancelled = true; }
  std::string limit_hit() const override { return egress_.limit; }

 private:
  ScriptedEgress& egress_;
};

}  // namespace

std::filesystem::path empty_folder(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / (name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << file;
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

Result<std::unique_ptr<wire::Outlet>> ScriptedEgress::open(wire::OutletRequest request) {
  if (request.connection == "missing") {
    return Error(Error::Code::config, "no such connection");
  }
  return std::unique_ptr<wire::Outlet>(std::make_unique<ScriptedOutlet>(*this));
}

wire::HttpAnswer response(std::string body, std::vector<wire::HttpHeader> headers, int status) {
  return {wire::HttpResponse{status, std::move(headers), std::move(body)}, {}};
}

wire::HttpAnswer json_response(std::string body) {
  return response(std::move(body), {{"content-type", "application/json; charset=utf-8"}});
}

wire::HttpAnswer failure(Error::Code code, std::string message, Microseconds retry_after) {
  return {Error(code, std::move(message)), retry_after};
}

wire::HttpRequest get(std::string target) {
  wire::HttpRequest request;
  request.target = std::move(target);
  return request;
}

wire::HttpRequest post(std::string target, std::string body, std::string content_type) {
  wire::HttpRequest request = get(std::move(target));
  request.method = "POST";
  request.body = std::move(body);
  request.headers = {{"Content-Type", std::move(content_type)}};
  return request;
}

wire::HttpAnswer ask(wire::Outlet& outlet, wire::HttpRequest request) {
  auto promise = std::make_shared<std::promise<wire::HttpAnswer>>();
  std::future<wire::HttpAnswer> future = promise->get_future();
  outlet.send(std::move(request),
              [promise](wire::HttpAnswer answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
    ADD_FAILURE() << "no answer";
    return failure(Error::Code::internal, "no answer");
  }
  return future.get();
}

std::unique_ptr<wire::Outlet> outlet_of(wire::Egress& egress) {
  return egress.open({"collector", "connection", {}, 100, 1'000'000}).value();
}

}  // namespace baselined::broker
