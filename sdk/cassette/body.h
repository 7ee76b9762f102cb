// The body of a request or response, as a member of its JSON. Internal to the cassette library.
//
//   body_json    JSON as JSON, so that a diff shows fields: where the headers say that it is JSON
//                and every reader finds the same values in it again
//   body_text    other UTF-8: a string, or a list of its lines, each with its line end
//   body_base64  the rest
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json_reader.h"

namespace baselined::cassette {

// JSON without white space and with sorted keys where it is kept as JSON; else as it is.
std::string kept_body(std::string body, const std::vector<Header>& headers);

// Nothing for an empty body.
void add_body(std::string_view body, const std::vector<Header>& headers,
              std::vector<JsonMember>& members);
Parsed<std::string> read_body(const Json& object);

}  // namespace baselined::cassette
