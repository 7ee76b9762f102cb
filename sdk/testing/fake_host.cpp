#include <baselined/testing/fake_host.h>

#include "fake_run.h"
#include "sdk/cassette/json_text.h"

namespace baselined::sdk {
namespace {

std::string lines_of(const std::vector<Row>& rows) {
  std::string lines;
  for (const Row& row : rows) {
    lines.append(row.json()).append("\n");
  }
  return lines;
}

std::vector<Row> of_contract(const std::vector<Row>& rows, std::string_view contract) {
  std::vector<Row> chosen;
  for (const Row& row : rows) {
    if (row.contract == contract) {
      chosen.push_back(row);
    }
  }
  return chosen;
}

}  // namespace

std::string Field::json() const {
  switch (type) {
    case BL_BOOL:
      return integer != 0 ? "true" : "false";
    case BL_INT:
    case BL_TIME:
      return std::to_string(integer);
    case BL_FLOAT:
      return json_number(real);
    case BL_TEXT:
    case BL_DECIMAL:
      return json_string(text);
    case BL_BYTES:
      return json_string(hex(text));
    default:
      return "null";
  }
}

const Field& Row::at(const std::string& column) const {
  static const Field kNull;
  const auto found = fields.find(column);
  return found == fields.end() ? kNull : found->second;
}

std::string Row::json() const {
  std::string out = "{\"contract\":" + json_string(contract) + ",\"row\":{";
  std::string_view separator;
  for (const auto& [name, field] : fields) {
    out.append(separator).append(json_string(name)).append(":").append(field.json());
    separator = ",";
  }
  return out.append("}}");
}

std::vector<Row> RunResult::rows_of(std::string_view contract) const {
  return of_contract(rows, contract);
}

std::string RunResult::ndjson() const { return lines_of(rows); }

void FakeHost::set_window(std::int64_t begin_us, std::int64_t end_us) {
  info_.window_begin_us = begin_us;
  info_.window_end_us = end_us;
}

void FakeHost::fail_at_call(std::uint64_t nth, bl_status status) {
  fail_at_call_ = nth;
  fail_status_ = status;
}

void FakeHost::clear_faults() {
  fail_at_call_ = kNever;
  cancel_at_call_ = kNever;
  cancel_at_poll_ = kNever;
}

void FakeHost::play_cassette(const std::filesystem::path& folder) {
  cassette::Parsed<cassette::Cassette> cassette = cassette::read_cassette(folder);
  player_.reset();
  cassette_problem_ = std::move(cassette.problem);
  if (cassette.value) {
    play(std::move(*cassette.value));
  }
}

void FakeHost::play(cassette::Cassette cassette) {
  if (cassette.recorded_at_us != 0) {
    freeze_now(cassette.recorded_at_us);
  }
  cassette_problem_.clear();
  player_.emplace(std::move(cassette));
}

std::vector<std::string> FakeHost::unused_exchanges() const {
  return player_ ? player_->unused() : std::vector<std::string>();
}

RunResult FakeHost::collect(const bl_plugin* plugin, std::string_view options_json) {
  if (plugin == nullptr) {
    RunResult result;
    result.status = BL_ERR_UNSUPPORTED;
    result.error = "no plugin";
    return result;
  }
  if (!cassette_problem_.empty()) {
    RunResult result;
    result.status = BL_ERR_CONFIG;
    result.error = cassette_problem_;
    return result;
  }
  FakeRun run(*this, *plugin);
  const bl_host& table = FakeRun::table(has_extensions_);
  bl_instance* instance = nullptr;
  bl_status status =
      plugin->create(&table, run.handle(), {options_json.data(), options_json.size()}, &instance);
  if (status == BL_OK) {
    status = plugin->collect(instance, &table, run.handle());
    plugin->destroy(instance);
  }
  return run.finish(status);
}

std::string FakeHost::cursor(const std::string& key) const {
  const auto found = cursors_.find(key);
  return found == cursors_.end() ? std::string() : found->second;
}

std::vector<std::string> FakeHost::open_set(const std::string& contract,
                                            const std::string& scope) const {
  const auto found = open_sets_.find({contract, scope});
  return found == open_sets_.end() ? std::vector<std::string>() : found->second;
}

std::vector<Row> FakeHost::records() const {
  std::vector<Row> rows;
  for (const auto& [key, record] : records_) {
    rows.push_back(record.row);
  }
  return rows;
}

std::vector<Row> FakeHost::records_of(std::string_view contract) const {
  return of_contract(records(), contract);
}

std::string FakeHost::ndjson() const { return lines_of(records()); }

}  // namespace baselined::sdk
