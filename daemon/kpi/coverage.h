// What the inputs of a service allow to be said: in which span every input of a KPI is complete.
// Threads: values; read() uses the reader's thread.
// Errors: those of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/store/sqlite.h"

namespace baselined::kpi {

struct Definition;
struct Window;

inline constexpr const char* kIncidents = "incident/1";

// The reason of an input that no collector has told of.
inline constexpr const char* kNeverCollected = "never collected";

// One input stream of a service: one contract of one repository.
struct InputCoverage {
  std::string contract;
  std::optional<UtcTime> from;   // nothing: since the beginning
  std::optional<UtcTime> until;  // nothing: never read completely
  std::string reason;            // why it is not complete; empty when it is
  std::string repository;        // empty where no repository is known
};

class Coverage {
 public:
  void add(InputCoverage input);
  bool has(std::string_view contract) const;
  // Why what is read of this contract is not enough, where nothing else is wrong with it.
  void explain(std::string_view contract, const std::string& reason);

  // Some part of the window was read completely from every input.
  bool touches(const Window& window) const { return begin(window) < end(window); }
  // All of it was.
  bool spans(const Window& window) const;
  // All of it was, and no input has a problem. Settling: how long sources other than git, which
  // does not, may still correct what they told.
  bool settles(const Window& window, Microseconds settling) const;
  // The part of the window that was read completely; end <= begin where there is none.
  UtcTime begin(const Window& window) const;
  UtcTime end(const Window& window) const;

  const std::vector<InputCoverage>& inputs() const { return inputs_; }

 private:
  std::vector<InputCoverage> inputs_;
  UtcTime from_ = UtcTime::min();
  UtcTime until_ = UtcTime::max();
  bool has_problem_ = false;
};

// Reads fact_input. inputs: prepared by prepare_inputs().
Result<store::Statement> prepare_inputs(store::Connection& reader);
Result<Coverage> read_coverage(store::Statement& inputs, std::int64_t service,
                               const Definition& definition, bool has_fix_rule);

}  // namespace baselined::kpi
