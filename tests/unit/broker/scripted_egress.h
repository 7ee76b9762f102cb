// An Egress that answers from a list, and words to ask one: for the tests of cassettes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "daemon/wire/egress.h"

namespace baselined::broker {

// Made new and empty for each call.
std::filesystem::path empty_folder(const std::string& name);
std::string content_of(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view text);

// Answers inside send(), one after the other; no answer: none is given until the outlet's end.
class ScriptedEgress final : public wire::Egress {
 public:
  std::vector<wire::HttpAnswer> answers;
  std::vector<wire::HttpRequest> requests;  // that came
  std::string limit;
  bool is_cancelled = false;

  Result<std::unique_ptr<wire::Outlet>> open(wire::OutletRequest request) override;
};

wire::HttpAnswer response(std::string body, std::vector<wire::HttpHeader> headers = {},
                          int status = 200);
wire::HttpAnswer json_response(std::string body);
wire::HttpAnswer failure(Error::Code code, std::string message, Microseconds retry_after = {});
wire::HttpRequest get(std::string target);
wire::HttpRequest post(std::string target, std::string body, std::string content_type);

// Waits for the answer, ten seconds at most.
wire::HttpAnswer ask(wire::Outlet& outlet, wire::HttpRequest request);
std::unique_ptr<wire::Outlet> outlet_of(wire::Egress& egress);

}  // namespace baselined::broker
