#include <fmt/format.h>

#include <cstdio>

#include "daemon/main/commands.h"
#include "daemon/main/settings.h"
#include "daemon/main/table.h"
#include "daemon/main/values.h"
#include "daemon/store/store.h"

namespace baselined {
namespace {

struct Info {
  std::string file;
  std::int64_t schema_version = 0;
  std::uint64_t bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::vector<std::pair<std::string, std::int64_t>> records;         // contract, alive rows
  std::vector<std::pair<std::string, std::int64_t>> not_configured;  // collector, alive rows
  std::int64_t runs = 0;
  store::KeptAside aside;
};

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(file, failure);
  return failure ? 0 : size;
}

// Collectors that were removed or renamed: what they told stays, and no KPI counts it.
Status add_not_configured(store::Connection& reader, const Settings& settings, Info& info) {
  std::string alive;
  for (const records::Contract& contract : records::Contracts::built_in().all()) {
    alive += fmt::format(
        "{}(SELECT count(*) FROM record_{}_{} r WHERE r.collector = c.id AND removed_at IS NULL)",
        alive.empty() ? "" : " + ", contract.name, contract.version);
  }
  BL_TRY(auto names, reader.prepare("SELECT id, name FROM collector ORDER BY name"));
  BL_TRY(auto count, reader.prepare("SELECT " + alive + " FROM collector c WHERE id = ?1"));
  BL_TRY(bool found, names.step());
  while (found) {
    const std::string name(names.text(1));
    if (settings.find_collector(name) == nullptr) {
      BL_TRY(const bool row, count.bind(1, names.integer(0)).step());
      if (row && count.integer(0) > 0) {
        info.not_configured.emplace_back(name, count.integer(0));
      }
      count.reset();
    }
    BL_TRY(found, names.step());
  }
  return {};
}

Result<Info> read_info(store::Connection& reader, const Settings& settings,
                       const std::filesystem::path& file) {
  BL_TRY(auto snapshot, store::Transaction::begin_read(reader));
  Info info;
  info.file = file.string();
  info.bytes = size_of(file);
  info.wal_bytes = size_of(file.string() + "-wal");
  info.aside = store::kept_aside(file.parent_path());
  BL_TRY(info.schema_version, reader.integer("PRAGMA user_version"));
  BL_TRY(info.runs, reader.integer("SELECT count(*) FROM run_log"));
  for (const records::Contract& contract : records::Contracts::built_in().all()) {
    BL_TRY(const auto rows,
           reader.integer(fmt::format("SELECT count(*) FROM record_{}_{} WHERE removed_at IS NULL",
                                      contract.name, contract.version)));
    info.records.emplace_back(contract.id, rows);
  }
  BL_CHECK(add_not_configured(reader, settings, info));
  return info;
}

json::array as_json_array(const std::vector<std::filesystem::path>& files) {
  json::array names;
  for (const std::filesystem::path& file : files) {
    names.emplace_back(file.string());
  }
  return names;
}

int print(const Info& info, bool as_json) {
  if (as_json) {
    json::object records;
    for (const auto& [contract, rows] : info.records) {
      records[contract] = rows;
    }
    json::object not_configured;
    for (const auto& [collector, rows] : info.not_configured) {
      not_configured[collector] = rows;
    }
    const json::object report{{"file", info.file},
                              {"schema_version", info.schema_version},
                              {"bytes", info.bytes},
                              {"wal_bytes", info.wal_bytes},
                              {"runs", info.runs},
                              {"records", std::move(records)},
                              {"not_configured", std::move(not_configured)},
                              {"damaged_copies", as_json_array(info.aside.damaged)},
                              {"lost_logs", as_json_array(info.aside.logs)}};
    std::printf("%s\n", pretty_json(report).c_str());
    return 0;
  }
  fmt::print("{}\nschema version {}, {:.1f} MB, write-ahead log {:.1f} MB, {} runs\n\n", info.file,
             info.schema_version, static_cast<double>(info.bytes) / 1e6,
             static_cast<double>(info.wal_bytes) / 1e6, info.runs);
  Table table({"CONTRACT", "RECORDS"});
  for (const auto& [contract, rows] : info.records) {
    table.add({contract, std::to_string(rows)});
  }
  fmt::print("{}", table.text());
  for (const auto& [collector, rows] : info.not_configured) {
    fmt::print("\ncollector {}: {} records; not configured, left out of KPIs\n", collector, rows);
  }
  for (const std::filesystem::path& copy : info.aside.damaged) {
    fmt::print("\n{}: was damaged and moved aside; remove it when you do not need it any more\n",
               copy.string());
  }
  for (const std::filesystem::path& log : info.aside.logs) {
    fmt::print(
        "\n{}: was moved aside because its database was not there; without that database "
        "it is of no use\n",
        log.string());
  }
  return 0;
}

int check(store::Connection& reader, const std::filesystem::path& file, bool as_json) {
  const auto problems = store::find_damage(reader);
  if (!problems) {
    return complain(problems.error());
  }
  if (as_json) {
    const json::object report{{"file", file.string()},
                              {"ok", problems->empty()},
                              {"problems", json::value_from(*problems)}};
    std::printf("%s\n", pretty_json(report).c_str());
  } else if (problems->empty()) {
    fmt::print("{}: no corruption found\n", file.string());
  } else {
    for (const std::string& problem : *problems) {
      fmt::print("{}: {}\n", file.string(), problem);
    }
  }
  return problems->empty() ? 0 : kExitFailed;
}

}  // namespace

int store_command(const Arguments& arguments) {
  const auto settings = load_or_complain(arguments.config);
  if (!settings) {
    return kExitConfiguration;
  }
  auto reader = open_collected(*settings, store::OpenCheck::none);
  if (!reader) {
    return complain(reader.error());
  }
  const auto file = store::database_file(settings->configuration.daemon.state_dir);
  if (arguments.command == Command::store_check) {
    return check(*reader, file, arguments.json);
  }
  const auto info = read_info(*reader, *settings, file);
  return info ? print(*info, arguments.json) : complain(info.error());
}

}  // namespace baselined
