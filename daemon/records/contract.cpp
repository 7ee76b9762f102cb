#include "daemon/records/contract.h"

namespace baselined::records {

CellType cell_type_of(FieldType type) {
  switch (type) {
    case FieldType::integer:
      return CellType::integer;
    case FieldType::real:
      return CellType::real;
    case FieldType::boolean:
      return CellType::boolean;
    case FieldType::time:
      return CellType::time;
    case FieldType::decimal:
      return CellType::decimal;
    case FieldType::text:
    case FieldType::text_list:
    case FieldType::oid:
    case FieldType::oid_list:
      break;
  }
  return CellType::text;
}

const Field* Contract::find(std::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) {
      return &candidate;
    }
  }
  return nullptr;
}

const Contract* Contracts::find(std::string_view id) const {
  for (const Contract& contract : contracts_) {
    if (contract.id == id) {
      return &contract;
    }
  }
  return nullptr;
}

}  // namespace baselined::records
