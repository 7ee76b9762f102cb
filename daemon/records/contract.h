// Contracts: the kinds of records, read from the TOML files in sdk/contracts/ that are compiled in.
//
// A contract says which fields a record has. From it come the table, the upsert, the check of a
// plugin's streams and the documentation.
// Ownership: Contracts owns its Contract objects; they live as long as it does. built_in() lives
// for the whole program.
// Threads: immutable after parsing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/cell.h"
#include "daemon/base/result.h"

namespace baselined::records {

enum class FieldType : std::uint8_t {
  text,
  text_list,  // canonical JSON array of strings
  oid,        // a git object id: hexadecimal text outside, bytes inside
  oid_list,   // a JSON array of oids outside, concatenated bytes inside
  integer,
  real,
  boolean,
  time,     // int64 microseconds since 1970, UTC
  decimal,  // canonical decimal text
};

// What a plugin's column must declare to fill a field of this type.
CellType cell_type_of(FieldType type);

struct Field {
  std::string name;
  FieldType type = FieldType::text;
  bool key = false;
  bool required = false;
  bool personal = false;
  bool repeated = false;             // text that recurs: stored once and referred to by number
  std::vector<std::string> allowed;  // empty: any text
  std::string description;
  std::string unit;  // empty: none
};

struct Contract {
  std::string name;  // "commit"
  int version = 1;
  std::string id;  // "commit/1"
  std::string purpose;
  std::vector<Field> fields;

  const Field* find(std::string_view field) const;
};

class Contracts {
 public:
  // One TOML text per contract. A mistake in one is a config error that names it.
  static Result<Contracts> parse(std::span<const std::string_view> texts);
  static const Contracts& built_in();

  const Contract* find(std::string_view id) const;
  std::span<const Contract> all() const { return contracts_; }

 private:
  std::vector<Contract> contracts_;
};

}  // namespace baselined::records
