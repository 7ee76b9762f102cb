// The two kinds of files of a cassette. A key that is not known is refused: people write cassettes
// too, and a misspelt key would be an answer that silently lacks something.
#include <baselined/cassette.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "body.h"
#include "json_reader.h"
#include "json_text.h"
#include "moment.h"

namespace baselined::cassette {
namespace {

using Kind = Json::Kind;

constexpr std::string_view kFormat = "baselined-cassette/1";
constexpr std::array<std::pair<bl_status, std::string_view>, 9> kCodes = {{
    {BL_ERR_CONFIG, "config"},
    {BL_ERR_AUTH, "auth"},
    {BL_ERR_RATE_LIMITED, "rate_limited"},
    {BL_ERR_TRANSIENT, "transient"},
    {BL_ERR_DATA, "data"},
    {BL_ERR_CANCELLED, "cancelled"},
    {BL_ERR_UNSUPPORTED, "unsupported"},
    {BL_ERR_INTERNAL, "internal"},
    {BL_ERR_LIMIT, "limit"},
}};

std::string_view code_of(bl_status status) {
  const auto found = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const auto& code) { return code.first == status; });
  return found == kCodes.end() ? "internal" : found->second;
}

Json headers_json(const std::vector<Header>& headers) {
  std::vector<JsonMember> members;
  for (const Header& header : headers) {
    Json value = json_text_value(header.value);
    if (!members.empty() && members.back().key == header.name) {
      Json& values = members.back().value;
      if (values.kind == Kind::string) {
        Json first = std::move(values);
        values = Json{Kind::array, {}, {}, {}};
        values.items.push_back(std::move(first));
      }
      values.items.push_back(std::move(value));
    } else {
      members.push_back({header.name, std::move(value)});
    }
  }
  return json_object(std::move(members));
}

Json request_json(const Request& request) {
  std::vector<JsonMember> members;
  members.push_back({"method", json_text_value(request.method)});
  members.push_back({"target", json_text_value(request.target)});
  if (!request.headers.empty()) {
    members.push_back({"headers", headers_json(request.headers)});
  }
  add_body(request.body, request.headers, members);
  return json_object(std::move(members));
}

JsonMember answer_json(const Response& response) {
  std::vector<JsonMember> members;
  members.push_back({"status", json_number_value(response.status)});
  if (!response.headers.empty()) {
    members.push_back({"headers", headers_json(response.headers)});
  }
  add_body(response.body, response.headers, members);
  return {"response", json_object(std::move(members))};
}

JsonMember answer_json(const Failure& failure) {
  std::vector<JsonMember> members;
  members.push_back({"code", json_text_value(code_of(failure.status))});
  members.push_back({"message", json_text_value(failure.message)});
  if (failure.retry_after_ms != 0) {
    members.push_back({"retry_after_ms", json_number_value(failure.retry_after_ms)});
  }
  return {"failure", json_object(std::move(members))};
}

// Reads members of one object; the first problem stays.
class Members {
 public:
  Members(const Json* object, std::string_view name, std::initializer_list<std::string_view> known)
      : name_(name) {
    if (object == nullptr || object->kind != Kind::object) {
      problem_ = name_ + " is not an object";
      return;
    }
    object_ = *object;
    for (const JsonMember& member : object_.members) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        refuse(member.key, "is not known");
      }
    }
  }

  const std::string& problem() const { return problem_; }
  const Json& object() const { return object_; }
  const Json* find(std::string_view key) const { return object_.find(key); }
  void refuse(std::string_view key, std::string_view what) {
    if (problem_.empty()) {
      problem_ = name_ + ": \"" + std::string(key) + "\" " + std::string(what);
    }
  }

  std::string text(std::string_view key) {
    const Json* value = find(key);
    if (value == nullptr || value->kind != Kind::string) {
      refuse(key, "must be a text");
      return {};
    }
    return value->text;
  }
  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most) {
    const Json* value = find(key);
    const std::string text = value == nullptr || value->kind != Kind::number ? "" : value->text;
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < least ||
        number > most) {
      refuse(key, "must be a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
    }
    return number;
  }
  std::string body() {
    Parsed<std::string> body = read_body(object_);
    if (!body.value && problem_.empty()) {
      problem_ = name_ + ": " + body.problem;
    }
    return body.value.value_or("");
  }
  std::vector<Header> headers() {
    std::vector<Header> headers;
    const Json* object = find("headers");
    if (object != nullptr && object->kind != Kind::object) {
      refuse("headers", "must be an object");
    } else if (object != nullptr) {
      for (const JsonMember& member : object->members) {
        add_header(member, headers);
      }
    }
    return headers;
  }

 private:
  void add_header(const JsonMember& member, std::vector<Header>& headers) {
    if (member.value.kind == Kind::string) {
      headers.push_back({member.key, member.value.text});
      return;
    }
    if (member.value.kind != Kind::array) {
      refuse(member.key, "must be a text, or a list of texts");
    }
    for (const Json& value : member.value.items) {
      if (value.kind != Kind::string) {
        refuse(member.key, "must be a text, or a list of texts");
      }
      headers.push_back({member.key, value.text});
    }
  }

  std::string name_;
  Json object_;
  std::string problem_;
};

// Each file ends with a line end: so one that was cut off is none.
Parsed<Json> parse_file(std::string_view text) {
  Parsed<Json> parsed = parse_json(text);
  if (parsed.value && !text.ends_with('\n')) {
    return {{}, "cut off: the last line has no end"};
  }
  return parsed;
}

Parsed<Request> read_request(const Json* json) {
  Members members(json, "request",
                  {"body_base64", "body_json", "body_text", "headers", "method", "target"});
  Request request;
  request.method = members.text("method");
  request.target = members.text("target");
  request.headers = members.headers();
  request.body = members.body();
  if (!members.problem().empty()) {
    return {{}, members.problem()};
  }
  return {std::move(request), {}};
}

Parsed<Response> read_response(const Json* json) {
  Members members(json, "response", {"body_base64", "body_json", "body_text", "headers", "status"});
  Response response;
  response.status = static_cast<int>(members.number("status", 100, 999));
  response.headers = members.headers();
  response.body = members.body();
  if (!members.problem().empty()) {
    return {{}, members.problem()};
  }
  return {std::move(response), {}};
}

Parsed<Failure> read_failure(const Json* json) {
  Members members(json, "failure", {"code", "message", "retry_after_ms"});
  Failure failure;
  failure.message = members.text("message");
  const std::string code = members.text("code");
  const auto found = std::find_if(kCodes.begin(), kCodes.end(),
                                  [&](const auto& each) { return each.second == code; });
  if (found == kCodes.end()) {
    members.refuse("code", "is no code of a failure");
  } else {
    failure.status = found->first;
  }
  if (members.find("retry_after_ms") != nullptr) {
    failure.retry_after_ms = members.number("retry_after_ms", 0, INT64_MAX);
  }
  if (!members.problem().empty()) {
    return {{}, members.problem()};
  }
  return {std::move(failure), {}};
}

}  // namespace

std::string exchange_file(std::size_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits + ".json";
}

std::string index_text(const Index& index) {
  std::vector<JsonMember> members;
  members.push_back({"format", json_text_value(kFormat)});
  members.push_back({"recorded_at", json_text_value(moment_text(index.recorded_at_us))});
  members.push_back({"state", json_text_value(index.exchanges ? "complete" : "recording")});
  if (index.exchanges) {
    members.push_back(
        {"exchanges", json_number_value(static_cast<std::int64_t>(*index.exchanges))});
  }
  return pretty(json_object(std::move(members))) + "\n";
}

std::string exchange_text(const Exchange& exchange) {
  std::vector<JsonMember> members;
  members.push_back({"request", request_json(exchange.request)});
  members.push_back(
      std::visit([](const auto& answer) { return answer_json(answer); }, exchange.answer));
  return pretty(json_object(std::move(members))) + "\n";
}

Parsed<Index> parse_index(std::string_view text) {
  const Parsed<Json> json = parse_file(text);
  if (!json.value) {
    return {{}, json.problem};
  }
  Members members(&*json.value, "the file", {"exchanges", "format", "recorded_at", "state"});
  if (members.text("format") != kFormat) {
    members.refuse("format", "is not " + std::string(kFormat));
  }
  Index index;
  const std::optional<std::int64_t> recorded_at = parse_moment(members.text("recorded_at"));
  index.recorded_at_us = recorded_at.value_or(0);
  if (!recorded_at) {
    members.refuse("recorded_at", "is not a time such as 2026-03-01T08:00:00Z");
  }
  const std::string state = members.text("state");
  if (state == "complete") {
    index.exchanges = static_cast<std::uint64_t>(members.number("exchanges", 0, INT64_MAX));
  } else if (state != "recording") {
    members.refuse("state", "is neither complete nor recording");
  } else if (members.find("exchanges") != nullptr) {
    members.refuse("exchanges", "must not be there while recording");
  }
  if (!members.problem().empty()) {
    return {{}, members.problem()};
  }
  return {index, {}};
}

Parsed<Exchange> parse_exchange(std::string_view text) {
  const Parsed<Json> json = parse_file(text);
  if (!json.value) {
    return {{}, json.problem};
  }
  const Members members(&*json.value, "the file", {"failure", "request", "response"});
  Parsed<Request> request = read_request(members.find("request"));
  const Json* const failure = members.find("failure");
  if (!members.problem().empty() || !request.value) {
    return {{}, members.problem().empty() ? request.problem : members.problem()};
  }
  if (failure != nullptr && members.find("response") != nullptr) {
    return {{}, "both a response and a failure"};
  }
  if (failure != nullptr) {
    Parsed<Failure> parsed = read_failure(failure);
    if (!parsed.value) {
      return {{}, parsed.problem};
    }
    return {Exchange{std::move(*request.value), std::move(*parsed.value)}, {}};
  }
  Parsed<Response> response = read_response(members.find("response"));
  if (!response.value) {
    return {{}, response.problem};
  }
  return {Exchange{std::move(*request.value), std::move(*response.value)}, {}};
}

}  // namespace baselined::cassette
