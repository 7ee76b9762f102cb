// A strict reader of JSON that changes nothing: numbers stay the text that they were. Internal to
// the cassette library, which imposes no JSON library on anyone.
//
// What two readers could understand differently is refused: a key twice in an object, half a
// surrogate pair, text that is not UTF-8, more than kMaxDepth levels.
// Threads: pure functions.
#pragma once

#include <baselined/cassette.h>

#include <string>
#include <string_view>
#include <vector>

namespace baselined::cassette {

struct JsonMember;

struct Json {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string text;                 // of a string, decoded; of a number or boolean, as written
  std::vector<Json> items;          // of an array
  std::vector<JsonMember> members;  // of an object, sorted by key

  const Json* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  Json value;
};

inline constexpr std::size_t kMaxDepth = 100;

Parsed<Json> parse_json(std::string_view text, std::size_t max_depth = kMaxDepth);

// Without white space.
std::string compact(const Json& value);
// Two spaces per level, the first line without them.
std::string pretty(const Json& value, std::size_t indent = 0);

Json json_text_value(std::string_view text);
Json json_number_value(std::int64_t number);
Json json_object(std::vector<JsonMember> members);

}  // namespace baselined::cassette
