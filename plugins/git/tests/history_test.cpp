// What a first run collects, against git's own answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {
namespace {

using testing::IsEmpty;

// A repository with every kind of ref and commit that `--all` reaches.
TestRepository rich_history() {
  TestRepository source("rich");
  source.commit("daemon/main.cpp");
  source.commit("docs/page");
  source.git("branch side");
  source.commit("daemon/main.cpp");
  source.tag("v1.0", "-a -m release");
  source.tag("light");
  source.tag("nested", "-a -m tag-of-a-tag", "v1.0");
  source.git("checkout -q side");
  source.commit("side/file");
  source.git("checkout -q -b third main~1");
  source.commit("third/file");
  source.git("checkout -q main");
  source.git("merge -q --no-ff -m octopus side third");
  source.git("checkout -q --orphan lonely");
  source.git("rm -rqf .");
  source.commit("orphan");
  source.git("checkout -q main");
  source.git("notes add -m note HEAD");
  source.write("stashed", "work");
  source.git("add stashed");
  source.git("stash -q");
  source.git("update-ref refs/remotes/origin/main main~1");
  source.git("symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main");
  source.git("update-ref refs/pull/7/head third");
  source.git("tag on-blob " + source.git("rev-parse HEAD:docs/page"));
  source.git("tag on-tree HEAD^{tree}");
  source.git("checkout -q --detach");
  source.commit("detached");
  return source;
}

TEST(History, IsExactlyWhatAllReaches) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(run.rows_of("commit/1").size(), source.count_all());
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  EXPECT_TRUE(has_log(run, "2 refs lead to no commit"));
}

TEST(History, IsTheSameFromPackedRefsAndPackedObjects) {
  const TestRepository source = rich_history();
  source.git("pack-refs --all");
  source.git("gc -q");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
}

TEST(History, ParentsComeFirstAndAreGits) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  std::map<std::string, std::string> parents;
  for (const std::string& line : source.lines("log --all --format='%H [%P]'")) {
    parents[line.substr(0, 40)] = line.substr(41);
  }
  std::set<std::string> seen;
  for (const sdk::Row& row : run.rows_of("commit/1")) {
    std::string text = row.text("parents");
    for (const char quote : {'"', ','}) {
      std::replace(text.begin(), text.end(), quote, ' ');
    }
    std::istringstream words(text.substr(1, text.size() - 2));
    std::string joined;
    for (std::string parent; words >> parent;) {
      EXPECT_TRUE(seen.contains(parent));
      joined += (joined.empty() ? "" : " ") + parent;
    }
    EXPECT_EQ("[" + joined + "]", parents[row.text("sha")]);
    seen.insert(row.text("sha"));
  }
}

TEST(History, DatesAndAuthorsAreGits) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  std::map<std::string, std::string> expected;
  for (const std::string& line : source.lines("log --all --format='%H %at %ct %ae'")) {
    expected[line.substr(0, 40)] = line.substr(41);
  }
  for (const sdk::Row& row : run.rows_of("commit/1")) {
    std::string author = expected[row.text("sha")];
    std::transform(author.begin(), author.end(), author.begin(), ::tolower);
    EXPECT_EQ(std::to_string(row.integer("authored_at") / 1'000'000) + " " +
                  std::to_string(row.integer("committed_at") / 1'000'000) + " " +
                  row.text("author"),
              author);
    EXPECT_TRUE(row.is_null("n_files"));
  }
}

TEST(History, RefsAreTagsAndBranches) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  const auto id = [&source](const std::string& name) { return source.git("rev-parse " + name); };
  const auto same = [&id](const std::string& text, const std::string& name) {
    return text + " " + id(name) + " " + id(name);
  };
  const std::set<std::string> expected = {
      "tag v1.0 " + id("refs/tags/v1.0") + " " + id("v1.0^{}"),
      "tag nested " + id("refs/tags/nested") + " " + id("v1.0^{}"),
      same("tag light", "light"),
      same("branch main", "main"),
      same("branch side", "side"),
      same("branch third", "third"),
      same("branch lonely", "lonely"),
      same("branch origin/main", "refs/remotes/origin/main")};
  EXPECT_EQ(plugin.stored_refs(), expected);
}

TEST(History, OnlyAnnotatedTagsHaveATime) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  for (const sdk::Row& row : plugin.host.records_of("ref/1")) {
    const bool is_annotated = row.text("name") == "v1.0" || row.text("name") == "nested";
    EXPECT_EQ(row.integer("annotated"), is_annotated ? 1 : 0) << row.text("name");
    EXPECT_EQ(row.is_null("tagged_at"), !is_annotated) << row.text("name");
    if (is_annotated) {
      const std::string date =
          source.git("for-each-ref --format='%(taggerdate:unix)' refs/tags/" + row.text("name"));
      EXPECT_EQ(row.integer("tagged_at"), std::stoll(date) * 1'000'000);
    }
  }
}

TEST(History, PathsAreThoseOfTheFirstParent) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source, R"(,"path_depth":1)").status, BL_OK);
  std::set<std::string> stored;
  for (const sdk::Row& row : plugin.host.records_of("commit_path/1")) {
    stored.insert(row.text("sha") + " " + row.text("path_prefix"));
  }
  std::set<std::string> expected;
  for (const std::string& sha : source.lines("rev-list --all")) {
    const bool is_root = source.git("log -1 --format=%P " + sha).empty();
    const std::string range = is_root ? "--root " + sha : sha + "^ " + sha;
    for (const std::string& path :
         source.lines("diff-tree -r --name-only --no-commit-id " + range)) {
      expected.insert(sha + " " + path.substr(0, path.find('/')));
    }
  }
  EXPECT_EQ(stored, expected);
}

TEST(History, LineCountsAreGits) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source, R"(,"line_counts":true)").status, BL_OK);
  for (const sdk::Row& row : plugin.host.records_of("commit/1")) {
    std::int64_t files = 0;
    std::int64_t additions = 0;
    for (const std::string& line :
         source.lines("log -1 --first-parent -m --root --no-renames --format= --numstat " +
                      row.text("sha"))) {
      ++files;
      additions += std::stoll(line);
    }
    EXPECT_EQ(row.integer("n_files"), files) << row.text("sha");
    EXPECT_EQ(row.integer("additions"), additions) << row.text("sha");
  }
}

TEST(History, ChosenBranchesAndEveryTag) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source, R"(,"branches":["sid*","origin/main"])").status, BL_OK);
  const auto ids = source.lines("rev-list side origin/main v1.0 light --");
  EXPECT_EQ(plugin.stored_commits(), std::set<std::string>(ids.begin(), ids.end()));
  for (const std::string& ref : plugin.stored_refs()) {
    EXPECT_TRUE(ref.starts_with("tag ") || ref.starts_with("branch side ") ||
                ref.starts_with("branch origin/main "))
        << ref;
  }
}

TEST(History, CoverageIsFromTheBeginningUntilNow) {
  const TestRepository source = rich_history();
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":2)");
  ASSERT_EQ(run.coverage.size(), 3U);
  std::set<std::string> contracts;
  for (const sdk::Coverage& coverage : run.coverage) {
    contracts.insert(coverage.contract);
    EXPECT_EQ(coverage.scope, source.path());
    EXPECT_EQ(coverage.from_us, BL_BEGINNING);
    EXPECT_EQ(coverage.to_us, kNow);
    EXPECT_EQ(coverage.reason, "");
  }
  EXPECT_EQ(contracts, (std::set<std::string>{"commit/1", "commit_path/1", "ref/1"}));
}

std::string raw_commit(const TestRepository& source, const std::string& author,
                       const std::string& committer) {
  return source.store("commit", "tree " + source.git("rev-parse HEAD^{tree}") + "\nparent " +
                                    source.git("rev-parse HEAD") + "\nauthor " + author +
                                    "\ncommitter " + committer + "\n\nmessage\n");
}

TEST(History, IdentityIsTheOriginAsWritten) {
  TestRepository source("clone");
  source.commit("a");
  source.git("remote add origin ssh://git@Git.Example.org:2222/team/shop.git");
  source.git("config url.https://elsewhere.example.org/.insteadOf ssh://git@Git.Example.org:2222/");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.host.records_of("commit/1").at(0).text("repository"),
            "git.example.org/team/shop");
}

TEST(History, BotsAreKnownByNameOrAddress) {
  TestRepository source("bots");
  source.set_author("Dependabot", "support@example.org");
  source.commit("a");
  source.set_author("Ada", "x+ci[bot]@example.org");
  source.commit("b");
  source.set_author("Talbot", "talbot@example.org");
  source.commit("c");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  const auto rows = run.rows_of("commit/1");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].integer("is_bot"), 1);
  EXPECT_EQ(rows[1].integer("is_bot"), 1);
  EXPECT_EQ(rows[2].integer("is_bot"), 0);
  const sdk::RunResult again = plugin.collect(source, R"(,"bot_pattern":"talbot")");
  EXPECT_EQ(again.changed, 3U);
}

TEST(History, DatesOutsideTheUsualAreKeptOrMissing) {
  TestRepository source("dates");
  source.commit("a");
  const std::string odd = raw_commit(source, "A <a@example.org> -86400 +0000",
                                     "A <a@example.org> 99999999999999999 +0000");
  source.git("update-ref refs/heads/odd " + odd);
  const std::string far =
      raw_commit(source, "A <a@example.org> 253402300800 +0000", "A <a@example.org> 0 +0000");
  source.git("update-ref refs/heads/far " + far);
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_TRUE(has_log(run, "1 dates are missing or cannot be represented"));
  for (const sdk::Row& row : run.rows_of("commit/1")) {
    if (row.text("sha") == odd) {
      EXPECT_EQ(row.integer("authored_at"), -86'400'000'000);
      EXPECT_TRUE(row.is_null("committed_at"));
    }
    if (row.text("sha") == far) {
      EXPECT_EQ(row.integer("authored_at"), 253'402'300'800'000'000);
      EXPECT_EQ(row.integer("committed_at"), 0);
    }
  }
}

TEST(History, BytesThatAreNoUtf8AreWrittenInHexadecimal) {
  TestRepository source("bytes");
  source.write("caf\xE9/menu", "1");
  source.commit("plain");
  // git itself would make this valid.
  const std::string ident = "Ren\xE9 <Ren\xE9@example.org> 1 +0000";
  source.git("update-ref refs/heads/caf\xE9 " + raw_commit(source, ident, ident));
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1)");
  ASSERT_EQ(run.status, BL_OK) << run.error;
  const std::string sha = source.git("rev-parse caf\xE9");
  const auto rows = run.rows_of("commit/1");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].text("sha"), sha);
  EXPECT_EQ(rows[1].text("author"), R"(ren\xE9@example.org)");
  EXPECT_EQ(run.rows_of("commit_path/1").at(0).text("path_prefix"), R"(caf\xE9)");
  EXPECT_TRUE(plugin.stored_refs().contains(R"(branch caf\xE9 )" + sha + " " + sha));
  EXPECT_EQ(plugin.collect(source, R"(,"path_depth":1)").changed, 0U);
}

TEST(History, ReplacementsOfObjectsAreIgnored) {
  TestRepository source("replaced");
  source.commit("a");
  source.commit("b");
  source.git("replace --graft HEAD");  // now without its parent
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(std::to_string(run.rows_of("commit/1").size()),
            source.git("--no-replace-objects rev-list --count --all"));
}

TEST(History, ALinkedWorktreeIsTheSameRepository) {
  TestRepository source("main");
  source.commit("a");
  const std::string worktree = fresh_folder("worktree").string() + "/wt";
  source.git("worktree add -q --detach " + worktree);
  TestRepository linked = TestRepository::at(worktree);
  linked.set_seconds(TestRepository::kFirstSeconds + 600);
  linked.commit("only/here");
  PluginFixture from_main;
  ASSERT_EQ(from_main.collect(source).status, BL_OK);
  EXPECT_EQ(from_main.stored_commits(), all_commits(source));
  EXPECT_EQ(from_main.stored_commits().size(), 2U);
  PluginFixture from_worktree;
  ASSERT_EQ(from_worktree.collect(linked).status, BL_OK);
  EXPECT_EQ(from_worktree.stored_commits(), all_commits(linked));
}

TEST(History, ObjectsOfAnAlternateAreRead) {
  TestRepository source("origin");
  source.commit("a");
  source.commit("b");
  const std::string clone = fresh_folder("borrower").string();
  source.git("clone -q --shared . " + clone);
  TestRepository borrower = TestRepository::at(clone);
  borrower.set_seconds(TestRepository::kFirstSeconds + 600);
  borrower.commit("c");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(borrower).status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(borrower));
  EXPECT_EQ(plugin.stored_commits().size(), 3U);
}

TEST(History, AnEmptyRepositoryIsCompleteAndEmpty) {
  for (const std::string arguments : {"", "--bare"}) {
    const TestRepository source("empty", arguments);
    PluginFixture plugin;
    const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1)");
    ASSERT_EQ(run.status, BL_OK) << run.error;
    EXPECT_THAT(run.rows, IsEmpty());
    EXPECT_EQ(reason_of(run, "commit/1"), "");
    EXPECT_EQ(reason_of(run, "ref/1"), "");
  }
}

TEST(History, AnUnbornHeadHidesNothing) {
  TestRepository source("unborn");
  source.commit("a");
  source.git("checkout -q --orphan not-yet");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.stored_commits().size(), 1U);
}

TEST(History, AShallowCloneSaysWhatIsMissing) {
  TestRepository source("deep");
  for (int number = 0; number < 5; ++number) {
    source.commit("dir/file");
  }
  const std::string folder = fresh_folder("shallow").string();
  source.git("clone -q --depth 2 file://" + source.path() + " " + folder);
  const TestRepository shallow = TestRepository::at(folder);
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(shallow, R"(,"path_depth":1,"line_counts":true)");
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(plugin.stored_commits(), all_commits(shallow));
  const std::string reason = "shallow clone: history before 2023-11-14 is missing";
  EXPECT_EQ(reason_of(run, "commit/1"), reason);
  EXPECT_EQ(reason_of(run, "ref/1"), reason);
  EXPECT_EQ(reason_of(run, "commit_path/1"), reason);
  // What the commit at the border changed is not known. Its parent is.
  const auto rows = run.rows_of("commit/1");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text("parents"), "[\"" + source.git("rev-parse HEAD~2") + "\"]");
  EXPECT_TRUE(rows[0].is_null("n_files"));
  EXPECT_EQ(rows[1].integer("n_files"), 1);
  EXPECT_EQ(run.rows_of("commit_path/1").size(), 1U);
  // The same again from the cursor; then the rest arrives.
  EXPECT_EQ(reason_of(plugin.collect(shallow, R"(,"path_depth":1,"line_counts":true)"), "commit/1"),
            reason);
  shallow.git("fetch -q --unshallow");
  const sdk::RunResult deep = plugin.collect(shallow, R"(,"path_depth":1,"line_counts":true)");
  EXPECT_EQ(reason_of(deep, "commit/1"), "");
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  EXPECT_EQ(plugin.host.records_of("commit_path/1").size(), 5U);
}

// Objects move into new packs and the old ones go away, as on a server at night.
TEST(History, IsWholeWhileAnotherProcessRepacks) {
  constexpr int kInside = 10;  // repacks that begin and end while one run reads
  constexpr int kMost = 200;
  constexpr std::size_t kCommits = 3000;
  TestRepository source = long_history(kCommits);
  std::atomic<int> turn = 0;  // odd while a run reads
  std::atomic<bool> is_done = false;
  int n_inside = 0;
  std::thread server([&] {
    for (int round = 0; round < kMost && n_inside < kInside; ++round) {
      source.commit_empty();
      const int before = turn;
      source.git(round % 2 == 0 ? "repack -adq" : "gc -q --prune=now");
      n_inside += before % 2 == 1 && turn == before ? 1 : 0;
    }
    is_done = true;
  });
  // Line counts make a run longer than a repack.
  const std::string more = R"(,"path_depth":1,"line_counts":true)";
  std::size_t before = kCommits;
  PluginFixture plugin;
  while (!is_done) {
    PluginFixture fresh;
    for (PluginFixture* each : {&fresh, &plugin}) {
      ++turn;
      const sdk::RunResult run = each->collect(source, more);
      ++turn;
      EXPECT_EQ(run.status, BL_OK) << run.error;
      EXPECT_EQ(reason_of(run, "commit/1"), "");
      EXPECT_GE(each->stored_commits().size(), before);
      before = each->stored_commits().size();
    }
  }
  server.join();
  EXPECT_EQ(n_inside, kInside);
  ASSERT_EQ(plugin.collect(source, more).status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  // The first of the server removes the file, all others leave it so.
  EXPECT_EQ(plugin.host.records_of("commit_path/1").size(), kCommits + 1);
}

}  // namespace
}  // namespace baselined::git
