// Checks and normalises rows of one stream: from the plugin's columns to the contract's fields.
//
// Output cells are in contract field order; fields that the stream does not declare are null.
// Oids become bytes, lists are checked and compacted, persons become pseudonyms, text must be
// UTF-8, numbers finite, required fields present.
// Ownership: the cells returned point into the input row or into this object; they live until the
// next call.
// Threads: one thread at a time.
// Errors: data, naming stream, column and reason, never the value.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/records/pseudonymiser.h"
#include "daemon/records/stream.h"

namespace baselined::records {

class Normaliser {
 public:
  Normaliser(const StreamMapping& mapping, Pseudonymiser& persons);

  // row: one cell per column of the stream.
  Result<std::span<const Cell>> row(std::span<const Cell> row);
  // key: the key cells in declared order. The result has all fields of the contract, of which only
  // the key fields are set.
  Result<std::span<const Cell>> key(std::span<const Cell> key);

 private:
  const StreamMapping* mapping_;
  Pseudonymiser* persons_;
  std::vector<Cell> fields_;
  std::vector<std::string> scratch_;  // one per field, reused between rows
};

}  // namespace baselined::records
