// The values of a good configuration, and what happens before a file is parsed.
#include "daemon/config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "daemon/base/digest.h"
#include "tests/unit/config/loading.h"

namespace baselined::config {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;

constexpr std::string_view kComplete = R"([daemon]
state_dir   = "/srv/baselined"
plugin_dirs = ["@"]
timezone    = "Europe/Amsterdam"
log_level   = "debug"

[web]
listen = "[::1]:0"

[[collector]]
name    = "product-git"
plugin  = "git"
every   = "5m"
timeout = "2h"
allow   = ["fs_read"]
  [collector.options]
  repositories = ["/srv/git/shop.git", "/srv/git/team-*/*.git", "/srv/git/shop.git"]
  mailmap = "/etc/mailmap"
  ratio = 1
  limits = { commits = 10 }

[[collector]]
name   = "b"
plugin = "plain"

[[service]]
name            = "shop"
repositories    = ["*/shop", "git.example.com/shop-*"]
deployment_tags = "v*"

[[service]]
name                = "office"
repositories        = ["*/office"]
paths               = ["services/office", "libs"]
change_labels       = "service::office"
deployment_tags     = ["v*", "release-?"]
deployment_branches = ["main"]
deployment_environments = ["production", "live*"]
deployment_jobs     = "deploy*"
deployment_runs     = ["main"]
deployment_pipelines = "*/deploy.yml"
hotfix_labels       = "hotfix"
reverts_are_fixes   = true
incident_lookback   = "2d"

[[repository]]
name    = "git.example.com/shop"
aliases = ["/srv/git/shop.git"]
)";

TEST(LoadConfiguration, ReadsEverything) {
  Loading loading;
  const Loaded loaded = loading.load(kComplete);
  ASSERT_TRUE(loaded.configuration) << loading.problems(kComplete);
  const Configuration& read = *loaded.configuration;
  EXPECT_EQ(read.file, loading.file());
  EXPECT_EQ(read.daemon.state_dir, "/srv/baselined");
  EXPECT_THAT(read.daemon.plugin_dirs, ElementsAre(loading.plugin_dir()));
  EXPECT_EQ(read.daemon.timezone, "Europe/Amsterdam");
  EXPECT_EQ(read.daemon.log_level, "debug");
  EXPECT_EQ(read.web.address, "::1");
  EXPECT_EQ(read.web.port, 0);
  ASSERT_EQ(read.services.size(), 2U);
  EXPECT_EQ(read.services[0].name, "shop");
  EXPECT_THAT(read.services[0].repositories, ElementsAre("*/shop", "git.example.com/shop-*"));
  EXPECT_THAT(read.services[0].deployment_tags, ElementsAre("v*"));
  EXPECT_THAT(read.services[0].deployment_branches, ElementsAre());
  EXPECT_THAT(read.services[0].paths, ElementsAre());
  EXPECT_THAT(read.services[1].paths, ElementsAre("services/office", "libs"));
  EXPECT_THAT(read.services[1].change_labels, ElementsAre("service::office"));
  EXPECT_THAT(read.services[1].deployment_tags, ElementsAre("v*", "release-?"));
  EXPECT_THAT(read.services[1].deployment_branches, ElementsAre("main"));
  EXPECT_THAT(read.services[0].deployment_environments, ElementsAre());
  EXPECT_THAT(read.services[1].deployment_environments, ElementsAre("production", "live*"));
  EXPECT_THAT(read.services[1].deployment_jobs, ElementsAre("deploy*"));
  EXPECT_THAT(read.services[1].deployment_runs, ElementsAre("main"));
  EXPECT_THAT(read.services[1].deployment_pipelines, ElementsAre("*/deploy.yml"));
  EXPECT_THAT(read.services[1].hotfix_labels, ElementsAre("hotfix"));
  EXPECT_TRUE(read.services[1].reverts_are_fixes);
  EXPECT_EQ(read.services[1].incident_lookback, std::chrono::hours(48));
  EXPECT_FALSE(read.services[0].reverts_are_fixes);
  EXPECT_EQ(read.services[0].incident_lookback, std::chrono::hours(7 * 24));
  EXPECT_EQ(read.services[1].where.line, 31U);
  ASSERT_EQ(read.repositories.size(), 1U);
  EXPECT_EQ(read.repositories[0].name, "git.example.com/shop");
  EXPECT_THAT(read.repositories[0].aliases, ElementsAre("/srv/git/shop.git"));
}

TEST(LoadConfiguration, ReadsACollector) {
  Loading loading;
  const Loaded loaded = loading.load(kComplete);
  ASSERT_TRUE(loaded.configuration);
  ASSERT_EQ(loaded.configuration->collectors.size(), 2U);
  const Collector& git = loaded.configuration->collectors[0];
  EXPECT_EQ(git.name, "product-git");
  EXPECT_EQ(git.plugin, "git");
  EXPECT_EQ(git.plugin_file, loading.plugin_dir() / "git.so");
  EXPECT_EQ(git.every, minutes(5));
  EXPECT_EQ(git.timeout, minutes(120));
  EXPECT_THAT(git.allow, ElementsAre("fs_read"));
  EXPECT_THAT(git.paths, ElementsAre("/etc/mailmap", "/srv/git/shop.git", "/srv/git/team-*/*.git"));
  EXPECT_EQ(git.manifest.id, "org.example.fake");
  EXPECT_EQ(git.where.line, 10U);
  const Collector& plain = loaded.configuration->collectors[1];
  EXPECT_EQ(plain.every, minutes(15));
  EXPECT_EQ(plain.timeout, minutes(60));
  EXPECT_EQ(json::serialize(plain.options), "{}");
}

TEST(LoadConfiguration, OptionsAreCanonicalWithTheirDefaults) {
  Loading loading;
  const Loaded loaded = loading.load(kComplete);
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(json::serialize(loaded.configuration->collectors[0].options),
            R"({"bots":"\\[bot\\]","branches":[],"limits":{"commits":10,"per":"run"},)"
            R"("line_counts":false,"mailmap":"/etc/mailmap","mode":"full","path_depth":2,)"
            R"("ratio":1,"repositories":["/srv/git/shop.git","/srv/git/team-*/*.git",)"
            R"("/srv/git/shop.git"],"settle":"1h"})");
}

TEST(LoadConfiguration, AnEmptyFileIsAllDefaults) {
  Loading loading;
  const Loaded loaded = loading.load("");
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->daemon.state_dir, "/var/lib/baselined");
  EXPECT_EQ(loaded.configuration->daemon.timezone, "UTC");
  EXPECT_EQ(loaded.configuration->web.address, "127.0.0.1");
  EXPECT_EQ(loaded.configuration->web.port, 9787);
  EXPECT_TRUE(loaded.configuration->collectors.empty());
}

TEST(LoadConfiguration, TheHashIsThatOfTheBytes) {
  Loading loading;
  EXPECT_EQ(loading.load("").configuration->hash, to_hex(sha256("")));
  EXPECT_EQ(loading.load("# x\n").configuration->hash, to_hex(sha256("# x\n")));
}

TEST(LoadConfiguration, APluginIsDescribedOnce) {
  Loading loading;
  std::string text = "daemon.plugin_dirs = ['@']\n";
  for (int i = 0; i < 20; ++i) {
    text += "[[collector]]\nname = 'c" + std::to_string(i) + "'\nplugin = 'plain'\n";
  }
  EXPECT_TRUE(loading.load(text).configuration);
  EXPECT_EQ(loading.schemas.n_asked, 1);
}

TEST(LoadConfiguration, TheEarlierPluginDirectoryWins) {
  Loading loading;
  const std::filesystem::path second = loading.plugin_dir() / "second";
  std::filesystem::create_directory(second);
  std::ofstream(second / "plain.so") << "";
  const Loaded loaded = loading.load(
      "daemon.plugin_dirs = ['@/second', '@']\n"
      "[[collector]]\nname = 'a'\nplugin = 'plain'\n");
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->collectors[0].plugin_file, second / "plain.so");
}

TEST(LoadConfiguration, AFileThatIsMissingIsAProblem) {
  Loading loading;
  const Loaded loaded = load_configuration("/nonexistent/c.toml", loading.schemas);
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_FALSE(loaded.configuration);
  EXPECT_EQ(loaded.problems[0].text(),
            "/nonexistent/c.toml: cannot be read: No such file or directory");
}

TEST(LoadConfiguration, ADirectoryAndAPipeAreNotRead) {
  Loading loading;
  const std::filesystem::path pipe = loading.plugin_dir() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& file : {loading.plugin_dir(), pipe}) {
    const Loaded loaded = load_configuration(file, loading.schemas);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].text(), file.string() + ": is not a regular file");
  }
}

TEST(LoadConfiguration, TheSizeOfTheFileIsBounded) {
  Loading loading;
  EXPECT_EQ(loading.problems("#" + std::string((1U << 20U) - 1, 'x')), "");
  EXPECT_EQ(loading.problems("#" + std::string(1U << 20U, 'x')),
            "c.toml: larger than 1048576 bytes\n");
}

TEST(LoadConfiguration, ASyntaxErrorIsTheOnlyProblem) {
  Loading loading;
  EXPECT_EQ(loading.problems("unknown = 1\n[daemon]\nstate_dir = \n"),
            "c.toml:3:13: Error while parsing key-value pair: expected value, saw '\\n'\n");
}

TEST(LoadConfiguration, ManyProblemsAreToldAtOnceInTheOrderOfTheFile) {
  Loading loading;
  EXPECT_EQ(loading.problems(R"([[service]]
name = "shop"

[web]
listen = "localhost"

[daemon]
timezone = "Europe/Amsterdm"
plugin_dirs = ["@"]
log_levl = "info"

[[collector]]
plugin = "gti"
every = "soon"
)"),
            "c.toml:1:1: missing key 'repositories' in [[service]]\n"
            "c.toml:5:10: 'listen' is 'localhost'; it must be an IP address and a port, such as "
            "127.0.0.1:9787 or [::1]:9787\n"
            "c.toml:8:12: 'timezone': 'Europe/Amsterdm' is not a time zone of the tz database "
            "(package tzdata), such as Europe/Amsterdam (did you mean 'Europe/Amsterdam'?)\n"
            "c.toml:10:1: unknown key 'log_levl' in [daemon] (did you mean 'log_level'?)\n"
            "c.toml:12:1: missing key 'name' in [[collector]]\n"
            "c.toml:13:10: plugin 'gti' is not in @ (did you mean 'git'?)\n"
            "c.toml:14:9: 'every': 'soon' is not a duration such as 90s, 15m, 6h, 28d or 1h30m\n");
}

TEST(LoadConfiguration, APluginThatCannotBeDescribedIsToldOnce) {
  Loading loading;
  EXPECT_EQ(loading.problems(R"(daemon.plugin_dirs = ["@"]
[[collector]]
name = "a"
plugin = "broken"
options.anything = 1
[[collector]]
name = "b"
plugin = "broken"
)"),
            "c.toml:4:10: plugin 'broken': exports no bl_plugin_main_v0\n");
  EXPECT_EQ(loading.schemas.n_asked, 1);
}

TEST(LoadConfiguration, ASecretInAWrongPlaceIsNotRepeated) {
  Loading loading;
  for (const char* line :
       {"token = 'canary'", "[web]\ntoken = 'canary'", "[web]\nlisten = ['canary']",
        "[[collector]]\nname = 'a'\nplugin = 'git'\nallow = ['fs_read']\noptions.token = 'canary'",
        "[[collector]]\nname = 'a'\nplugin = 'git'\nallow = ['fs_read']\noptions.mode = 'canary'",
        "token = canary", "[[connection]]\nname = 'a'\nauth = { token = 'canary' }"}) {
    const std::string problems =
        loading.problems(std::string("daemon.plugin_dirs = ['@']\n") + line);
    EXPECT_NE(problems, "");
    EXPECT_EQ(problems.find("canary"), std::string::npos) << problems;
  }
}

TEST(LoadConfiguration, TakesLimitsAPinAndTheSandbox) {
  Loading loading;
  const std::string pin(64, '0');
  const Loaded loaded = loading.load(
      "[daemon]\nplugin_dirs = ['@']\nsandbox = 'require'\n[web]\nmax_kpi_series = 7\n"
      "[[collector]]\nname = 'a'\nplugin = 'plain'\nsha256 = '" +
      pin +
      "'\n[collector.limits]\ncpu = '90s'\nmemory_mib = 64\nrows = 5\ndata_mib = 6\n"
      "log_lines = 0\n[[collector]]\nname = 'b'\nplugin = 'plain'\n");
  ASSERT_TRUE(loaded.configuration);
  const Collector& a = loaded.configuration->collectors.at(0);
  EXPECT_EQ(a.limits.cpu, std::chrono::seconds(90));
  EXPECT_EQ(a.limits.memory_mib, 64U);
  EXPECT_EQ(a.limits.rows, 5U);
  EXPECT_EQ(a.limits.data_mib, 6U);
  EXPECT_EQ(a.limits.log_lines, 0U);
  EXPECT_EQ(a.sha256, pin);
  EXPECT_EQ(a.sandbox, SandboxPolicy::require);
  EXPECT_EQ(loading.schemas.last_sandbox, SandboxPolicy::require);
  EXPECT_EQ(loaded.configuration->collectors.at(1).limits.cpu, std::nullopt);
  EXPECT_EQ(loaded.configuration->web.max_kpi_series, 7U);
}

}  // namespace
}  // namespace baselined::config
