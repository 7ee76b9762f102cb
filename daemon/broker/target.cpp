#include "daemon/broker/target.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace baselined::broker {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, UrlDeleter>;

std::string lower(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return text;
}

std::string part(const Handle& handle, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), what, &text, flags) != CURLUE_OK) {
    return {};
  }
  std::string result(text);
  curl_free(text);
  return result;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// libcurl takes "." and ".." segments away, but some servers decode "%2e" and "%2f" first.
bool hides_dots(std::string_view path) {
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string code = lower(std::string(path.substr(i, 3)));
    if (code == "%2e" || code == "%2f" || code == "%5c") {
      plain += code == "%2e" ? '.' : '/';
      i += 2;
    } else {
      plain += path[i] == '\\' ? '/' : path[i];
    }
  }
  plain += '/';
  return plain.find("/../") != std::string::npos || plain.find("/./") != std::string::npos;
}

Url read(const Handle& handle) {
  curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
  Url url;
  url.text = part(handle, CURLUPART_URL);
  url.scheme = lower(part(handle, CURLUPART_SCHEME));
  url.host = lower(part(handle, CURLUPART_HOST));
  url.port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path = part(handle, CURLUPART_PATH);
  return url;
}

// Nothing where libcurl cannot read it. Relative where `base` is given.
std::optional<Url> parse(const std::string* base, const std::string& text) {
  const Handle handle(curl_url());
  BL_ASSERT(handle != nullptr);
  if (base != nullptr && curl_url_set(handle.get(), CURLUPART_URL, base->c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  if (has_control(text) || curl_url_set(handle.get(), CURLUPART_URL, text.c_str(),
                                        CURLU_DISALLOW_USER | CURLU_URLENCODE) != CURLUE_OK) {
    return std::nullopt;
  }
  Url url = read(handle);
  const bool is_http = url.scheme == "https" || url.scheme == "http";
  if (!is_http || url.text.empty() || url.host.empty() || url.path.empty() ||
      hides_dots(url.path)) {
    return std::nullopt;
  }
  return url;
}

bool is_absolute(std::string_view target) {
  const std::string start = lower(std::string(target.substr(0, 8)));
  return start.starts_with("https://") || start.starts_with("http://");
}

bool is_below(const std::string& path, std::string base) {
  while (!base.empty() && base.back() == '/') {
    base.pop_back();
  }
  return path == base || (path.starts_with(base) && path[base.size()] == '/');
}

std::string origin(const Url& url) {
  return fmt::format("{}://{}:{}", url.scheme, url.host, url.port);
}

}  // namespace

std::string Url::shown() const {
  const bool is_usual = port == (scheme == "https" ? "443" : "80");
  return fmt::format("{}://{}{}{}{}", scheme, host, is_usual ? "" : ":", is_usual ? "" : port,
                     path);
}

bool Url::has_origin_of(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_base_url(const std::string& text, bool allow_http) {
  std::optional<Url> url = parse(nullptr, text);
  if (!url) {
    return Error(Error::Code::config,
                 "not a URL that can be used (https://HOST/PATH, no user name)");
  }
  if (url->scheme != "https" && !allow_http) {
    return Error(Error::Code::config, "not https; where that is meant, set allow_http = true");
  }
  if (url->text.find('?') != std::string::npos) {
    return Error(Error::Code::config, "a URL with a query; requests bring their own");
  }
  return *std::move(url);
}

Result<Url> resolve_target(const Url& base, std::string_view target) {
  if (is_absolute(target)) {
    std::optional<Url> url = parse(nullptr, std::string(target));
    if (!url) {
      return Error(Error::Code::data, "asked for a URL that cannot be read");
    }
    if (!url->has_origin_of(base)) {
      return Error(
          Error::Code::data,
          fmt::format("asked for a URL at {}, but this connection is {}: is base_url right?",
                      origin(*url), origin(base)));
    }
    return *std::move(url);
  }
  std::string text = base.text;
  while (text.back() == '/') {
    text.pop_back();
  }
  const bool needs_slash = !target.empty() && target[0] != '/' && target[0] != '?';
  text.append(needs_slash ? "/" : "").append(target);
  std::optional<Url> url = parse(nullptr, text);
  if (!url || !url->has_origin_of(base)) {
    return Error(Error::Code::data, "asked for a path that cannot be used in a URL");
  }
  if (!is_below(url->path, base.path)) {
    return Error(Error::Code::data,
                 fmt::format("asked for {}, which is outside of base_url", url->shown()));
  }
  return *std::move(url);
}

Result<Url> resolve_redirect(const Url& from, const std::string& location) {
  std::optional<Url> url = parse(&from.text, location);
  if (!url) {
    return Error(Error::Code::data, "redirects to something that is no URL of HTTP");
  }
  if (from.scheme == "https" && url->scheme != "https") {
    return Error(Error::Code::data,
                 fmt::format("redirects to {} without TLS, which is not followed", origin(*url)));
  }
  if (!url->has_origin_of(from)) {
    return Error(Error::Code::data,
                 fmt::format("redirects to {}, which is not this connection's {}: set base_url to "
                             "where the source really is",
                             origin(*url), origin(from)));
  }
  return *std::move(url);
}

}  // namespace baselined::broker
