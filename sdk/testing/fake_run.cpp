#include "fake_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "fake_http.h"
#include "sdk/cassette/json_text.h"

namespace baselined::sdk {
namespace {

std::string_view to_view(bl_str text) {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

std::string to_string(bl_str text) { return std::string(to_view(text)); }

std::vector<const bl_column*> columns_of(const bl_stream& stream, std::uint64_t flags) {
  std::vector<const bl_column*> columns;
  for (const bl_column& column : std::span(stream.columns, stream.n_columns)) {
    if ((column.flags & flags) == flags) {
      columns.push_back(&column);
    }
  }
  return columns;
}

bool is_text(bl_type type) { return type == BL_TEXT || type == BL_BYTES || type == BL_DECIMAL; }

bool is_decimal(std::string_view text) {
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') {
      ++count;
    }
    text.remove_prefix(count);
    return count > 0;
  };
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  }
  if (!digits()) {
    return false;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    return digits() && text.empty();
  }
  return text.empty();
}

std::string_view fault_of_text(const bl_value& value) {
  if (value.u.text == nullptr && value.len != 0) {
    return "text at a null pointer";
  }
  const std::string_view text =
      value.len == 0 ? std::string_view() : std::string_view(value.u.text, value.len);
  if (value.type != BL_BYTES && !is_utf8(text)) {
    return "text that is not UTF-8";
  }
  return value.type != BL_DECIMAL || is_decimal(text) ? "" : "a decimal that is not canonical";
}

// What is wrong with a value; nothing when it fits.
std::string_view fault_of(const bl_value& value, const bl_column& column) {
  if (value.type == BL_NULL) {
    return (column.flags & BL_COL_REQUIRED) != 0 ? "null in a required column" : "";
  }
  if (value.type != column.type) {
    return "another type than declared";
  }
  if (is_text(value.type)) {
    return fault_of_text(value);
  }
  if (value.type == BL_BOOL && value.u.i != 0 && value.u.i != 1) {
    return "a boolean that is neither 0 nor 1";
  }
  return value.type == BL_FLOAT && !std::isfinite(value.u.f) ? "a number that is not finite" : "";
}

Field to_field(const bl_value& value) {
  Field field;
  field.type = value.type;
  if (is_text(value.type)) {
    field.text.assign(value.len == 0 ? "" : value.u.text, value.len);
  } else if (value.type == BL_FLOAT) {
    field.real = value.u.f;
  } else if (value.type != BL_NULL) {
    field.integer = value.u.i;
  }
  return field;
}

}  // namespace

bl_status FakeRun::enter() {
  ++result_.calls;
  if (result_.calls == host_.fail_at_call_) {
    return host_.fail_status_;
  }
  if (result_.calls >= host_.cancel_at_call_) {
    is_cancelled_ = true;
  }
  if (failure_ != BL_OK) {
    return failure_;
  }
  return is_cancelled_ ? BL_ERR_CANCELLED : BL_OK;
}

// What was refused stays refused, so that nothing is committed on top of it.
bl_status FakeRun::fail(bl_status status, const std::string& what) {
  failure_ = status;
  failure_text_ = what;
  return status;
}

bl_status FakeRun::check_stream(std::uint32_t stream) {
  return stream < plugin_.n_streams
             ? BL_OK
             : fail(BL_ERR_DATA, "stream number " + std::to_string(stream) + " does not exist");
}

bl_status FakeRun::check_text(bl_str text, std::string_view what) {
  if (text.ptr == nullptr && text.len != 0) {
    return fail(BL_ERR_DATA, std::string(what) + " is a null pointer");
  }
  return is_utf8(to_view(text)) ? BL_OK : fail(BL_ERR_DATA, std::string(what) + " is not UTF-8");
}

std::string FakeRun::contract_of(std::uint32_t stream) const {
  return to_string(plugin_.streams[stream].contract);
}

bl_status FakeRun::read_row(const bl_stream& stream, std::span<const bl_column* const> columns,
                            std::span<const bl_value> cells, Step& step) {
  const std::string name = "stream " + to_string(stream.name);
  if (cells.size() != columns.size()) {
    return fail(BL_ERR_DATA, name + ": " + std::to_string(cells.size()) + " cells, " +
                                 std::to_string(columns.size()) + " columns are declared");
  }
  step.row.contract = to_string(stream.contract);
  for (std::size_t index = 0; index < cells.size(); ++index) {
    const bl_column& column = *columns[index];
    const std::string_view fault = fault_of(cells[index], column);
    if (!fault.empty()) {
      return fail(BL_ERR_DATA,
                  name + ": column " + to_string(column.name) + ": " + std::string(fault));
    }
    const Field field = to_field(cells[index]);
    if ((column.flags & BL_COL_KEY) != 0) {
      step.key += field.json() + ",";
    }
    step.row.fields[to_string(column.name)] = field;
  }
  return BL_OK;
}

bl_status FakeRun::emit(std::uint32_t stream, const bl_value* cells, std::uint32_t n_columns,
                        std::uint32_t n_rows) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (const bl_status status = check_stream(stream); status != BL_OK) {
    return status;
  }
  if (host_.info_.mode == BL_RUN_PROBE) {
    return fail(BL_ERR_DATA, "rows in a probe");
  }
  const std::vector<const bl_column*> columns = columns_of(plugin_.streams[stream], 0);
  const auto scope = scopes_.find(stream);
  for (std::size_t row = 0; row < n_rows; ++row) {
    Step step;
    step.scope = scope == scopes_.end() ? "" : scope->second;
    const std::span<const bl_value> values(cells + row * n_columns, n_columns);
    if (const bl_status status = read_row(plugin_.streams[stream], columns, values, step);
        status != BL_OK) {
      return status;
    }
    pending_.push_back(std::move(step));
  }
  return BL_OK;
}

bl_status FakeRun::remove(std::uint32_t stream, const bl_value* key_cells, std::uint32_t n_cells) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (const bl_status status = check_stream(stream); status != BL_OK) {
    return status;
  }
  Step step;
  step.is_removal = true;
  const std::vector<const bl_column*> columns = columns_of(plugin_.streams[stream], BL_COL_KEY);
  const bl_status status = read_row(plugin_.streams[stream], columns, {key_cells, n_cells}, step);
  if (status == BL_OK) {
    pending_.push_back(std::move(step));
  }
  return status;
}

bl_status FakeRun::begin_scope(std::uint32_t stream, bl_str scope) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_stream(stream) != BL_OK || check_text(scope, "a scope") != BL_OK) {
    return failure_;
  }
  if (scope.len == 0 || scopes_.contains(stream)) {
    return fail(BL_ERR_DATA, scope.len == 0 ? "a scope without a name"
                                            : "a second scope of a stream before the commit");
  }
  scopes_[stream] = to_string(scope);
  return BL_OK;
}

bl_status FakeRun::coverage(std::uint32_t stream, bl_str scope, std::int64_t from_us,
                            std::int64_t to_us, bl_str reason) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_stream(stream) != BL_OK || check_text(scope, "a scope") != BL_OK ||
      check_text(reason, "a reason") != BL_OK) {
    return failure_;
  }
  if (from_us > to_us) {
    return fail(BL_ERR_DATA, "coverage that ends before it begins");
  }
  pending_coverage_.push_back(
      {contract_of(stream), to_string(scope), from_us, to_us, to_string(reason)});
  return BL_OK;
}

bl_status FakeRun::open_set_put(std::uint32_t stream, bl_str scope, const bl_str* keys,
                                std::uint64_t n_keys) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_stream(stream) != BL_OK || check_text(scope, "a scope") != BL_OK) {
    return failure_;
  }
  std::set<std::string> set;
  for (const bl_str& key : std::span(keys, n_keys)) {
    if (check_text(key, "a key of an open set") != BL_OK) {
      return failure_;
    }
    set.insert(to_string(key));
  }
  pending_open_sets_[{contract_of(stream), to_string(scope)}] = {set.begin(), set.end()};
  return BL_OK;
}

bl_status FakeRun::open_set_get(std::uint32_t stream, bl_str scope, const bl_str** keys,
                                std::uint64_t* n_keys) {
  *keys = nullptr;
  *n_keys = 0;
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_stream(stream) != BL_OK || check_text(scope, "a scope") != BL_OK) {
    return failure_;
  }
  open_set_ = host_.open_set(contract_of(stream), to_string(scope));
  open_set_views_.clear();
  for (const std::string& key : open_set_) {
    open_set_views_.push_back({key.data(), key.size()});
  }
  *keys = open_set_views_.data();
  *n_keys = open_set_views_.size();
  return BL_OK;
}

bl_status FakeRun::cursor_get(bl_str key, bl_str* out) {
  *out = {nullptr, 0};
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_text(key, "a cursor's key") != BL_OK) {
    return failure_;
  }
  cursor_ = host_.cursor(to_string(key));
  *out = {cursor_.data(), cursor_.size()};
  return BL_OK;
}

bl_status FakeRun::commit(bl_str key, bl_str cursor) {
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  if (check_text(key, "a cursor's key") != BL_OK || check_text(cursor, "a cursor") != BL_OK) {
    return failure_;
  }
  for (const Step& step : pending_) {
    apply(step);
  }
  end_scopes();
  for (auto& [set, keys] : std::exchange(pending_open_sets_, {})) {
    host_.open_sets_[set] = std::move(keys);
  }
  result_.coverage.insert(result_.coverage.end(), pending_coverage_.begin(),
                          pending_coverage_.end());
  pending_.clear();
  pending_coverage_.clear();
  for (auto& [target, validator] : std::exchange(pending_validators_, {})) {
    host_.validators_[target] = std::move(validator);
  }
  host_.cursors_[to_string(key)] = to_string(cursor);
  result_.commits.push_back({to_string(key), to_string(cursor)});
  return BL_OK;
}

void FakeRun::apply(const Step& step) {
  const FakeHost::RecordKey key = {step.row.contract, step.key};
  const auto found = host_.records_.find(key);
  if (step.is_removal) {
    result_.removals.push_back(step.row);
    result_.changed += host_.records_.erase(key);
    return;
  }
  result_.rows.push_back(step.row);
  if (found == host_.records_.end()) {
    ++result_.changed;
    host_.records_[key] = {step.row, step.scope};
    return;
  }
  // A row replaces exactly the columns that its stream declares.
  FakeHost::Record& record = found->second;
  const Row before = record.row;
  for (const auto& [name, field] : step.row.fields) {
    record.row.fields[name] = field;
  }
  record.scope = step.scope;
  result_.changed += record.row == before ? 0U : 1U;
}

// Records of a scope that were not emitted again with it are gone.
void FakeRun::end_scopes() {
  for (const auto& begun : std::exchange(scopes_, {})) {
    const std::string& scope = begun.second;
    const std::string contract = contract_of(begun.first);
    std::set<std::string> again;
    for (const Step& step : pending_) {
      if (!step.is_removal && step.row.contract == contract && step.scope == scope) {
        again.insert(step.key);
      }
    }
    result_.changed += std::erase_if(host_.records_, [&](const auto& entry) {
      const auto& [record_contract, key] = entry.first;
      return record_contract == contract && entry.second.scope == scope && !again.contains(key);
    });
    result_.scopes.push_back({contract, scope});
  }
}

bl_status FakeRun::http_fail(cassette::Failure failure) {
  http_failure_ = std::move(failure);
  return http_failure_.status;
}

// A run that reads everything again asks for everything.
void FakeRun::add_validators(cassette::Request& request) {
  const auto found = host_.validators_.find(request.target);
  if (found != host_.validators_.end() && host_.info_.mode == BL_RUN_INCREMENTAL) {
    const auto& [etag, last_modified] = found->second;
    if (!etag.empty()) {
      request.headers.push_back({"if-none-match", etag});
    }
    if (!last_modified.empty()) {
      request.headers.push_back({"if-modified-since", last_modified});
    }
  }
}

bl_status FakeRun::http_send(const bl_http_request* raw, bl_http_response** out) {
  *out = nullptr;
  if (const bl_status status = enter(); status != BL_OK) {
    return status;
  }
  std::optional<cassette::Request> request = read_request(raw);
  if (!request) {
    return fail(BL_ERR_DATA, "a request with a null pointer or a text that is not UTF-8");
  }
  http_failure_ = {BL_OK, {}, 0};
  result_.requests.push_back(*request);
  if ((plugin_.capabilities & BL_CAP_HTTP) == 0 || !host_.player_) {
    return http_fail({BL_ERR_CONFIG,
                      "no HTTP: the plugin must ask for BL_CAP_HTTP, and the test "
                      "must play a cassette",
                      0});
  }
  if (const std::string header = reserved_header(*request); !header.empty()) {
    return http_fail({BL_ERR_DATA, "the header " + header + " is the host's to set", 0});
  }
  const std::string target = request->target;
  const bool is_conditional = (raw->flags & BL_HTTP_CONDITIONAL) != 0 && request->method == "GET";
  if (is_conditional) {
    add_validators(*request);
  }
  const cassette::Exchange* const exchange = host_.player_->ask(*request);
  if (exchange == nullptr) {
    return fail(BL_ERR_DATA, host_.player_->mismatch());
  }
  auto answer = as_the_host_answers(*exchange);
  if (auto* const failure = std::get_if<cassette::Failure>(&answer)) {
    return http_fail(std::move(*failure));
  }
  auto& response = std::get<cassette::Response>(answer);
  if (is_conditional && response.status == 200) {
    pending_validators_[target] = {value_of(response, "etag"), value_of(response, "last-modified")};
  }
  *out = std::make_unique<FakeResponse>(std::move(response)).release()->handle();
  return BL_OK;
}

void FakeRun::log(bl_level level, std::string_view text) {
  const std::lock_guard lock(log_mutex_);
  result_.logs.push_back({level, std::string(text)});
}

void FakeRun::set_error(bl_status code, std::int64_t retry_after_ms, std::string_view text) {
  static_cast<void>(code);  // the status that the plugin returns counts
  result_.retry_after_ms = retry_after_ms;
  reported_text_ = text;
}

void FakeRun::progress(std::uint64_t done, std::uint64_t total, std::string_view unit) {
  result_.progress.push_back({done, total, std::string(unit)});
}

bool FakeRun::is_cancelled() {
  const std::lock_guard lock(log_mutex_);
  ++result_.polls;
  if (result_.polls >= host_.cancel_at_poll_ || now_us() >= host_.info_.deadline_us) {
    is_cancelled_ = true;
  }
  return is_cancelled_;
}

std::int64_t FakeRun::now_us() const {
  if (host_.now_us_ != std::numeric_limits<std::int64_t>::min()) {
    return host_.now_us_;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

RunResult FakeRun::finish(bl_status answered) {
  result_.status = answered == BL_OK ? failure_ : answered;
  if (result_.status != BL_OK) {
    result_.error = reported_text_.empty() ? failure_text_ : reported_text_;
    // A plugin that passes on what a request came to need not say why.
    if (failure_ == BL_OK && http_failure_.status == result_.status) {
      result_.error = result_.error.empty() ? http_failure_.message : result_.error;
      result_.retry_after_ms = std::max(result_.retry_after_ms, http_failure_.retry_after_ms);
    }
  }
  for (const Step& step : pending_) {
    result_.discarded_rows += step.is_removal ? 0U : 1U;
  }
  return std::move(result_);
}

}  // namespace baselined::sdk
