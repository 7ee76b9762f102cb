#include "api.h"

#include <date/date.h>
#include <baselined/pages.hpp>

#include <chrono>
#include <sstream>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr int kMaxPages = 100'000;
constexpr int kNotFound = 404;

std::string path_of(const std::string& url) { return url.substr(0, url.find('?')); }

// "Mon, 30 Nov 2026 03:00:00 GMT"
std::optional<Time> parse_http_date(std::string_view text) {
  std::istringstream in{std::string(text)};
  date::sys_seconds time;
  in >> date::parse("%a, %d %b %Y %T GMT", time);
  if (in.fail()) {
    return std::nullopt;
  }
  return Time{std::chrono::microseconds(time.time_since_epoch()).count()};
}

}  // namespace

Response Api::ask(const std::string& url, const std::string& body) {
  run_.stop_if_cancelled();
  ++n_requests_;
  Response response = body.empty() ? run_.get(url) : run_.post(url, body);
  if (const auto time = parse_http_date(response.header("Date"))) {
    server_time_ = time;
  }
  return response;
}

json::value Api::parse(const Response& response, const std::string& url) {
  json::error_code failure;
  json::value value = json::parse(response.body(), failure);
  if (failure) {
    throw Failure(BL_ERR_DATA, path_of(url) + ": the answer is no JSON");
  }
  return value;
}

json::value Api::get(const std::string& url) { return parse(ask(url), url); }

json::value Api::post(const std::string& url, const std::string& body) {
  return parse(ask(url, body), url);
}

// Newer versions name the next page in a Link header as well; X-Next-Page is in all of them, and
// empty on the last page.
Api::Page Api::page(const std::string& url, int number) {
  const std::string address = with_parameter(url, "page", std::to_string(number));
  const Response response = ask(address);
  json::value value = parse(response, url);
  if (!value.is_array()) {
    throw Failure(BL_ERR_DATA, path_of(url) + ": the answer is no list");
  }
  Page page;
  page.items = std::move(value.get_array());
  page.has_next =
      !response.header("X-Next-Page").empty() || !link_target(response.header("Link")).empty();
  return page;
}

bool Api::is_there(const std::string& url) {
  try {
    ask(url);
    return true;
  } catch (const HttpFailure& failure) {
    return failure.http_status() != kNotFound;
  }
}

void Api::for_each_page(const std::string& url, const std::function<void(Page)>& take) {
  for (int number = 1; number <= kMaxPages; ++number) {
    Page page = this->page(url, number);
    const bool has_next = page.has_next;
    take(std::move(page));
    if (!has_next) {
      return;
    }
  }
  throw Failure(BL_ERR_LIMIT, path_of(url) + ": more pages than there can be");
}

void Api::for_each(const std::string& url, const std::function<void(const json::value&)>& take) {
  for_each_page(url, [&](const Page& page) {
    for (const json::value& item : page.items) {
      take(item);
    }
  });
}

}  // namespace baselined::gitlab
