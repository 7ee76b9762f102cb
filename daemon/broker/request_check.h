// What a plugin may put into a request: nothing that splits it, and no header that is the broker's.
//
// Threads: pure functions. Errors: data, naming the header, never its value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

std::string lower(std::string_view text);  // ASCII

// `auth_header`: the one that the connection's credential goes into; empty: none of its own.
Status check_request(const wire::HttpRequest& request, std::string_view auth_header);

bool is_header_name(std::string_view text);

// Of a request header, whatever its case; nullptr: it is not there.
const std::string* find_header(const std::vector<wire::HttpHeader>& headers, std::string_view name);

// True where every kind of answer that is accepted is JSON.
bool accepts_only_json(std::string_view accept);
// application/json, text/json and */*+json, whatever its parameters.
bool is_json_type(std::string_view content_type);

}  // namespace baselined::broker
