#include "daemon/records/stream.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace baselined::records {
namespace {

std::string_view name_of(CellType type) {
  constexpr std::array<std::string_view, 8> kNames{"null", "bool",  "int",  "float",
                                                   "text", "bytes", "time", "decimal"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

// What is wrong with a column that fills this field; empty where nothing is.
std::string complaint(const StreamColumn& column, const Field& field) {
  if (column.type != cell_type_of(field.type)) {
    return fmt::format("declares type {} where {} is needed", name_of(column.type),
                       name_of(cell_type_of(field.type)));
  }
  if (column.key != field.key) {
    return field.key ? "must be declared as a key" : "is declared as a key, but is none";
  }
  if (column.personal != field.personal) {
    return field.personal ? "must be declared as personal"
                          : "is declared as personal, but the contract has no person there";
  }
  return {};
}

}  // namespace

Result<StreamMapping> StreamMapping::create(const Contracts& contracts, StreamDescription stream) {
  const auto refuse = [&stream](const std::string& what) {
    return Error(Error::Code::config, fmt::format("stream {}: {}", stream.name, what));
  };
  const Contract* contract = contracts.find(stream.contract);
  if (contract == nullptr) {
    return refuse(fmt::format("unknown contract \"{}\"", stream.contract));
  }
  StreamMapping mapping;
  mapping.contract_ = contract;
  mapping.column_of_field_.resize(contract->fields.size());
  for (std::size_t i = 0; i < stream.columns.size(); ++i) {
    const StreamColumn& column = stream.columns[i];
    const Field* field = contract->find(column.name);
    if (field == nullptr) {
      return refuse(
          fmt::format("column {}: contract {} has no such field", column.name, contract->id));
    }
    const auto index = static_cast<std::size_t>(field - contract->fields.data());
    if (mapping.column_of_field_[index].has_value()) {
      return refuse(fmt::format("column {} is there twice", column.name));
    }
    const std::string wrong = complaint(column, *field);
    if (!wrong.empty()) {
      return refuse(fmt::format("column {} {}", column.name, wrong));
    }
    mapping.column_of_field_[index] = i;
    if (field->key) {
      mapping.key_fields_.push_back(index);
    }
  }
  for (std::size_t i = 0; i < contract->fields.size(); ++i) {
    const Field& field = contract->fields[i];
    if (field.required && !mapping.column_of_field_[i].has_value()) {
      return refuse(
          fmt::format("column {} is missing: contract {} requires it", field.name, contract->id));
    }
  }
  mapping.stream_ = std::move(stream);
  return mapping;
}

}  // namespace baselined::records
