#include "daemon/main/collector_status.h"

#include "daemon/main/run_json.h"

namespace baselined {
namespace {

Status read_last_run(store::Connection& reader, CollectorStatus& status) {
  BL_TRY(auto select,
         reader.prepare("SELECT outcome, message, counts FROM run_log WHERE collector = ?1 AND "
                        "outcome IS NOT NULL ORDER BY id DESC LIMIT 1"));
  select.bind(1, status.name);
  BL_TRY(const bool found, select.step());
  if (!found) {
    return {};
  }
  status.state = "waiting";
  if (select.text(0) != "ok") {
    status.state = "failing";
  }
  status.reason = select.is_null(1) ? "" : select.text(1);
  BL_TRY(const json::value counts, parse_json(select.is_null(2) ? "{}" : select.text(2)));
  for (const auto& contract : counts.as_object()) {
    const auto& part = contract.value().as_object();
    status.rows += part.at("rows").to_number<std::uint64_t>();
    for (const char* changed : {"inserted", "updated", "removed"}) {
      status.changed += part.at(changed).to_number<std::uint64_t>();
    }
  }
  return {};
}

Status read_unfinished_run(store::Connection& reader, CollectorStatus& status) {
  BL_TRY(auto select, reader.prepare("SELECT started_at, outcome FROM run_log WHERE collector = ?1 "
                                     "ORDER BY id DESC LIMIT 1"));
  select.bind(1, status.name);
  BL_TRY(const bool found, select.step());
  if (found && select.is_null(1)) {
    status.unfinished_since = from_us(select.integer(0));
  }
  return {};
}

Status read_last_success(store::Connection& reader, CollectorStatus& status) {
  BL_TRY(auto select, reader.prepare("SELECT finished_at FROM run_log WHERE collector = ?1 AND "
                                     "outcome = 'ok' ORDER BY id DESC LIMIT 1"));
  select.bind(1, status.name);
  BL_TRY(const bool found, select.step());
  if (found) {
    status.last_success = from_us(select.integer(0));
  }
  return {};
}

Status read_cursor(store::Connection& reader, CollectorStatus& status) {
  BL_TRY(auto select, reader.prepare("SELECT key, value FROM cursor WHERE collector = (SELECT id "
                                     "FROM collector WHERE name = ?1)"));
  select.bind(1, status.name);
  while (true) {
    BL_TRY(const bool found, select.step());
    if (!found) {
      return {};
    }
    status.cursor.emplace(select.text(0), select.text(1));
  }
}

json::value time_or_null(const std::optional<UtcTime>& time) {
  return time ? json::value(format_rfc3339(*time)) : json::value();
}

json::object to_json(const CollectorStatus& status, UtcTime now) {
  json::object cursor;
  for (const auto& [key, value] : status.cursor) {
    cursor[key] = value;
  }
  json::value age;
  if (status.last_success) {
    age = static_cast<double>((now - *status.last_success).count()) / 1e6;
  }
  return {{"name", status.name},
          {"plugin", status.plugin},
          {"state", status.state},
          {"last_success", time_or_null(status.last_success)},
          {"age_seconds", std::move(age)},
          {"rows", status.rows},
          {"changed", status.changed},
          {"cursor", std::move(cursor)},
          {"next_run", time_or_null(status.next_run)},
          {"reason", status.reason.empty() ? json::value() : json::value(status.reason)}};
}

}  // namespace

Result<std::vector<CollectorStatus>> read_statuses(store::Connection* reader,
                                                   const Settings& settings) {
  std::vector<CollectorStatus> statuses;
  for (const config::Collector& collector : settings.configuration.collectors) {
    CollectorStatus status;
    status.name = collector.name;
    status.plugin = collector.plugin;
    if (reader != nullptr) {
      BL_CHECK(read_last_run(*reader, status));
      BL_CHECK(read_unfinished_run(*reader, status));
      BL_CHECK(read_last_success(*reader, status));
      BL_CHECK(read_cursor(*reader, status));
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

json::value to_json(const std::vector<CollectorStatus>& statuses, UtcTime now) {
  json::array collectors;
  for (const CollectorStatus& status : statuses) {
    collectors.push_back(to_json(status, now));
  }
  return json::object{{"collectors", std::move(collectors)}};
}

}  // namespace baselined
