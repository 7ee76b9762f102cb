#include "daemon/kpi/coverage.h"

#include <algorithm>

#include "daemon/kpi/definition.h"
#include "daemon/kpi/query.h"
#include "daemon/kpi/window.h"

namespace baselined::kpi {
namespace {

InputCoverage current_row(const store::Statement& row) {
  InputCoverage input;
  input.contract = row.text(0);
  input.repository = row.text(1);
  if (!row.is_null(2) && row.integer(2) != INT64_MIN) {
    input.from = from_us(row.integer(2));
  }
  if (!row.is_null(3)) {
    input.until = from_us(row.integer(3));
  }
  input.reason = row.text(4);
  return input;
}

}  // namespace

void Coverage::add(InputCoverage input) {
  if (input.from) {
    from_ = std::max(from_, *input.from);
  }
  until_ = std::min(until_, input.until.value_or(UtcTime::min()));
  has_problem_ = has_problem_ || !input.reason.empty();
  inputs_.push_back(std::move(input));
}

bool Coverage::has(std::string_view contract) const {
  return std::any_of(inputs_.begin(), inputs_.end(),
                     [&](const InputCoverage& input) { return input.contract == contract; });
}

void Coverage::explain(std::string_view contract, const std::string& reason) {
  for (InputCoverage& input : inputs_) {
    if (input.contract == contract && input.reason.empty()) {
      input.reason = reason;
      has_problem_ = true;
    }
  }
}

UtcTime Coverage::begin(const Window& window) const { return std::max(from_, window.from); }

UtcTime Coverage::end(const Window& window) const { return std::min(until_, window.to); }

bool Coverage::spans(const Window& window) const {
  return from_ <= window.from && window.to <= until_;
}

bool Coverage::settles(const Window& window, Microseconds settling) const {
  return spans(window) && !has_problem_ &&
         std::all_of(inputs_.begin(), inputs_.end(), [&](const InputCoverage& input) {
           const bool is_git = input.contract == "commit/1" || input.contract == "commit_path/1" ||
                               input.contract == "ref/1";
           return is_git || window.to + settling <= input.until.value_or(UtcTime::min());
         });
}

Result<store::Statement> prepare_inputs(store::Connection& reader) {
  return reader.prepare(
      "SELECT contract, repository, complete_from, complete_until, reason FROM fact_input "
      "WHERE service = ?1 AND contract = ?2 ORDER BY repository");
}

Result<Coverage> read_coverage(store::Statement& inputs, std::int64_t service,
                               const Definition& definition, bool has_fix_rule) {
  Coverage coverage;
  // The inputs of this contract; whether there are any.
  const auto add = [&](const std::string& contract) -> Result<bool> {
    const ResetAtEnd reset(inputs);
    inputs.bind(1, service).bind(2, std::string_view(contract));
    bool is_known = false;
    BL_TRY(bool found, inputs.step());
    while (found) {
      coverage.add(current_row(inputs));
      is_known = true;
      BL_TRY(found, inputs.step());
    }
    return is_known;
  };
  for (const std::string& contract : definition.needs) {
    BL_TRY(const bool is_known, add(contract));
    if (!is_known) {
      coverage.add({contract, std::nullopt, std::nullopt, kNeverCollected, ""});
    }
    if (contract == "commit/1") {  // an input only where a service owns part of a repository
      BL_TRY(const bool has_parts, add("commit_path/1"));
      static_cast<void>(has_parts);
    }
  }
  if (definition.needs_deployment_rule) {  // an input only where the rule counts them
    for (const char* contract : {"deployment/1", "ci_job/1", "ci_run/1"}) {
      BL_TRY(const bool is_known, add(contract));
      static_cast<void>(is_known);
    }
  }
  if (definition.needs_failures) {  // where anybody tells of them
    BL_TRY(const bool are_known, add(kIncidents));
    BL_TRY(const bool have_events, add("incident_event/1"));
    static_cast<void>(are_known && have_events);
    if (has_fix_rule) {
      BL_TRY(const bool has_changes, add("change/1"));
      if (!has_changes) {
        coverage.add({"change/1", std::nullopt, std::nullopt, kNeverCollected, ""});
      }
    }
  }
  return coverage;
}

}  // namespace baselined::kpi
