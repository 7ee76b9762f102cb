// Checks and normalises rows of one stream: from the plugin's columns to the contract's fields.
//
// Output cells are in contract field order; fields that the stream does not declare are null.
// Oids become bytes, lists are checked and compacted, persons become pseudonyms, text must be
// UTF-8, numbers finite, required fields present. An empty person is null: nobody is named.
// Ownership: the cells returned point into the input row or into this object; they live until the
// next call. The mapping and the pseudonymiser must outlive it.
// Threads: one thread at a time.
// Errors: data, naming stream, column and reason, never the value.
#pragma once

#include <span>
#include <string>
#include <string_view>
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
  // How one column becomes one field.
  struct Step {
    const Field* field = nullptr;
    std::size_t index = 0;   // of the field, and of its scratch
    std::size_t column = 0;  // of the row
    bool required = false;
  };

  // The reason of a refusal, or nullptr. Fills fields_[step.index].
  const char* normalise(const Step& step, const Cell& cell);
  const char* normalise_text(const Step& step, const Cell& cell);
  Error refused(const Step& step, std::string_view reason) const;
  Error wrong_count(std::string_view what, std::size_t expected, std::size_t got) const;

  const StreamMapping* mapping_;
  Pseudonymiser* persons_;
  std::vector<Step> steps_;
  std::vector<Step> key_steps_;  // columns count within the key
  std::vector<Cell> fields_;
  std::vector<std::string> scratch_;  // one per field, reused between rows
};

}  // namespace baselined::records
