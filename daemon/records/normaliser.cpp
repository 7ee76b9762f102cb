#include "daemon/records/normaliser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/base/utf8.h"
#include "daemon/records/values.h"

namespace baselined::records {

Normaliser::Normaliser(const StreamMapping& mapping, Pseudonymiser& persons)
    : mapping_(&mapping),
      persons_(&persons),
      fields_(mapping.contract().fields.size()),
      scratch_(mapping.contract().fields.size()) {
  const std::vector<Field>& fields = mapping.contract().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (const auto column = mapping.column_of_field()[i]) {
      const bool required = fields[i].required || mapping.stream().columns[*column].required;
      steps_.push_back({&fields[i], i, *column, required});
    }
  }
  for (std::size_t i = 0; i < mapping.key_fields().size(); ++i) {
    const std::size_t index = mapping.key_fields()[i];
    key_steps_.push_back({&fields[index], index, i, true});
  }
}

Result<std::span<const Cell>> Normaliser::row(std::span<const Cell> row) {
  if (row.size() != mapping_->stream().columns.size()) {
    return wrong_count("cells in a row", mapping_->stream().columns.size(), row.size());
  }
  for (const Step& step : steps_) {
    if (const char* reason = normalise(step, row[step.column])) {
      return refused(step, reason);
    }
  }
  return std::span<const Cell>(fields_);
}

Result<std::span<const Cell>> Normaliser::key(std::span<const Cell> key) {
  if (key.size() != key_steps_.size()) {
    return wrong_count("key cells", key_steps_.size(), key.size());
  }
  std::fill(fields_.begin(), fields_.end(), Cell());
  for (const Step& step : key_steps_) {
    if (const char* reason = normalise(step, key[step.column])) {
      return refused(step, reason);
    }
  }
  return std::span<const Cell>(fields_);
}

const char* Normaliser::normalise(const Step& step, const Cell& cell) {
  Cell& field = fields_[step.index];
  if (cell.is_null()) {
    field = Cell();
    return step.required ? "is required, but null" : nullptr;
  }
  if (cell.type != cell_type_of(step.field->type)) {
    return "has a value of another type than declared";
  }
  field = cell;
  switch (step.field->type) {
    case FieldType::integer:
    case FieldType::time:
      return nullptr;
    case FieldType::boolean:
      return cell.integer == 0 || cell.integer == 1 ? nullptr : "is a boolean but not 0 or 1";
    case FieldType::real:
      return std::isfinite(cell.real) ? nullptr : "is not a finite number";
    default:
      return normalise_text(step, cell);
  }
}

const char* Normaliser::normalise_text(const Step& step, const Cell& cell) {
  Cell& field = fields_[step.index];
  std::string& scratch = scratch_[step.index];
  const std::string_view text = cell.text();
  switch (step.field->type) {
    case FieldType::oid:
      if (!oid_to_bytes(text, scratch)) {
        return "is not an object id of 40 hexadecimal digits";
      }
      field = Cell::of_text(scratch, CellType::bytes);
      return nullptr;
    case FieldType::oid_list:
      if (!oid_list_to_bytes(text, scratch)) {
        return "is not a JSON array of object ids";
      }
      field = Cell::of_text(scratch, CellType::bytes);
      return nullptr;
    case FieldType::text_list:
      if (!text_list_to_json(text, scratch)) {
        return "is not a JSON array of texts";
      }
      field = Cell::of_text(scratch);
      return nullptr;
    case FieldType::decimal:
      if (!decimal_to_canonical(text, scratch)) {
        return "is not a decimal number";
      }
      field = Cell::of_text(scratch, CellType::decimal);
      return nullptr;
    default:
      break;
  }
  if (!is_utf8(text)) {
    return "is not valid UTF-8";
  }
  const std::vector<std::string>& allowed = step.field->allowed;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    return "is not one of the allowed values";
  }
  if (step.field->personal) {
    if (text.empty()) {
      field = Cell();
      return step.required ? "is required, but empty" : nullptr;
    }
    scratch.assign(persons_->pseudonym(text));
    field = Cell::of_text(scratch);
  }
  return nullptr;
}

Error Normaliser::refused(const Step& step, std::string_view reason) const {
  return {Error::Code::data, fmt::format("stream {}: column {} {}", mapping_->stream().name,
                                         step.field->name, reason)};
}

Error Normaliser::wrong_count(std::string_view what, std::size_t expected, std::size_t got) const {
  return {Error::Code::data, fmt::format("stream {}: {} {}, where {} are declared",
                                         mapping_->stream().name, got, what, expected)};
}

}  // namespace baselined::records
