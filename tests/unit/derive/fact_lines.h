// Facts as lines of text, so that tests compare what people could read.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/sqlite.h"

namespace baselined::derive {

using Lines = std::vector<std::string>;

// "shop host/shop 3 tag v2 at 40 after v1 gap 20 ships 2", in order; seeds and rollbacks say so.
Lines deployment_lines(store::Connection& db);
// "shop host/shop 3 at 40 in v2 at 60 lead 20", by repository and commit.
Lines commit_lines(store::Connection& db);
// "shop deployment at 40 n 1 v2: reason", sorted; not those of changes, which the naive model does
// not know.
Lines exclusion_lines(store::Connection& db);
// "shop: tags v*", by name.
Lines service_lines(store::Connection& db);
// "shop commit/1 host/shop until 1000: reason".
Lines input_lines(store::Connection& db);

// Every fact table whole, with numbers of services, repositories and deployments resolved.
Lines all_lines(store::Connection& db);
// Changes whose stages are not their lead time, or one of which is negative.
std::int64_t stages_that_do_not_add_up(store::Connection& db);

// A copy in memory, without facts.
store::Connection copy_of_records(store::Connection& db);

}  // namespace baselined::derive
