// The text forms of values that records normalise: object ids, lists, decimals.
//
// Each function replaces `out` and answers whether the text was of the form; `out` is undefined
// where it was not.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined::records {

constexpr std::size_t kOidBytes = 20;

// 40 hexadecimal digits -> 20 bytes.
bool oid_to_bytes(std::string_view text, std::string& out);
// A JSON array of oids -> their bytes, one after the other. No document is built: this is the
// field that every commit has.
bool oid_list_to_bytes(std::string_view text, std::string& out);
// A JSON array of strings -> the same without white space, in one way of escaping.
bool text_list_to_json(std::string_view text, std::string& out);
// "-?[0-9]+(.[0-9]+)?" -> without leading and trailing zeros, and no minus before zero.
bool decimal_to_canonical(std::string_view text, std::string& out);

}  // namespace baselined::records
