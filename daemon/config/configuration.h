// The operator's configuration, typed and complete: what `check` accepts is what `run` runs.
//
// load_configuration reads the TOML file and reports every problem at once, each with
// file:line:column and, for a misspelt name, what was probably meant. Options of a collector are
// checked against the schema of its plugin, which only a worker can read: SchemaSource.
// Threads: a value, immutable after loading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/base/time.h"
#include "daemon/config/plugin_manifest.h"

namespace baselined::config {

struct Location {
  std::uint32_t line = 0;  // from 1; 0 where there is no place
  std::uint32_t column = 0;
};

struct Problem {
  std::string file;
  Location where;
  std::string message;

  // "file:line:column: message"
  std::string text() const;
};

// What a worker does where the kernel cannot confine it: run with what there is, or not at all.
enum class SandboxPolicy : std::uint8_t { automatic, require };
std::string to_string(SandboxPolicy policy);  // as in the file

struct Daemon {
  std::filesystem::path state_dir = "/var/lib/baselined";
  std::vector<std::filesystem::path> plugin_dirs = {"/usr/lib/baselined/plugins"};
  std::string timezone = "UTC";  // where days and weeks are cut
  std::string log_level = "info";
  SandboxPolicy sandbox = SandboxPolicy::automatic;
};

struct Web {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9787;  // 0: the system chooses
  std::uint64_t max_kpi_series = 10'000;
};

// What one run may use. Reaching one ends the run; of log lines the rest is left out.
struct Limits {
  std::optional<Microseconds> cpu;   // of processors; what fits in the timeout where it is not said
  std::uint64_t memory_mib = 2048;   // of address space
  std::uint64_t rows = 50'000'000;   // emitted and removed
  std::uint64_t data_mib = 16'384;   // emitted, encoded
  std::uint64_t log_lines = 10'000;  // also what it prints
  std::uint64_t requests = 100'000;  // over HTTP, each attempt counts
  std::uint64_t response_mib = 16'384;  // of answers over HTTP, decompressed
};

// Where a secret is; never the secret.
struct SecretReference {
  enum class Kind : std::uint8_t { file, credential };
  Kind kind = Kind::file;
  std::string name;  // an absolute path, or the name of a systemd credential
};

// How requests of a connection prove who they are. Which members are set depends on the kind.
struct Auth {
  enum class Kind : std::uint8_t {
    none,
    bearer,                     // token
    basic,                      // user, password
    header,                     // header, value
    oauth2_client_credentials,  // token_url, client_id, client_secret, scope
    aws_sigv4,                  // region, service, access_key_id, secret_access_key, session_token
  };
  Kind kind = Kind::none;
  std::map<std::string, std::string> texts;        // by key of the file
  std::map<std::string, SecretReference> secrets;  // by key of the file
};

// One origin that collectors may ask, and how.
struct Connection {
  std::string name;      // unique; the label in metrics
  std::string base_url;  // scheme, host, port and path, without '/' at the end
  Auth auth;
  std::vector<std::string> allow_networks;  // CIDR; private addresses are refused unless in one
  bool allow_http = false;
  std::string ca_file;             // empty: the system's
  std::string client_certificate;  // PEM file; empty: none
  std::optional<SecretReference> client_key;
  std::string proxy;  // URL; empty: none
  std::uint64_t max_concurrent = 4;
  Microseconds min_gap = Microseconds(0);           // between the starts of two requests
  Microseconds timeout = std::chrono::seconds(60);  // of one attempt
  std::uint64_t max_response_mib = 64;              // of one answer, decompressed
  Location where;
};

struct Collector {
  std::string name;    // unique; the label in every metric
  std::string plugin;  // file name without .so in one of plugin_dirs
  std::filesystem::path plugin_file;
  Microseconds every = std::chrono::minutes(15);
  Microseconds timeout = std::chrono::hours(1);  // of one run
  Limits limits;
  std::string sha256;              // the only bytes of the plugin that run; empty: any
  std::vector<std::string> allow;  // granted capabilities
  json::object options;            // checked against the schema, defaults filled in
  std::vector<std::string> paths;  // values of options with format "path"
  std::string connection;          // empty: none
  std::string base_url;            // of the connection
  PluginManifest manifest;
  SandboxPolicy sandbox = SandboxPolicy::automatic;  // the daemon's
  Location where;
};

// Mapping: which repositories a service owns and what counts as its deployment.
struct Service {
  std::string name;
  std::vector<std::string> repositories;         // globs on the identity
  std::vector<std::string> paths;                // parts of them: "services/shop"; empty: the rest
  std::vector<std::string> change_labels;        // globs, as deployment_tags
  std::vector<std::string> deployment_tags;      // globs; in TOML a string or an array
  std::vector<std::string> deployment_branches;  // exact names
  std::vector<std::string> deployment_environments;  // globs, as deployment_tags
  std::vector<std::string> deployment_jobs;          // globs, as deployment_tags
  std::vector<std::string> deployment_runs;          // globs, as deployment_tags
  std::vector<std::string> deployment_pipelines;     // globs, as deployment_tags
  std::vector<std::string> hotfix_labels;            // globs, as deployment_tags
  bool reverts_are_fixes = false;
  Microseconds incident_lookback = Microseconds(0);
  Location where;
};

// Aliases: the identities that are really the same repository.
struct Repository {
  std::string name;  // the identity that counts
  std::vector<std::string> aliases;
  Location where;
};

struct Configuration {
  std::filesystem::path file;
  Daemon daemon;
  Web web;
  std::vector<Connection> connections;
  std::vector<Collector> collectors;
  std::vector<Service> services;
  std::vector<Repository> repositories;
  std::string hash;  // SHA-256 of the file's bytes, hexadecimal
};

class SchemaSource {
 public:
  virtual ~SchemaSource() = default;
  virtual Result<PluginManifest> describe(const std::filesystem::path& plugin_file,
                                          SandboxPolicy sandbox) = 0;
};

struct Loaded {
  std::optional<Configuration> configuration;  // set when there is no problem
  std::vector<Problem> problems;               // in the order of the file
};

Loaded load_configuration(const std::filesystem::path& file, SchemaSource& schemas);

}  // namespace baselined::config
