// [[connection]].
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "daemon/config/did_you_mean.h"
#include "daemon/config/sections.h"
#include "daemon/config/unique_name.h"

namespace baselined::config {
namespace {

constexpr Microseconds kLongestTimeout = std::chrono::hours(1);

struct AuthKind {
  std::string name;
  Auth::Kind kind;
  std::vector<std::string> texts;    // required, in the file's order
  std::vector<std::string> secrets;  // required
  std::vector<std::string> more_texts;
  std::vector<std::string> more_secrets;
};

const std::vector<AuthKind>& auth_kinds() {
  using Kind = Auth::Kind;
  static const std::vector<AuthKind> kKinds = {
      {"none", Kind::none, {}, {}, {}, {}},
      {"bearer", Kind::bearer, {}, {"token"}, {}, {}},
      {"basic", Kind::basic, {"user"}, {"password"}, {}, {}},
      {"header", Kind::header, {"header"}, {"value"}, {}, {}},
      {"oauth2_client_credentials",
       Kind::oauth2_client_credentials,
       {"token_url", "client_id"},
       {"client_secret"},
       {"scope"},
       {}},
      {"aws_sigv4",
       Kind::aws_sigv4,
       {"region", "service"},
       {"access_key_id", "secret_access_key"},
       {},
       {"session_token"}},
  };
  return kKinds;
}

// Those that say where a message ends, or whom it is for: with a secret in one of them it would
// reach somebody else, or be another message.
bool is_framing_header(std::string name) {
  constexpr std::string_view kNames[] = {
      "host", "content-length", "transfer-encoding", "trailer",        "connection", "keep-alive",
      "te",   "expect",         "upgrade",           "accept-encoding"};
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// What is wrong with a base URL, to stand behind "'base_url' "; empty: nothing. Its whole grammar
// is the broker's to know; here is what an operator gets wrong.
std::string problem_with_url(std::string_view url, bool allow_http) {
  const bool is_http = url.starts_with("http://");
  if (!is_http && !url.starts_with("https://")) {
    return allow_http ? "must begin with https:// or http://" : "must begin with https://";
  }
  if (is_http && !allow_http) {
    return "is not encrypted: use https://, or write allow_http = true where credentials and data "
           "may be read on the way";
  }
  const std::string_view rest = url.substr(url.find("//") + 2);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (host.empty() || host.front() == ':') {
    return "has no host";
  }
  if (host.find('@') != std::string_view::npos) {
    return "holds a user or a password: put them into 'auth'";
  }
  const std::size_t bracket = host.rfind(']');  // of an IPv6 address
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos &&
      (colon + 1 == host.size() ||
       host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)) {
    return "has a port that is no number";
  }
  unsigned port = 1;
  if (colon != std::string_view::npos) {
    const auto read = std::from_chars(host.data() + colon + 1, host.data() + host.size(), port);
    port = read.ec == std::errc() ? port : 0;
  }
  if (port == 0 || port > 65535) {
    return "has a port that is not between 1 and 65535";
  }
  if (std::any_of(url.begin(), url.end(), [](char c) { return c < 0x20 || c == 0x7f; })) {
    return "has a character that no URL holds: a host's name in other letters is written as "
           "xn--...";
  }
  if (url.find_first_of("?# \"<>\\^`{|}") != std::string_view::npos) {
    return "must be a scheme, a host and a path, without a query";
  }
  return {};
}

bool is_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    return false;
  }
  const std::string address = text.substr(0, slash);
  const bool is_v6 = address.find(':') != std::string::npos;
  in6_addr parsed{};  // room for either kind
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address.c_str(), &parsed) != 1) {
    return false;
  }
  unsigned bits = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + slash + 1, end, bits);
  return failure == std::errc() && stop == end && bits <= (is_v6 ? 128U : 32U);
}

class ConnectionReader {
 public:
  explicit ConnectionReader(TableReader& table) : table_(table), problems_(table.problems()) {}

  Connection read(Names& names) {
    connection_.where = table_.where();
    connection_.name = read_unique_name(table_, "connection", TextFormat::name, names);
    connection_.allow_http = table_.boolean("allow_http", false);
    read_base_url();
    read_auth();
    read_networks();
    connection_.ca_file = read_path(table_, "ca_file");
    connection_.client_certificate = read_path(table_, "client_certificate");
    connection_.client_key = read_secret(table_, "client_key");
    read_proxy();
    connection_.max_concurrent = table_.number("max_concurrent", 1, 100, 4);
    connection_.min_gap =
        table_.duration("min_gap", std::chrono::milliseconds(1), kLongestTimeout, Microseconds(0));
    connection_.timeout =
        table_.duration("timeout", std::chrono::seconds(1), kLongestTimeout, connection_.timeout);
    connection_.max_response_mib =
        table_.number("max_response_mib", 1, 1024, connection_.max_response_mib);
    table_.report_unknown_keys();
    return std::move(connection_);
  }

 private:
  void read_base_url() {
    const auto url = table_.required_text("base_url");
    if (!url) {
      return;
    }
    const std::string problem = problem_with_url(url->value, connection_.allow_http);
    if (!problem.empty()) {
      problems_.add(url->where, "'base_url' " + problem);
    }
    connection_.base_url = url->value;
    while (connection_.base_url.ends_with('/')) {
      connection_.base_url.pop_back();
    }
  }

  void read_auth() {
    table_.require("auth");
    auto table = table_.table("auth", "in auth");
    if (!table) {
      return;
    }
    const auto kind = table->required_text("kind");
    if (!kind) {
      return;
    }
    const auto& kinds = auth_kinds();
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const AuthKind& each) { return each.name == kind->value; });
    if (found == kinds.end()) {
      std::vector<std::string> names;
      names.reserve(kinds.size());
      for (const AuthKind& each : kinds) {
        names.push_back(each.name);
      }
      const std::string hint = did_you_mean(kind->value, names);
      problems_.add(kind->where,
                    fmt::format("'kind' must be one of {}{}", fmt::join(names, ", "), hint));
      return;
    }
    connection_.auth.kind = found->kind;
    for (const std::string& key : found->texts) {
      table->require(key);
      read_auth_text(*table, key);
    }
    for (const std::string& key : found->more_texts) {
      read_auth_text(*table, key);
    }
    for (const std::string& key : found->secrets) {
      table->require(key);
      read_auth_secret(*table, key);
    }
    for (const std::string& key : found->more_secrets) {
      read_auth_secret(*table, key);
    }
    table->report_unknown_keys();
  }

  void read_auth_text(TableReader& table, const std::string& key) {
    const auto text = table.text(key);
    if (!text) {
      return;
    }
    std::string problem = problem_with(TextFormat::title, text->value);
    if (problem.empty() && key == "token_url") {
      problem = problem_with_url(text->value, connection_.allow_http);
    }
    if (problem.empty() && key == "header" &&
        problem_with(TextFormat::name, text->value) != std::string()) {
      problem = "is not the name of a header, such as PRIVATE-TOKEN";
    }
    if (problem.empty() && key == "header" && is_framing_header(text->value)) {
      problem = "is a header that carries no credential, such as PRIVATE-TOKEN does";
    }
    if (problem.empty() && key == "user" && text->value.find(':') != std::string::npos) {
      problem = "has a ':' in it, which would end the name: the rest would count as password";
    }
    if (!problem.empty()) {
      problems_.add(text->where, fmt::format("'{}' {}", key, problem));
    }
    connection_.auth.texts[key] = text->value;
  }

  void read_auth_secret(TableReader& table, const std::string& key) {
    if (auto secret = read_secret(table, key)) {
      connection_.auth.secrets[key] = *std::move(secret);
    }
  }

  // { file = "/..." } or { credential = "name" }. A secret that stands here itself is not repeated.
  std::optional<SecretReference> read_secret(TableReader& table, const std::string& key) {
    table.known(key);
    if (!table.has(key)) {
      return std::nullopt;
    }
    if (table.is_text(key)) {
      problems_.add(table.place_of_value(key),
                    fmt::format("'{}' is a secret and is not written here: put it into a file that "
                                "only the daemon's user reads, and write {} = {{ file = \"/...\" "
                                "}}, or {{ credential = \"NAME\" }} for a systemd credential",
                                key, key));
      return std::nullopt;
    }
    auto reference = table.table(key, fmt::format("in {}", key));
    if (!reference) {
      return std::nullopt;
    }
    const auto file = reference->text("file");
    const auto credential = reference->text("credential");
    reference->report_unknown_keys();
    if (file.has_value() == credential.has_value()) {
      problems_.add(
          reference->where(),
          fmt::format("'{}' must be {{ file = \"/...\" }} or {{ credential = \"NAME\" }}", key));
      return std::nullopt;
    }
    const Text& name = file ? *file : *credential;
    const std::string problem =
        problem_with(file ? TextFormat::path : TextFormat::name, name.value);
    if (!problem.empty() && file) {
      problems_.add(name.where,
                    "'file' is the path of a file that holds the secret, from the root: "
                    "/...; the secret itself is not written here");
    } else if (!problem.empty()) {
      problems_.add(name.where, fmt::format("'credential' {}", problem));
    } else if (file) {
      check_access(name);
    }
    return SecretReference{file ? SecretReference::Kind::file : SecretReference::Kind::credential,
                           name.value};
  }

  // A file that is missing is none: it may come, and a run says so until then.
  void check_access(const Text& file) {
    struct stat status {};
    if (stat(file.value.c_str(), &status) != 0) {
      return;
    }
    if (!S_ISREG(status.st_mode)) {
      problems_.add(file.where, fmt::format("{} is no regular file", file.value));
    } else if ((status.st_mode & S_IRWXO) != 0) {
      problems_.add(file.where, fmt::format("every user of this machine can read or write {0}, "
                                            "which holds a secret: chmod o-rwx {0}",
                                            file.value));
    }
  }

  std::string read_path(TableReader& table, const std::string& key) {
    const auto path = table.text(key);
    if (!path) {
      return {};
    }
    const std::string problem = problem_with(TextFormat::path, path->value);
    if (!problem.empty()) {
      problems_.add(path->where, fmt::format("'{}' {}", key, problem));
    }
    return path->value;
  }

  void read_networks() {
    for (const Text& network : table_.texts("allow_networks")) {
      if (!is_network(network.value)) {
        problems_.add(network.where,
                      fmt::format("'allow_networks' holds '{}', which is no network; write one "
                                  "such as 10.1.2.0/24, or 10.1.2.3/32 for one address",
                                  network.value));
      }
      connection_.allow_networks.push_back(network.value);
    }
  }

  void read_proxy() {
    const auto proxy = table_.text("proxy");
    if (!proxy) {
      return;
    }
    // The way to the proxy is the operator's own network; what goes through it is encrypted.
    std::string problem = problem_with_url(proxy->value, true);
    if (proxy->value.find('@') != std::string::npos) {
      problem = "holds a user or a password: a proxy that asks for them cannot be used";
    }
    if (!problem.empty()) {
      problems_.add(proxy->where, "'proxy' " + problem);
    }
    connection_.proxy = proxy->value;
  }

  TableReader& table_;
  Problems& problems_;
  Connection connection_;
};

}  // namespace

std::vector<Connection> read_connections(TableReader& root) {
  std::vector<Connection> connections;
  Names names;
  for (TableReader& table : root.tables("connection")) {
    connections.push_back(ConnectionReader(table).read(names));
  }
  return connections;
}

}  // namespace baselined::config
