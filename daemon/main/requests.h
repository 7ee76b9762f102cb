// What a command asks of a running daemon over the control socket, and how it is answered.
//
// Requests: {"command": "collect", "collector": NAME, "mode": "incremental" | "full" | "backfill",
//            "since_us": N, "until_us": N} -> progress lines, then the outcome
//           {"command": "derive"}, {"command": "status"}
// Every request carries "config_hash"; a daemon with another configuration refuses what writes.
// A failed request's last line has "error" and "code".
// Threads: blocks its caller.
#pragma once

#include <functional>
#include <optional>

#include "daemon/base/json.h"
#include "daemon/main/settings.h"

namespace baselined {

// The last line of the daemon's answer; nothing where no daemon runs. on_line gets the lines before
// it; it may be empty.
Result<std::optional<json::object>> ask_daemon(
    const Settings& settings, json::object request,
    const std::function<void(const json::object&)>& on_line);

std::filesystem::path control_socket(const Settings& settings);

json::object error_line(const Error& error);

}  // namespace baselined
