// A contract with every type of field, a stream that fills it, and a row that is right.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/records/stream.h"

namespace baselined::records::thing {

constexpr std::string_view kContract = R"(
name = "thing"
version = 1
purpose = "A thing."
[[field]]
name = "place"
type = "text"
repeated = true
key = true
required = true
description = "Where it is."
[[field]]
name = "sha"
type = "oid"
key = true
required = true
description = "What it is."
[[field]]
name = "parents"
type = "list<oid>"
description = "Whence it came."
[[field]]
name = "labels"
type = "list<text>"
description = "What it is called."
[[field]]
name = "kind"
type = "text"
allowed = ["round", "square"]
description = "Its form."
[[field]]
name = "owner"
type = "text"
personal = true
description = "Whose it is."
[[field]]
name = "amount"
type = "integer"
description = "How many."
[[field]]
name = "share"
type = "real"
description = "How much of it."
[[field]]
name = "done"
type = "boolean"
description = "Whether."
[[field]]
name = "made_at"
type = "time"
description = "When."
[[field]]
name = "price"
type = "decimal"
description = "For how much."
[[field]]
name = "name"
type = "text"
repeated = true
description = "What others call it."
)";

constexpr std::string_view kSha = "0123456789abcdef0123456789ABCDEF01234567";
constexpr std::string_view kShaBytes(
    "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67", 20);

inline const Contracts& contracts() {
  static const Contracts kParsed = [] {
    const std::array<std::string_view, 1> texts{kContract};
    return *Contracts::parse(texts);
  }();
  return kParsed;
}

// All fields of the contract, as columns in contract order.
inline StreamDescription stream() {
  StreamDescription description{"things", "thing/1", {}};
  for (const Field& field : contracts().all()[0].fields) {
    description.columns.push_back(
        {field.name, cell_type_of(field.type), field.key, field.required, field.personal});
  }
  return description;
}

// The description with only these columns.
inline StreamDescription stream_of(const std::vector<std::string>& names) {
  StreamDescription description{"things", "thing/1", {}};
  for (const std::string& name : names) {
    for (const StreamColumn& column : stream().columns) {
      if (column.name == name) {
        description.columns.push_back(column);
      }
    }
  }
  return description;
}

inline std::vector<Cell> row() {
  return {Cell::of_text("attic"),
          Cell::of_text(kSha),
          Cell::of_text("[]"),
          Cell::of_text("[\"a\"]"),
          Cell::of_text("round"),
          Cell::of_text("Ann@Example.com"),
          Cell::of_integer(3),
          Cell::of_real(0.5),
          Cell::of_integer(1, CellType::boolean),
          Cell::of_integer(1700000000000000, CellType::time),
          Cell::of_text("1.50", CellType::decimal),
          Cell::of_text("chest")};
}

constexpr std::size_t kPlace = 0;
constexpr std::size_t kShaField = 1;
constexpr std::size_t kParents = 2;
constexpr std::size_t kLabels = 3;
constexpr std::size_t kKind = 4;
constexpr std::size_t kOwner = 5;
constexpr std::size_t kAmount = 6;
constexpr std::size_t kShare = 7;
constexpr std::size_t kDone = 8;
constexpr std::size_t kPrice = 10;

}  // namespace baselined::records::thing
