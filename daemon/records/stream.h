// How a stream of a plugin fills a contract: checked once when the plugin is loaded.
//
// Ownership: a StreamMapping refers to its Contract, which must outlive it.
// Threads: immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/records/contract.h"

namespace baselined::records {

struct StreamColumn {
  std::string name;
  CellType type = CellType::null;
  bool key = false;
  bool required = false;
  bool personal = false;
};

struct StreamDescription {
  std::string name;
  std::string contract;
  std::vector<StreamColumn> columns;
};

class StreamMapping {
 public:
  // Refuses (config error, naming stream and column): an unknown contract or field, a wrong type,
  // a column twice, a key or required field that is missing, a personal field not declared so.
  static Result<StreamMapping> create(const Contracts& contracts, StreamDescription stream);

  const Contract& contract() const { return *contract_; }
  const StreamDescription& stream() const { return stream_; }
  // For each field of the contract, the plugin's column; nothing where the stream has none.
  const std::vector<std::optional<std::size_t>>& column_of_field() const {
    return column_of_field_;
  }
  // Fields that form the key, in the order in which the stream declares its key columns.
  const std::vector<std::size_t>& key_fields() const { return key_fields_; }

 private:
  const Contract* contract_ = nullptr;
  StreamDescription stream_;
  std::vector<std::optional<std::size_t>> column_of_field_;
  std::vector<std::size_t> key_fields_;
};

}  // namespace baselined::records
