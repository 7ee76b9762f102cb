#include "daemon/broker/request_check.h"

#include <baselined/cassette.h>
#include <fmt/format.h>

#include <algorithm>

namespace baselined::broker {
namespace {

constexpr std::size_t kMaxHeaders = 64;
constexpr std::size_t kMaxHeaderBytes = 16384;
constexpr std::size_t kMaxTargetBytes = 16384;

constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

Error refused(std::string message) { return {Error::Code::data, std::move(message)}; }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return result;
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Status check_request(const wire::HttpRequest& request, std::string_view auth_header) {
  if (std::ranges::find(kMethods, request.method) == std::end(kMethods)) {
    return refused(
        "asked with a method that is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  }
  if (request.target.size() > kMaxTargetBytes) {
    return refused("asked for a URL of more than 16 KiB");
  }
  if (request.headers.size() > kMaxHeaders) {
    return refused(fmt::format("asked with more than {} headers", kMaxHeaders));
  }
  std::size_t bytes = 0;
  for (const wire::HttpHeader& header : request.headers) {
    if (!is_header_name(header.name)) {
      return refused("asked with a header whose name is no name of a header");
    }
    const std::string name = lower(header.name);
    if (!is_field_value(header.value)) {
      return refused(fmt::format("asked with a control character in the header {}", header.name));
    }
    if (cassette::is_reserved(name) || (!auth_header.empty() && name == lower(auth_header))) {
      return refused(
          fmt::format("asked with the header {}, which only the daemon sets", header.name));
    }
    bytes += header.name.size() + header.value.size();
  }
  if (bytes > kMaxHeaderBytes) {
    return refused("asked with headers of more than 16 KiB");
  }
  return {};
}

const std::string* find_header(const std::vector<wire::HttpHeader>& headers,
                               std::string_view name) {
  for (const wire::HttpHeader& header : headers) {
    if (lower(header.name) == name) {
      return &header.value;
    }
  }
  return nullptr;
}

bool is_json_type(std::string_view content_type) {
  const std::string type = lower(trimmed(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" || type == "text/json" ||
         (type.ends_with("+json") && type.find('/') != std::string::npos);
}

bool accepts_only_json(std::string_view accept) {
  while (true) {
    const std::size_t comma = accept.find(',');
    if (!is_json_type(accept.substr(0, comma))) {
      return false;
    }
    if (comma == std::string_view::npos) {
      return true;
    }
    accept.remove_prefix(comma + 1);
  }
}

}  // namespace baselined::broker
