// Configurations without a problem: what is allowed must stay allowed.
#include <gtest/gtest.h>

#include "tests/unit/config/loading.h"

namespace baselined::config {
namespace {

class GoodConfiguration : public testing::TestWithParam<const char*> {};

TEST_P(GoodConfiguration, HasNoProblem) {
  Loading loading;
  EXPECT_EQ(loading.problems(std::string("daemon.plugin_dirs = ['@']\n") + GetParam()), "");
}

#define GIT "[[collector]]\nname = 'a'\nplugin = 'git'\nallow = ['fs_read']\n"
#define CONNECTION                                                     \
  "[[connection]]\nname = 'forge'\nbase_url = 'https://git.example'\n" \
  "auth = { kind = 'bearer', token = { file = '/does/not/exist/yet' } }\n"
#define SERVICE "[[service]]\nname = 'a'\nrepositories = ['x']\n"

INSTANTIATE_TEST_SUITE_P(
    Table, GoodConfiguration,
    testing::Values(
        "", "# only a comment", "[web]", "web.listen = '0.0.0.0:80'", "web.listen = '[::]:65535'",
        "web.listen = '127.0.0.1:0'", "daemon.timezone = 'UTC'",
        "daemon.timezone = 'America/Argentina/Buenos_Aires'", "daemon.log_level = 'error'",
        "daemon.state_dir = '/does/not/exist/yet'", "collector = []", "service = []",
        "collector = [{ name = 'a', plugin = 'plain' }]",
        "[[collector]]\nname = 'A-1_b.c'\nplugin = 'plain'\n[collector.options]",
        "[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '1s'\ntimeout = '1s'",
        "[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '366d'",
        "[[collector]]\nname = 'a'\nplugin = 'plain'\nevery = '1h30m'",
        "[[collector]]\nname = 'a'\nplugin = 'plain'\nallow = ['http', 'exec', 'http']",
        "[[collector]]\nname = 'a'\nplugin = 'plain'\n[[collector]]\nname = 'A'\nplugin = 'plain'",
        CONNECTION "[[collector]]\nname = 'a'\nplugin = 'tickets'\nallow = ['threads', 'http']\n"
                   "connection = 'forge'",
        CONNECTION, CONNECTION "allow_networks = ['10.0.0.0/8', 'fd00::/8', '0.0.0.0/0']",
        CONNECTION "allow_http = true\nproxy = 'http://proxy.example:3128'\nmin_gap = '1s'",
        CONNECTION "client_certificate = '/c.pem'\nclient_key = { credential = 'key' }",
        "[[connection]]\nname = 'a'\nallow_http = true\nbase_url = 'http://[::1]:80/api/'\n"
        "auth = { kind = 'basic', user = 'me', password = { file = '/does/not/exist/yet' } }",
        "[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
        "[connection.auth]\nkind = 'oauth2_client_credentials'\n"
        "token_url = 'https://login.example/token'\nclient_id = 'baselined'\n"
        "client_secret = { credential = 'secret' }",
        "[[connection]]\nname = 'a'\nbase_url = 'https://a.example'\n"
        "auth = { kind = 'aws_sigv4', region = 'eu-west-1', service = 'ce', access_key_id = "
        "{ file = '/i' }, secret_access_key = { file = '/k' }, session_token = { file = '/s' } }",
        GIT "options.repositories = ['/does/not/exist/yet.git']",
        GIT "options.repositories = ['/srv/*/[a-c]*.git']",
        GIT "options = { repositories = ['/a'], mode = 'fast', path_depth = 8 }",
        GIT "[collector.options]\nrepositories = ['/a']\nlimits = { commits = 1 }",
        GIT "[collector.options]\nrepositories = ['/a']\nratio = 1", SERVICE,
        SERVICE "deployment_environments = 'production'",
        SERVICE "deployment_environments = ['live*', 'production']",
        SERVICE "deployment_tags = 'v*'", SERVICE "deployment_branches = 'main'",
        SERVICE "deployment_branches = ['main', 'release/1.0']\ndeployment_tags = ['v?']",
        "[[service]]\nname = 'Team A: shop/web'\nrepositories = ['*']",
        "[[service]]\nname = 'a'\nrepositories = ['*/shop']\n"
        "[[service]]\nname = 'b'\nrepositories = ['*/shop*']",
        "[[repository]]\nname = 'git.example.com/a'\naliases = ['/srv/a', '/srv/b']",
        "[[service]]\nname = 'git.example.com/a'\nrepositories = ['git.example.com/a']\n"
        "[[repository]]\nname = 'git.example.com/a'\naliases = ['/srv/a']"));

}  // namespace
}  // namespace baselined::config
