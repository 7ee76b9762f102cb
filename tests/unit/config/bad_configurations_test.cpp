// One case per kind of problem, with the exact text. The first line of every configuration is
// kHead, so that the cases begin at line 2.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/config/loading.h"

namespace baselined::config {
namespace {

constexpr std::string_view kHead = "daemon.plugin_dirs = ['@']\n";

struct BadCase {
  const char* text;
  const char* problems;
};

class BadConfiguration : public testing::TestWithParam<BadCase> {};

TEST_P(BadConfiguration, HasExactlyTheseProblems) {
  Loading loading;
  EXPECT_EQ(loading.problems(std::string(kHead) + GetParam().text), GetParam().problems);
}

constexpr BadCase kTopLevel[] = {
    {"typo = 1",
     "c.toml:2:1: unknown key 'typo' at the top level; known: daemon, web, connection, collector, "
     "service, repository\n"},
    {"[[colector]]",
     "c.toml:2:3: unknown key 'colector' at the top level (did you mean 'collector'?)\n"},
    {"[collector]\nname = 'a'",
     "c.toml:2:1: 'collector' must be an array of tables, not a table: write [[collector]]\n"},
    {"service = ['a']",
     "c.toml:2:12: 'service' must hold tables, not a string: write [[service]]\n"},
    {"web = 1", "c.toml:2:7: 'web' must be a table, not an integer\n"},
    {"[[web]]", "c.toml:2:1: 'web' must be a table, not an array\n"},
    {"\"a\\nb\" = 1",
     "c.toml:2:1: unknown key 'a?b' at the top level; known: daemon, web, connection, collector, "
     "service, repository\n"},
};
INSTANTIATE_TEST_SUITE_P(TopLevel, BadConfiguration, testing::ValuesIn(kTopLevel));

constexpr BadCase kConnections[] = {
    {"[[connection]]\nbase_url = 'https://a.example'\nauth = { kind = 'none' }",
     "c.toml:2:1: missing key 'name' in [[connection]]\n"},
    {"[[connection]]\nname = 'a'\nauth = { kind = 'none' }",
     "c.toml:2:1: missing key 'base_url' in [[connection]]\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'",
     "c.toml:2:1: missing key 'auth' in [[connection]]\n"},
    {"[[connection]]\nname = 'a b'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }",
     "c.toml:3:8: 'name' must be letters, digits, '.', '_' and '-', beginning with a letter or "
     "digit\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'http://a.example'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' is not encrypted: use https://, or write allow_http = true where "
     "credentials and data may be read on the way\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'ftp://a.example'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' must begin with https://\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https:///api'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has no host\n"},
    {"[[connection]]\nname = 'a'\nbase_url = \"https://me:pw\\u0040a.example\"\nauth = { kind = "
     "'none' }",
     "c.toml:4:12: 'base_url' holds a user or a password: put them into 'auth'\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example:x'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has a port that is no number\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example/?k=1'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' must be a scheme, a host and a path, without a query\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'baerer' }",
     "c.toml:5:17: 'kind' must be one of none, bearer, basic, header, oauth2_client_credentials, "
     "aws_sigv4 (did you mean 'bearer'?)\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'bearer', token = { file = '/dev/null' } }",
     "c.toml:5:44: /dev/null is no regular file\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example:0'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has a port that is not between 1 and 65535\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example:65536'\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has a port that is not between 1 and 65535\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example:99999999999'\nauth = { kind = "
     "'none' }",
     "c.toml:4:12: 'base_url' has a port that is not between 1 and 65535\n"},
    {"[[connection]]\nname = 'a'\nbase_url = \"https://\\u00e9.example\"\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has a character that no URL holds: a host's name in other letters is "
     "written as xn--...\n"},
    {"[[connection]]\nname = 'a'\nbase_url = \"https://a\\t.example\"\nauth = { kind = 'none' }",
     "c.toml:4:12: 'base_url' has a character that no URL holds: a host's name in other letters is "
     "written as xn--...\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "proxy = 'proxy.example:3128'",
     "c.toml:6:9: 'proxy' must begin with https:// or http://\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "proxy = \"http://me:pw\\u0040proxy.example\"",
     "c.toml:6:9: 'proxy' holds a user or a password: a proxy that asks for them cannot be used\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'header', header = 'hOsT', value = { file = '/t' } }",
     "c.toml:5:36: 'header' is a header that carries no credential, such as PRIVATE-TOKEN does\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'basic', user = 'a:b', password = { file = '/t' } }",
     "c.toml:5:33: 'user' has a ':' in it, which would end the name: the rest would count as "
     "password\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'bearer' }",
     "c.toml:5:8: missing key 'token' in auth\n"},
    // The secret itself is not repeated.
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'bearer', token = 'glpat-1' }",
     "c.toml:5:35: 'token' is a secret and is not written here: put it into a file that only the "
     "daemon's user reads, and write token = { file = \"/...\" }, or { credential = \"NAME\" } for "
     "a systemd credential\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'bearer', token = { file = 'glpat-1' } }",
     "c.toml:5:44: 'file' is the path of a file that holds the secret, from the root: /...; the "
     "secret itself is not written here\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'bearer', token = { file = '/etc/passwd' } }",
     "c.toml:5:44: every user of this machine can read or write /etc/passwd, which holds a secret: "
     "chmod o-rwx /etc/passwd\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'bearer', token = { file = '/t', credential = 't' } }",
     "c.toml:5:35: 'token' must be { file = \"/...\" } or { credential = \"NAME\" }\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
     "auth = { kind = 'none', token = { file = '/t' } }",
     "c.toml:5:25: unknown key 'token' in auth; known: kind\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "allow_networks = ['10.0.0.1']",
     "c.toml:6:19: 'allow_networks' holds '10.0.0.1', which is no network; write one such as "
     "10.1.2.0/24, or 10.1.2.3/32 for one address\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "allow_http = 'yes'",
     "c.toml:6:14: 'allow_http' must be true or false, not a string\n"},
    {"[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }",
     "c.toml:7:8: connection 'a' exists already, at line 3\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'tickets'\nallow = ['http', 'threads']\n"
     "",
     "c.toml:2:1: plugin 'tickets' asks for HTTP: write connection = \"NAME\", with a "
     "[[connection]] of that name\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'tickets'\nallow = ['http', 'threads']\n"
     "connection = 'forge'",
     "c.toml:6:14: there is no connection 'forge'\n"},
    {"[[connection]]\nname = 'forge'\nbase_url = 'https://a.example'\nauth = { kind = 'none' }\n"
     "[[collector]]\nname = 'a'\nplugin = 'plain'\nconnection = 'forge'",
     "c.toml:9:14: plugin 'plain' uses no connection: it does not ask for the capability http\n"},
};
INSTANTIATE_TEST_SUITE_P(Connections, BadConfiguration, testing::ValuesIn(kConnections));

constexpr BadCase kLimits[] = {
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\n[collector.limits]\nrows = 0",
     "c.toml:6:8: 'rows' is 0; it must be between 1 and 1000000000000\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nlimits = { rows = -5 }",
     "c.toml:5:19: 'rows' is -5; it must be between 1 and 1000000000000\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nlimits = { memory_mib = '2 GiB' }",
     "c.toml:5:25: 'memory_mib' must be a whole number, not a string\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nlimits = { cpu = '0s' }",
     "c.toml:5:18: 'cpu' is 0s; it must be between 1s and 366d\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nlimits = { row = 5 }",
     "c.toml:5:12: unknown key 'row' in [collector.limits] (did you mean 'rows'?)\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nlimits = 5",
     "c.toml:5:10: 'limits' must be a table, not an integer\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nsha256 = 'abc'",
     "c.toml:5:10: 'sha256' must be 64 digits, 0-9 and a-f; see: sha256sum PLUGIN.so\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nsha256 = "
     "'00000000000000000000000000000000000000000000000000000000000000ff'",
     "c.toml:5:10: @/plain.so has another SHA-256, "
     "0000000000000000000000000000000000000000000000000000000000000000; install the file that this "
     "one is of, or write that one where you trust the file\n"},
    {"web.max_kpi_series = 0",
     "c.toml:2:22: 'max_kpi_series' is 0; it must be between 1 and 1000000\n"},
    {"daemon.sandbox = 'off'", "c.toml:2:18: 'sandbox' must be auto or require\n"},
    {"daemon.sandbox = 'required'",
     "c.toml:2:18: 'sandbox' must be auto or require (did you mean 'require'?)\n"},
};
INSTANTIATE_TEST_SUITE_P(Limits, BadConfiguration, testing::ValuesIn(kLimits));

constexpr BadCase kDaemon[] = {
    {"daemon.state_dir = 'var/lib'",
     "c.toml:2:20: 'state_dir' is the relative path 'var/lib'; write it from the root: /...\n"},
    {"daemon.state_dir = ''", "c.toml:2:20: 'state_dir' is empty\n"},
    {"daemon.state_dir = 7", "c.toml:2:20: 'state_dir' must be a string, not an integer\n"},
    {"daemon.timezone = 'Mars/Olympus'",
     "c.toml:2:19: 'timezone': 'Mars/Olympus' is not a time zone of the tz database (package "
     "tzdata), such as Europe/Amsterdam\n"},
    {"daemon.timezone = 'localtime'",
     "c.toml:2:19: 'timezone': 'localtime' does not say which zone is meant, so that days would be "
     "cut differently on another machine; name a zone such as \"Europe/Amsterdam\"\n"},
    {"daemon.timezone = 2", "c.toml:2:19: 'timezone' must be a string, not an integer\n"},
    {"daemon.log_level = 'warning'",
     "c.toml:2:20: 'log_level' must be debug, info, warn or error\n"},
    {"daemon.log_level = 'wran'",
     "c.toml:2:20: 'log_level' must be debug, info, warn or error (did you mean 'warn'?)\n"},
    {"daemon.statedir = '/a'",
     "c.toml:2:8: unknown key 'statedir' in [daemon] (did you mean 'state_dir'?)\n"},
};
INSTANTIATE_TEST_SUITE_P(Daemon, BadConfiguration, testing::ValuesIn(kDaemon));

constexpr BadCase kWeb[] = {
    {"web.listen = 9787", "c.toml:2:14: 'listen' must be a string, not an integer\n"},
    {"web.port = 9787", "c.toml:2:5: unknown key 'port' in [web]; known: listen, max_kpi_series\n"},
    {"web.listne = '127.0.0.1:1'",
     "c.toml:2:5: unknown key 'listne' in [web] (did you mean 'listen'?)\n"},
};
INSTANTIATE_TEST_SUITE_P(Web, BadConfiguration, testing::ValuesIn(kWeb));

constexpr BadCase kCollector[] = {
    {"[[collector]]",
     "c.toml:2:1: missing key 'name' in [[collector]]\n"
     "c.toml:2:1: missing key 'plugin' in [[collector]]\n"},
    {"[[collector]]\nname = 7\nplugin = 'plain'",
     "c.toml:3:8: 'name' must be a string, not an integer\n"},
    {"[[collector]]\nname = ''\nplugin = 'plain'", "c.toml:3:8: 'name' is empty\n"},
    {"[[collector]]\nname = 'a b'\nplugin = 'plain'",
     "c.toml:3:8: 'name' must be letters, digits, '.', '_' and '-', beginning with a letter or "
     "digit\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\n[[collector]]\nname = 'a'\nplugin = 'plain'",
     "c.toml:6:8: collector 'a' exists already, at line 3\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'gti'",
     "c.toml:4:10: plugin 'gti' is not in @ (did you mean 'git'?)\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'jenkins'",
     "c.toml:4:10: plugin 'jenkins' is not in @; installed: broken, git, plain, strange, "
     "tickets\n"},
    {"[[collector]]\nname = 'a'\nplugin = '../../tmp/evil'",
     "c.toml:4:10: 'plugin' must be letters, digits, '.', '_' and '-', beginning with a letter or "
     "digit\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'broken'",
     "c.toml:4:10: plugin 'broken': exports no bl_plugin_main_v0\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'strange'",
     "c.toml:4:10: plugin 'strange': its config_schema makes no sense: properties.depth: unknown "
     "keyword 'minimun' for type integer (did you mean 'minimum'?)\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nevry = '5m'",
     "c.toml:5:1: unknown key 'evry' in [[collector]] (did you mean 'every'?)\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = 300",
     "c.toml:5:9: 'every' must be a string, not an integer\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '5 minutes'",
     "c.toml:5:9: 'every': '5 minutes' is not a duration such as 90s, 15m, 6h, 28d or 1h30m\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '999ms'",
     "c.toml:5:9: 'every' is 999ms; it must be between 1s and 366d\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '367d'",
     "c.toml:5:9: 'every' is 367d; it must be between 1s and 366d\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\ntimeout = '0s'",
     "c.toml:5:11: 'timeout' is 0s; it must be between 1s and 366d\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\noptions = 'x'",
     "c.toml:5:11: 'options' must be a table, not a string\n"},
};
INSTANTIATE_TEST_SUITE_P(Collector, BadConfiguration, testing::ValuesIn(kCollector));

constexpr BadCase kAllow[] = {
    {"[[collector]]\nname = 'a'\nplugin = 'git'\noptions.repositories = ['/a']",
     "c.toml:2:1: plugin 'git' asks for fs_read, which this collector does not grant; to grant "
     "it, write: allow = [\"fs_read\"]\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'tickets'\nallow = ['exec', 'http']",
     "c.toml:2:1: plugin 'tickets' asks for HTTP: write connection = \"NAME\", with a "
     "[[connection]] of that name\n"
     "c.toml:5:9: plugin 'tickets' asks for threads, which this collector does not grant; to "
     "grant it, write: allow = [\"exec\", \"http\", \"threads\"]\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'tickets'\nallow = []",
     "c.toml:2:1: plugin 'tickets' asks for HTTP: write connection = \"NAME\", with a "
     "[[connection]] of that name\n"
     "c.toml:5:9: plugin 'tickets' asks for http, threads, which this collector does not grant; "
     "to grant it, write: allow = [\"http\", \"threads\"]\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nallow = ['fs_raed']",
     "c.toml:5:10: 'allow' names the unknown capability 'fs_raed' (did you mean 'fs_read'?)\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nallow = ['everything']",
     "c.toml:5:10: 'allow' names the unknown capability 'everything'\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nallow = 'http'",
     "c.toml:5:9: 'allow' must be an array of strings, not a string\n"},
    {"[[collector]]\nname = 'a'\nplugin = 'plain'\nallow = ['http', 7]",
     "c.toml:5:18: 'allow' must hold strings, not an integer\n"},
};
INSTANTIATE_TEST_SUITE_P(Allow, BadConfiguration, testing::ValuesIn(kAllow));

#define GIT "[[collector]]\nname = 'a'\nplugin = 'git'\nallow = ['fs_read']\n"

constexpr BadCase kOptions[] = {
    {GIT, "c.toml:2:1: plugin 'git': missing option 'repositories'\n"},
    {GIT "[collector.options]\npath_depth = 1",
     "c.toml:6:1: plugin 'git': missing option 'repositories'\n"},
    {GIT "options.repositories = '/a'",
     "c.toml:6:24: plugin 'git': option 'repositories' must be an array, not a string\n"},
    {GIT "options.repositories = []",
     "c.toml:6:24: plugin 'git': option 'repositories' must hold at least 1 value\n"},
    {GIT "options.repositories = ['/a', 'b.git']",
     "c.toml:6:31: plugin 'git': option 'repositories[1]' is the relative path 'b.git'; write it "
     "from the root: /...\n"},
    {GIT "options.repositorys = ['/a']\noptions.repositories = ['/a']",
     "c.toml:6:9: plugin 'git': unknown option 'repositorys' (did you mean 'repositories'?)\n"},
    {GIT "[collector.options]\nrepositories = ['/a']\n[collector.options.limits]\nper = 'day'",
     "c.toml:8:1: plugin 'git': missing option 'limits.commits'\n"},
};
INSTANTIATE_TEST_SUITE_P(Options, BadConfiguration, testing::ValuesIn(kOptions));

constexpr BadCase kService[] = {
    {"[[service]]",
     "c.toml:2:1: missing key 'name' in [[service]]\n"
     "c.toml:2:1: missing key 'repositories' in [[service]]\n"},
    {"[[service]]\nname = ' a'\nrepositories = ['x']",
     "c.toml:3:8: 'name' begins or ends with a space\n"},
    {"[[service]]\nname = 'a'\nrepositories = []",
     "c.toml:4:16: 'repositories' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = 'x'",
     "c.toml:4:16: 'repositories' must be an array of strings, not a string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['']", "c.toml:4:17: 'repositories' is empty\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x[12]']",
     "c.toml:4:17: 'repositories' is the pattern 'x[12]', but '[' means nothing in a pattern: only "
     "* and ? do\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_tags = []",
     "c.toml:5:19: 'deployment_tags' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_branches = []",
     "c.toml:5:23: 'deployment_branches' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_environments = []",
     "c.toml:5:27: 'deployment_environments' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_environments = 'a\\b'",
     "c.toml:5:27: 'deployment_environments' is the pattern 'a\\b', but '\\' means nothing in a "
     "pattern: only * and ? do\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\nhotfix_labels = []",
     "c.toml:5:17: 'hotfix_labels' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\nreverts_are_fixes = 'yes'",
     "c.toml:5:21: 'reverts_are_fixes' must be true or false, not a string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\nincident_lookback = '1s'",
     "c.toml:5:21: 'incident_lookback' is 1s; it must be between 1m and 90d\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_tags = 7",
     "c.toml:5:19: 'deployment_tags' must be a string or an array of strings, not an integer\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_tags = 'v\\d+'",
     "c.toml:5:19: 'deployment_tags' is the pattern 'v\\d+', but '\\' means nothing in a pattern: "
     "only * and ? do\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_branches = 'release/*'",
     "c.toml:5:23: 'deployment_branches' is 'release/*', but a branch is named exactly, without a "
     "pattern\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\npaths = []",
     "c.toml:5:9: 'paths' must hold at least one string\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\npaths = ['/a', 'a/../b', 'a/', 'a/*', 'a/b']",
     "c.toml:5:10: 'paths' is '/a', but a path is named from the top of the repository, without a "
     "pattern and without '/' at its ends: 'services/shop'\n"
     "c.toml:5:16: 'paths' is 'a/../b', but a path is named from the top of the repository, "
     "without "
     "a pattern and without '/' at its ends: 'services/shop'\n"
     "c.toml:5:26: 'paths' is 'a/', but a path is named from the top of the repository, without a "
     "pattern and without '/' at its ends: 'services/shop'\n"
     "c.toml:5:32: 'paths' is 'a/*', but a path is named from the top of the repository, without a "
     "pattern and without '/' at its ends: 'services/shop'\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\npaths = ['p', 'q']\n"
     "[[service]]\nname = 'b'\nrepositories = ['x']\n"
     "[[service]]\nname = 'c'\nrepositories = ['x']\npaths = 'q'",
     "c.toml:11:17: the path 'q' in 'x' belongs to 'a' already, at line 4\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\nchange_labels = 'l'\n"
     "[[service]]\nname = 'b'\nrepositories = ['x']\nchange_labels = ['k', 'l']",
     "c.toml:8:17: the label 'l' in 'x' belongs to 'a' already, at line 4\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\ndeployment_tag = 'v*'",
     "c.toml:5:1: unknown key 'deployment_tag' in [[service]] (did you mean 'deployment_tags'?)\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x']\n[[service]]\nname = 'a'\nrepositories = ['y']",
     "c.toml:6:8: service 'a' exists already, at line 3\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x', '*/shop']\n"
     "[[service]]\nname = 'b'\nrepositories = ['*/shop']",
     "c.toml:7:17: '*/shop' belongs to 'a' already, at line 4\n"},
    {"[[service]]\nname = 'a'\nrepositories = ['x', 'x']",
     "c.toml:4:22: 'x' belongs to 'a' already, at line 4\n"},
};
INSTANTIATE_TEST_SUITE_P(Service, BadConfiguration, testing::ValuesIn(kService));

constexpr BadCase kRepository[] = {
    {"[[repository]]",
     "c.toml:2:1: missing key 'name' in [[repository]]\n"
     "c.toml:2:1: missing key 'aliases' in [[repository]]\n"},
    {"[[repository]]\nname = 'a'\naliases = []",
     "c.toml:4:11: 'aliases' must hold at least one string\n"},
    {"[[repository]]\nname = 'a'\naliases = ['']", "c.toml:4:12: 'aliases' is empty\n"},
    {"[[repository]]\nname = 'a'\naliases = ['a']",
     "c.toml:4:12: 'a' belongs to 'a' already, at line 3\n"},
    {"[[repository]]\nname = 'a'\naliases = ['b']\n[[repository]]\nname = 'b'\naliases = ['c']",
     "c.toml:4:12: 'b' belongs to 'b' already, at line 6\n"},
    {"[[repository]]\nname = 'a'\naliases = ['x']\n[[repository]]\nname = 'b'\naliases = ['x']",
     "c.toml:7:12: 'x' belongs to 'a' already, at line 4\n"},
    {"[[repository]]\nname = 'a'\naliases = ['x']\n[[repository]]\nname = 'a'\naliases = ['y']",
     "c.toml:6:8: repository 'a' exists already, at line 3\n"},
    {"[[repository]]\nname = 'a'\nalias = ['x']",
     "c.toml:2:1: missing key 'aliases' in [[repository]]\n"
     "c.toml:4:1: unknown key 'alias' in [[repository]] (did you mean 'aliases'?)\n"},
};
INSTANTIATE_TEST_SUITE_P(Repository, BadConfiguration, testing::ValuesIn(kRepository));

TEST(BadPluginDirs, AreTold) {
  Loading loading;
  EXPECT_EQ(loading.problems("[daemon]\nplugin_dirs = ['plugins']"),
            "c.toml:2:16: 'plugin_dirs' is the relative path 'plugins'; write it from the root: "
            "/...\n");
  EXPECT_EQ(loading.problems("[daemon]\nplugin_dirs = ['@', '@/none']"),
            "c.toml:2:" + std::to_string(20 + loading.plugin_dir().string().size()) +
                ": 'plugin_dirs' names '@/none', which is no directory\n");
  EXPECT_EQ(loading.problems("[daemon]\nplugin_dirs = []"),
            "c.toml:2:15: 'plugin_dirs' must hold at least one directory\n");
  EXPECT_EQ(loading.problems("[daemon]\nplugin_dirs = '@'"),
            "c.toml:2:15: 'plugin_dirs' must be an array of strings, not a string\n");
}

TEST(BadStateDir, OthersMayNotWriteInIt) {
  using std::filesystem::perms;
  Loading loading;
  const std::string text = "daemon.plugin_dirs = ['@']\ndaemon.state_dir = '@'";
  for (const perms wrong : {perms::group_write, perms::others_write}) {
    std::filesystem::permissions(loading.plugin_dir(), perms::owner_all | wrong);
    EXPECT_EQ(loading.problems(text),
              fmt::format("c.toml:2:20: 'state_dir' is @, in which others may write (mode {:04o}): "
                          "chmod go-w @\n",
                          static_cast<unsigned>(perms::owner_all | wrong)));
  }
  const perms fine = perms::owner_all | perms::group_read | perms::others_read;
  std::filesystem::permissions(loading.plugin_dir(), fine);
  EXPECT_EQ(loading.problems(text), "");
}

TEST(BadPluginDirs, DoNotMakeEveryPluginAProblemToo) {
  Loading loading;
  EXPECT_EQ(loading.problems("[daemon]\nplugin_dirs = []\n"
                             "[[collector]]\nname = 'a'\nplugin = 'git'"),
            "c.toml:2:15: 'plugin_dirs' must hold at least one directory\n");
}

class BadListen : public testing::TestWithParam<const char*> {};

TEST_P(BadListen, IsAProblem) {
  Loading loading;
  EXPECT_EQ(loading.problems(std::string("web.listen = '") + GetParam() + "'"),
            std::string("c.toml:1:14: 'listen' is '") + GetParam() +
                "'; it must be an IP address and a port, such as 127.0.0.1:9787 or [::1]:9787\n");
}

INSTANTIATE_TEST_SUITE_P(Table, BadListen,
                         testing::Values("", ":", "9787", ":9787", "127.0.0.1", "127.0.0.1:",
                                         "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http",
                                         "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.256:80",
                                         "localhost:80", "*:80", "::1:80", "[::1]", "[::1:80",
                                         "::1]:80", "[127.0.0.1]:80", "[]:80", "127.0.0.1:+80",
                                         "http://127.0.0.1:80", "127.0.0.1:80/metrics"));

}  // namespace
}  // namespace baselined::config
