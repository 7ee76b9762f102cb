#include "daemon/base/json.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <cmath>

namespace baselined {
namespace {

void write_pretty(const json::value& value, std::size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  const std::string outer(indent, ' ');
  if (value.is_object() && !value.get_object().empty()) {
    std::string_view separator = "{\n";
    for (const auto& member : value.get_object()) {
      out.append(separator).append(inner).append(json::serialize(json::value(member.key())));
      out.append(": ");
      write_pretty(member.value(), indent + 2, out);
      separator = ",\n";
    }
    out.append("\n").append(outer).append("}");
  } else if (value.is_array() && !value.get_array().empty()) {
    std::string_view separator = "[\n";
    for (const auto& element : value.get_array()) {
      out.append(separator).append(inner);
      write_pretty(element, indent + 2, out);
      separator = ",\n";
    }
    out.append("\n").append(outer).append("]");
  } else if (value.is_double() && std::isfinite(value.get_double())) {
    out.append(fmt::format("{}", value.get_double()));  // 6.07, where Boost.JSON writes 6.07E0
  } else {
    out.append(json::serialize(value));
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  boost::system::error_code failure;
  json::parse_options options;
  options.max_depth = 32;
  json::value value = json::parse(text, failure, {}, options);
  if (failure) {
    return Error(Error::Code::data, "not valid JSON: " + failure.message());
  }
  return value;
}

std::string pretty_json(const json::value& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out;
}

}  // namespace baselined
