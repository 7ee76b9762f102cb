// Reads contracts from TOML. Strict, because a contract becomes a table: a key or a value that is
// not understood is an error, and so is a name that the table needs for itself.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/base/toml.h"
#include "daemon/records/contract.h"

namespace baselined::records {

// Generated from sdk/contracts/*.toml.
std::span<const std::string_view> contract_texts();

namespace {

constexpr std::array<std::pair<std::string_view, FieldType>, 9> kTypes{{
    {"text", FieldType::text},
    {"list<text>", FieldType::text_list},
    {"oid", FieldType::oid},
    {"list<oid>", FieldType::oid_list},
    {"integer", FieldType::integer},
    {"real", FieldType::real},
    {"boolean", FieldType::boolean},
    {"time", FieldType::time},
    {"decimal", FieldType::decimal},
}};

constexpr std::array<std::string_view, 4> kContractKeys{"name", "version", "purpose", "field"};
constexpr std::array<std::string_view, 9> kFieldKeys{
    "name", "type", "unit", "key", "required", "personal", "repeated", "allowed", "description"};

// What every row carries, and what SQLite calls its row number.
constexpr std::array<std::string_view, 10> kReservedNames{
    "id",         "collector", "run_id", "first_seen_at", "changed_at",
    "removed_at", "scope",     "rowid",  "oid",           "_rowid_"};

constexpr std::size_t kMaxNameBytes = 40;

Error wrong(std::string message) { return {Error::Code::config, std::move(message)}; }

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kMaxNameBytes && text.front() >= 'a' &&
         text.front() <= 'z' && std::all_of(text.begin(), text.end(), fits);
}

template <class Keys>
Status check_keys(const toml::table& table, const Keys& known) {
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
      return wrong(fmt::format("unknown key \"{}\"", key.str()));
    }
  }
  return {};
}

Result<std::string> read_text(const toml::table& table, std::string_view key) {
  const auto* node = table.get_as<std::string>(key);
  if (node == nullptr || node->get().empty()) {
    return wrong(fmt::format("\"{}\" must be a text that is not empty", key));
  }
  return node->get();
}

Result<bool> read_flag(const toml::table& table, std::string_view key) {
  if (!table.contains(key)) {
    return false;
  }
  const auto* node = table.get_as<bool>(key);
  if (node == nullptr) {
    return wrong(fmt::format("\"{}\" must be true or false", key));
  }
  return node->get();
}

Result<FieldType> read_type(const toml::table& table) {
  BL_TRY(const std::string name, read_text(table, "type"));
  for (const auto& [known, type] : kTypes) {
    if (known == name) {
      return type;
    }
  }
  return wrong(fmt::format("unknown type \"{}\"", name));
}

Result<std::vector<std::string>> read_allowed(const toml::table& table) {
  std::vector<std::string> allowed;
  if (!table.contains("allowed")) {
    return allowed;
  }
  const toml::array* values = table.get_as<toml::array>("allowed");
  if (values == nullptr || values->empty()) {
    return wrong("\"allowed\" must be a list of texts");
  }
  for (const toml::node& value : *values) {
    const auto* text = value.as_string();
    if (text == nullptr || text->get().empty()) {
      return wrong("\"allowed\" must be a list of texts");
    }
    if (std::find(allowed.begin(), allowed.end(), text->get()) != allowed.end()) {
      return wrong(fmt::format("\"{}\" is allowed twice", text->get()));
    }
    allowed.push_back(text->get());
  }
  return allowed;
}

Status check_field(const Field& field) {
  if (!is_name(field.name)) {
    return wrong("a name is a small letter, then small letters, digits and _");
  }
  if (std::find(kReservedNames.begin(), kReservedNames.end(), field.name) != kReservedNames.end()) {
    return wrong("the name is taken: every record carries it");
  }
  if (field.key && !field.required) {
    return wrong("a key field must be required");
  }
  if (field.key && (field.type == FieldType::text_list || field.type == FieldType::oid_list ||
                    field.type == FieldType::real)) {
    return wrong("a key field cannot be a list or real");
  }
  if (field.type != FieldType::text &&
      (field.personal || field.repeated || !field.allowed.empty())) {
    return wrong("\"personal\", \"repeated\" and \"allowed\" are for text");
  }
  if (field.personal && !field.allowed.empty()) {
    return wrong("a pseudonym cannot be one of a list of allowed values");
  }
  return {};
}

Result<Field> read_field(const toml::table& table) {
  Field field;
  BL_TRY(field.name, read_text(table, "name"));
  BL_CHECK(check_keys(table, kFieldKeys));
  BL_TRY(field.type, read_type(table));
  if (table.contains("unit")) {
    BL_TRY(field.unit, read_text(table, "unit"));
  }
  BL_TRY(field.key, read_flag(table, "key"));
  BL_TRY(field.required, read_flag(table, "required"));
  BL_TRY(field.personal, read_flag(table, "personal"));
  BL_TRY(field.repeated, read_flag(table, "repeated"));
  BL_TRY(field.allowed, read_allowed(table));
  BL_TRY(field.description, read_text(table, "description"));
  BL_CHECK(check_field(field));
  return field;
}

Status read_fields(const toml::table& table, Contract& contract) {
  const toml::array* fields = table.get_as<toml::array>("field");
  if (fields == nullptr || !fields->is_array_of_tables()) {
    return wrong("a contract has [[field]] tables");
  }
  for (const toml::node& node : *fields) {
    const toml::table& entry = *node.as_table();
    const std::string name = entry["name"].value_or(std::string("without a name"));
    Result<Field> field = read_field(entry);
    if (!field) {
      return std::move(field).error().with("field " + name);
    }
    if (contract.find(field->name) != nullptr) {
      return wrong(fmt::format("field {} is there twice", name));
    }
    contract.fields.push_back(*std::move(field));
  }
  return {};
}

Result<Contract> read_contract(const toml::table& table) {
  Contract contract;
  BL_TRY(contract.name, read_text(table, "name"));
  if (!is_name(contract.name)) {
    return wrong("a name is a small letter, then small letters, digits and _");
  }
  const auto* version = table.get_as<std::int64_t>("version");
  if (version == nullptr || version->get() < 1 || version->get() > 999) {
    return wrong("\"version\" must be a number from 1 to 999");
  }
  contract.version = static_cast<int>(version->get());
  contract.id = fmt::format("{}/{}", contract.name, contract.version);
  BL_CHECK(check_keys(table, kContractKeys));
  BL_TRY(contract.purpose, read_text(table, "purpose"));
  BL_CHECK(read_fields(table, contract));
  const auto is_key = [](const Field& field) { return field.key; };
  if (std::none_of(contract.fields.begin(), contract.fields.end(), is_key)) {
    return wrong("a contract has at least one key field");
  }
  return contract;
}

}  // namespace

Result<Contracts> Contracts::parse(std::span<const std::string_view> texts) {
  Contracts contracts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string place = fmt::format("contract text {}", i + 1);
    BL_TRY(const toml::table table, parse_toml(texts[i], place));
    Result<Contract> contract = read_contract(table);
    if (!contract) {
      const std::string name = table["name"].value_or(place);
      return std::move(contract).error().with("contract " + name);
    }
    if (contracts.find(contract->id) != nullptr) {
      return wrong(fmt::format("contract {} is there twice", contract->id));
    }
    contracts.contracts_.push_back(*std::move(contract));
  }
  return contracts;
}

const Contracts& Contracts::built_in() {
  static const Contracts kContracts = [] {
    Result<Contracts> parsed = parse(contract_texts());
    if (!parsed) {
      assertion_failed(parsed.error().message().c_str(), __FILE__, __LINE__);
    }
    return *std::move(parsed);
  }();
  return kContracts;
}

}  // namespace baselined::records
