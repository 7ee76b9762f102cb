#include "daemon/main/requests.h"

#include "daemon/control/control.h"

namespace baselined {
namespace {

Error error_of(const json::object& line) {
  const json::value* code = line.if_contains("code");
  const auto number = code != nullptr && code->is_int64()
                          ? code->get_int64()
                          : static_cast<std::int64_t>(Error::Code::internal);
  const bool known = number >= static_cast<std::int64_t>(Error::Code::config) &&
                     number <= static_cast<std::int64_t>(Error::kLastCode);
  const json::value* text = line.if_contains("error");
  return {known ? static_cast<Error::Code>(number) : Error::Code::internal,
          text != nullptr && text->is_string() ? std::string(text->get_string()) : "unknown"};
}

}  // namespace

std::filesystem::path control_socket(const Settings& settings) {
  return settings.configuration.daemon.state_dir / "control.sock";
}

json::object error_line(const Error& error) {
  return {{"error", error.message()}, {"code", static_cast<std::int64_t>(error.code())}};
}

Result<std::optional<json::object>> ask_daemon(
    const Settings& settings, json::object request,
    const std::function<void(const json::object&)>& on_line) {
  BL_TRY(auto client, control::ControlClient::connect(control_socket(settings)));
  if (!client) {
    return std::optional<json::object>();
  }
  request["config_hash"] = settings.configuration.hash;
  BL_CHECK(client->send(request));
  while (true) {
    BL_TRY(json::object line, client->receive());
    if (line.contains("error")) {
      return error_of(line);
    }
    if (line.contains("done")) {
      return std::optional<json::object>(std::move(line));
    }
    if (on_line) {
      on_line(line);
    }
  }
}

}  // namespace baselined
