// The naive model: what the facts of a history must be, by set arithmetic over ancestors. Slow, and
// nothing of it is shared with the code under test.
#pragma once

#include "tests/unit/derive/fact_lines.h"
#include "tests/unit/derive/history.h"

namespace baselined::derive {

struct NaiveFacts {
  Lines deployments;
  Lines commits;
  Lines exclusions;
};

// In the words of fact_lines.h.
NaiveFacts naive_facts(const History& history, const Mapping& mapping);

}  // namespace baselined::derive
