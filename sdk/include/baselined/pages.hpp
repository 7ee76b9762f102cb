// baselined/pages.hpp - reads a source page by page over HTTP, and ends where the source does not.
//
//   baselined::Pages pages(run, "/projects?per_page=100");   // follows Link: rel="next"
//   while (const auto page = pages.next()) { parse(page->body()); ... }
//
// Where the next page is named otherwise, the plugin says so before it asks for it:
//   if (!token.empty()) pages.follow("/search?token=" + baselined::url_encoded(token));
//   pages.follow(baselined::with_parameter(url, "page", std::to_string(number + 1)));
//
// A source that sends a reader in circles would be read for ever, and its rows counted as new: a
// page that was asked for before, or the bytes of the page before again, is a Failure(BL_ERR_DATA).
// Errors: as Run::get throws them, and Failure(BL_ERR_LIMIT) after max_pages.
// Threads: the run's. Header-only, no state outside of the objects.
#pragma once

#include <baselined/plugin.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace baselined {
inline namespace v0 {

// RFC 3986: everything but letters, digits and -._~ as %XX.
inline std::string url_encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
  return encoded;
}

// The URL with this query parameter: its first one of that name gets the new value, encoded.
inline std::string with_parameter(std::string_view url, std::string_view name,
                                  std::string_view value) {
  const std::string wanted = std::string(name) + '=';
  const std::size_t query = std::min(url.find('?'), url.size());
  for (std::size_t begin = query; begin < url.size();) {
    const std::size_t end = std::min(url.find('&', begin + 1), url.size());
    if (url.substr(begin + 1, end - begin - 1).starts_with(wanted)) {
      return std::string(url.substr(0, begin + 1 + wanted.size())) + url_encoded(value) +
             std::string(url.substr(end));
    }
    begin = end;
  }
  return std::string(url) + (query == url.size() ? '?' : '&') + wanted + url_encoded(value);
}

// The target of the first link with this relation in a Link header (RFC 8288); empty: none.
inline std::string link_target(std::string_view header, std::string_view relation = "next") {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  const auto same = [&](std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
  };
  // `rel=next`, `rel="next"`, `rel="next last"`.
  const auto has_relation = [&](std::string_view parameter) {
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    std::string_view name = parameter.substr(0, equals);
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    name = name.substr(0, name.find_last_not_of(" \t") + 1);
    std::string_view values = parameter.substr(std::min(equals + 1, parameter.size()));
    while (same(name, "rel") && !values.empty()) {
      const std::size_t begin = std::min(values.find_first_not_of(" \t\""), values.size());
      const std::size_t end = std::min(values.find_first_of(" \t\"", begin), values.size());
      if (same(values.substr(begin, end - begin), relation)) {
        return true;
      }
      values.remove_prefix(end);
    }
    return false;
  };
  std::string_view target;
  bool is_quoted = false;
  std::size_t begin = 0;  // of the part at hand; parts end at ; and , outside of quotes and <>
  for (std::size_t at = 0; at <= header.size(); ++at) {
    const char c = at < header.size() ? header[at] : ',';
    is_quoted = is_quoted != (c == '"');
    if (c == '<' && !is_quoted) {
      const std::size_t close = header.find('>', at);
      if (close == std::string_view::npos) {
        return {};
      }
      target = header.substr(at + 1, close - at - 1);
      at = close;
    } else if ((c == ';' || c == ',') && (!is_quoted || at == header.size())) {
      if (has_relation(header.substr(begin, at - begin))) {
        return std::string(target);
      }
      begin = at + 1;
    }
  }
  return {};
}

class Pages {
 public:
  static constexpr std::size_t kMaxPages = 100'000;

  Pages(Run& run, std::string first, std::size_t max_pages = kMaxPages)
      : run_(run), next_(std::move(first)), max_pages_(max_pages) {}

  // Nothing after the last one. Polls for the end of the run.
  std::optional<Response> next() {
    run_.stop_if_cancelled();
    if (next_.empty()) {
      return std::nullopt;
    }
    if (asked_.size() >= max_pages_) {
      throw Failure(BL_ERR_LIMIT, place() + ": more than " + std::to_string(max_pages_) + " pages");
    }
    if (!asked_.insert(next_).second) {
      throw Failure(BL_ERR_DATA, place() +
                                     ": the source names a page as the next one that was "
                                     "read before: its pages go in circles");
    }
    Response page = run_.get(next_);
    refuse_repetition(page.body());
    next_ = link_target(page.header("Link"));
    return page;
  }

  // What next() asks for, instead of what the Link header said; empty: the page at hand is the
  // last.
  void follow(std::string url) { next_ = std::move(url); }
  std::size_t pages_read() const { return asked_.size(); }

 private:
  // Short ones may be the same by right: an empty list in an otherwise empty page.
  static constexpr std::size_t kShort = 64;

  void refuse_repetition(std::string_view body) {
    if (body.size() > kShort && body == last_body_) {
      throw Failure(BL_ERR_DATA,
                    place() +
                        ": the source answered two pages with the same bytes: it ignores "
                        "which page was asked for");
    }
    last_body_ = body;
  }
  std::string place() const { return next_.substr(0, next_.find('?')); }

  Run& run_;
  std::string next_;
  std::size_t max_pages_;
  std::unordered_set<std::string> asked_;
  std::string last_body_;
};

}  // namespace v0
}  // namespace baselined
