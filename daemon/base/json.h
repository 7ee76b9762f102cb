// JSON through Boost.JSON, with bounds and errors as values.
// Threads: pure functions.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace baselined {

namespace json = boost::json;

// At most 32 levels deep. Anything after the value, or a broken value, is a data error.
Result<json::value> parse_json(std::string_view text);

// Two spaces per level, one member per line: for people.
std::string pretty_json(const json::value& value);

}  // namespace baselined
