#include "daemon/main/dry_run_sink.h"

#include <cstdio>

#include "daemon/base/digest.h"

namespace baselined {
namespace {

constexpr std::size_t kOidBytes = 20;

json::value value_of(const records::Field& field, const Cell& cell) {
  if (cell.is_null()) {
    return nullptr;
  }
  switch (field.type) {
    case records::FieldType::oid:
      return json::string(to_hex(cell.text()));
    case records::FieldType::oid_list: {
      json::array oids;
      for (std::size_t at = 0; at + kOidBytes <= cell.text().size(); at += kOidBytes) {
        oids.emplace_back(to_hex(cell.text().substr(at, kOidBytes)));
      }
      return oids;
    }
    case records::FieldType::text_list: {
      auto list = parse_json(cell.text());
      return list ? *std::move(list) : json::value();
    }
    case records::FieldType::text:
    case records::FieldType::decimal:
      return json::string(cell.text());
    case records::FieldType::integer:
      return cell.integer;
    case records::FieldType::real:
      return cell.real;
    case records::FieldType::boolean:
      return cell.integer != 0;
    case records::FieldType::time:
      return json::string(format_rfc3339(from_us(cell.integer)));
  }
  return nullptr;
}

}  // namespace

Result<records::RecordSink::Stream> DryRunSink::open_stream(const records::StreamMapping& mapping) {
  streams_.push_back(&mapping.contract());
  return streams_.size() - 1;
}

Status DryRunSink::print(const records::Contract& contract, const char* member,
                         std::span<const Cell> fields, bool only_key) {
  json::object row;
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    if (!only_key || contract.fields[i].key) {
      row[contract.fields[i].name] = value_of(contract.fields[i], fields[i]);
    }
  }
  const json::object line{{"contract", contract.id}, {member, std::move(row)}};
  const std::string text = json::serialize(line) + "\n";
  if (std::fputs(text.c_str(), stdout) < 0) {
    return Error(Error::Code::transient, "standard output cannot be written");
  }
  return {};
}

Status DryRunSink::put(Stream stream, std::span<const Cell> fields) {
  const records::Contract& contract = *streams_[stream];
  counts_[contract.id].rows += 1;
  return print(contract, "row", fields, false);
}

Status DryRunSink::remove(Stream stream, std::span<const Cell> fields) {
  return print(*streams_[stream], "remove", fields, true);
}

Result<records::CountsByContract> DryRunSink::commit() {
  std::fflush(stdout);
  return std::exchange(counts_, {});
}

}  // namespace baselined
