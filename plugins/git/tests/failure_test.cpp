// Repositories that are not what the operator thinks. One bad one never stops the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "plugins/git/tests/plugin_fixture.h"
#include "plugins/git/tests/short_of_memory.h"
#include "plugins/git/tests/somebody_else.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

// The text with which this path fails, beside a good repository that must be collected anyway.
std::string failure_of(const std::string& path) {
  TestRepository good("good");
  good.commit("a");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({path, good.path()});
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(plugin.stored_commits(), all_commits(good));
  EXPECT_NE(reason_of(run, "commit/1"), "none");
  EXPECT_THAT(run.error, HasSubstr(path));
  bool has_reason = false;
  for (const sdk::Coverage& coverage : run.coverage) {
    has_reason |= coverage.scope != good.path() && !coverage.reason.empty();
    EXPECT_TRUE(coverage.scope != good.path() || coverage.reason.empty());
  }
  EXPECT_TRUE(has_reason);
  return run.error;
}

TEST(BadRepository, ThatDoesNotExist) {
  EXPECT_THAT(failure_of("/nonexistent/app.git"),
              HasSubstr("it does not exist: check the path in 'repositories'"));
}

TEST(BadRepository, ThatIsAnOrdinaryFolderOrFile) {
  const fs::path folder = fresh_folder("folder");
  EXPECT_THAT(failure_of(folder.string()),
              HasSubstr("it is not a git repository: name the folder that holds .git, or a bare"));
  std::ofstream(folder / "file") << "text";
  EXPECT_THAT(failure_of((folder / "file").string()), HasSubstr("not a git repository"));
}

TEST(BadRepository, AFolderInsideOneDoesNotFindIt) {
  TestRepository source("outer");
  source.commit("inner/file");
  EXPECT_THAT(failure_of(source.path() + "/inner"), HasSubstr("it is not a git repository"));
}

TEST(BadRepository, ASha256OneIsRefusedByName) {
  const TestRepository source("sha256", "--object-format=sha256");
  EXPECT_THAT(failure_of(source.path()), HasSubstr("SHA-256 repository"));
}

TEST(BadRepository, AnUnknownFormatIsRefusedByName) {
  for (const auto& [format, words] :
       {std::pair("refstorage oranges", "extensions.refstorage"),
        std::pair("refstorage reftable", "it keeps its refs in a reftable, which is not supported"),
        std::pair("future true", "extensions.future")}) {
    TestRepository source("format");
    source.commit("a");
    source.git("config core.repositoryformatversion 1");
    source.git(std::string("config extensions.") + format);
    EXPECT_THAT(failure_of(source.path()), HasSubstr(words));
  }
}

TEST(BadRepository, ABrokenConfigurationFile) {
  TestRepository source("config");
  source.commit("a");
  std::ofstream(source.path() + "/.git/config", std::ios::app) << "[core\n";
  EXPECT_THAT(failure_of(source.path()), HasSubstr("cannot be opened"));
}

TEST(BadRepository, WithoutPermission) {
  TestRepository source("secret");
  source.commit("a");
  fs::permissions(source.path() + "/.git", fs::perms::none);
  PluginFixture plugin;
  sdk::RunResult named;
  sdk::RunResult globbed;
  {
    const SomebodyElse somebody;
    named = plugin.collect(source);
    globbed = plugin.collect_paths({source.path() + "*"});
  }
  fs::permissions(source.path() + "/.git", fs::perms::owner_all);
  EXPECT_EQ(named.status, BL_ERR_DATA);
  EXPECT_THAT(named.error, HasSubstr("no permission"));
  // It may well be a repository: passing over it would miss it without a word.
  EXPECT_EQ(globbed.status, BL_ERR_DATA);
  EXPECT_THAT(globbed.error, HasSubstr("no permission"));
}

TEST(BadRepository, WhoseObjectsMayNotBeReadSaysWhoMustBeAbleTo) {
  TestRepository source("objects");
  source.commit("a");
  source.git("gc -q");
  for (const char* name : {"objects/pack", "objects"}) {
    const fs::path folder = source.path() + "/.git/" + name;
    fs::permissions(folder, fs::perms::none);
    PluginFixture plugin;
    std::string error;
    {
      const SomebodyElse somebody;
      error = plugin.collect(source).error;
    }
    fs::permissions(folder, fs::perms::owner_all);
    EXPECT_THAT(error, HasSubstr("objects/pack cannot be read: give the service's group read "
                                 "access"))
        << name;
  }
}

TEST(BadRepository, APatternWhoseFolderCannotBeRead) {
  const fs::path folder = fresh_folder("locked");
  fs::permissions(folder, fs::perms::none);
  PluginFixture plugin;
  sdk::RunResult run;
  {
    const SomebodyElse somebody;
    run = plugin.collect_paths({(folder / "*.git").string()});
  }
  fs::permissions(folder, fs::perms::owner_all);
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("cannot be read"));
}

// Libgit2 takes such a configuration for an empty one: the repository would get another identity.
TEST(BadRepository, AConfigurationFileThatCannotBeReadIsNoMissingOne) {
  TestRepository source("config");
  source.commit("a");
  const fs::path config = source.path() + "/.git/config";
  fs::permissions(config, fs::perms::none);
  PluginFixture plugin;
  {
    const SomebodyElse somebody;
    EXPECT_THAT(plugin.collect(source).error, HasSubstr("config cannot be read (Permission denied)"
                                                        ": give the service's group read access"));
  }
  fs::remove(config);
  fs::create_directory(config);
  EXPECT_THAT(failure_of(source.path()), HasSubstr(": config is not a regular file: restore it"));
  fs::remove(config);
  fs::create_symlink("nowhere", config);
  EXPECT_THAT(failure_of(source.path()), HasSubstr(": config is a link to nothing"));
}

// Under a pattern it would be passed over, and nobody would ever hear of it.
TEST(BadRepository, ThatLostAPartIsNotPassedOverUnderAPattern) {
  TestRepository source("app.git", "--bare");
  const std::string pattern = source.path().substr(0, source.path().size() - 7) + "*.git";
  PluginFixture plugin;
  fs::remove(source.path() + "/HEAD");
  EXPECT_THAT(plugin.collect_paths({pattern}).error,
              HasSubstr(source.path() + ": HEAD is missing: restore it"));
  fs::create_directory(source.path() + "/HEAD");
  EXPECT_THAT(plugin.collect_paths({pattern}).error,
              HasSubstr(source.path() + ": HEAD is not a regular file"));
  fs::remove(source.path() + "/HEAD");
  source.write("HEAD", "ref: refs/heads/main\n");
  fs::rename(source.path() + "/objects", source.path() + "/away");
  EXPECT_THAT(plugin.collect_paths({pattern}).error,
              HasSubstr(source.path() + ": objects is no folder that can be reached"));
}

TEST(BadRepository, APipeInARepositoryThatIsReachedFromHereIsNotWaitedFor) {
  TestRepository source("app");
  source.commit("a");
  const std::string folder = fresh_folder("linked").string();
  source.git("worktree add -q -b side " + folder);
  const std::string borrower = fresh_folder("borrower").string();
  source.git("clone -q --bare --shared . " + borrower);
  const std::string alternates = source.path() + "/.git/objects/info/alternates";
  ASSERT_EQ(::mkfifo(alternates.c_str(), 0644), 0);
  EXPECT_THAT(failure_of(borrower), HasSubstr(alternates + " is not a regular file"));
  const std::string config = source.path() + "/.git/config";
  fs::remove(config);
  ASSERT_EQ(::mkfifo(config.c_str(), 0644), 0);
  EXPECT_THAT(failure_of(folder), HasSubstr(config + " is not a regular file"));
  fs::remove(folder + "/.git");
  ASSERT_EQ(::mkfifo((folder + "/.git").c_str(), 0644), 0);
  EXPECT_THAT(failure_of(folder), HasSubstr(": .git is not a regular file"));
}

// Libgit2 follows includes while it opens the repository.
TEST(BadRepository, APipeThatItsConfigurationIncludesIsNamedAndNotWaitedFor) {
  for (const char* section : {"[include]", "[includeIf \"onbranch:main\"]"}) {
    SCOPED_TRACE(section);
    TestRepository source("app");
    source.commit("a");
    const std::string folder = source.path() + "/.git/";
    std::ofstream(folder + "config", std::ios::app) << section << "\n\tpath = more/inc\n";
    PluginFixture plugin;
    EXPECT_EQ(plugin.collect(source).status, BL_OK) << "a missing file is none";
    source.write(".git/more/inc", "[core]\n[Include]\n\tPath = \"../second\" # relative to here\n");
    EXPECT_EQ(plugin.collect(source).status, BL_OK);
    ASSERT_EQ(::mkfifo((folder + "second").c_str(), 0644), 0);
    EXPECT_THAT(failure_of(source.path()),
                HasSubstr(folder + "more/../second, which " + folder +
                          "more/inc includes, is not a regular file: restore it, or include"));
    fs::remove(folder + "second");
    EXPECT_EQ(plugin.collect(source).status, BL_OK);
  }
}

TEST(BadRepository, AnIncludedFileThatIsTooLargeOrAFolderOrSecretIsNamed) {
  TestRepository source("app");
  source.commit("a");
  const std::string file = source.path() + "/inc";
  std::ofstream(source.path() + "/.git/config", std::ios::app) << "[include]path=" << file;
  std::ofstream(file).close();
  fs::resize_file(file, 64'424'509'440);
  EXPECT_THAT(failure_of(source.path()), HasSubstr("includes, is 64424509440 bytes long, of at"));
  fs::remove(file);
  fs::create_directory(file);
  EXPECT_THAT(failure_of(source.path()), HasSubstr("includes, is not a regular file"));
  fs::remove(file);
  std::ofstream(file).close();
  fs::permissions(file, fs::perms::none);
  PluginFixture plugin;
  const SomebodyElse somebody;
  EXPECT_THAT(plugin.collect(source).error,
              HasSubstr("includes, cannot be read (Permission denied): give the service's group"));
}

TEST(BadRepository, IncludesThatLeadRoundOrAreTooManyEnd) {
  TestRepository source("app");
  source.commit("a");
  const std::string config = source.path() + "/.git/config";
  std::ofstream(config, std::ios::app) << "[include]\npath = config\n";
  EXPECT_THAT(failure_of(source.path()), HasSubstr("maximum config include depth"));
  std::ofstream(config, std::ios::app) << "path = config\n";
  EXPECT_THAT(failure_of(source.path()),
              HasSubstr(config + " includes one file too many, of at most 100 in all: include"));
}

// Why it could not be opened is asked of configurations too: only of the repository's own.
TEST(BadRepository, AFolderThatIsNoneMayHoldAConfigurationThatIncludesAPipe) {
  const fs::path folder = fresh_folder("plain");
  std::ofstream(folder / "config") << "[include]\npath = inc\n";
  ASSERT_EQ(::mkfifo((folder / "inc").c_str(), 0644), 0);
  EXPECT_THAT(failure_of(folder.string()), HasSubstr("it is not a git repository"));
  const TestRepository source = TestRepository::at(folder);
  source.git("init -q -b main . && printf '[core\\n' >>'" + folder.string() + "/.git/config'");
  EXPECT_THAT(failure_of(folder.string()), HasSubstr("it cannot be opened"));
}

TEST(BadRepository, ABareOneWithAFolderNamedGitIsLookedAtToo) {
  const TestRepository source("app.git", "--bare");
  fs::create_directory(source.path() + "/.git");
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  fs::remove(source.path() + "/config");
  ASSERT_EQ(::mkfifo((source.path() + "/config").c_str(), 0644), 0);
  EXPECT_THAT(failure_of(source.path()), HasSubstr(": config is not a regular file"));
}

TEST(BadRepository, WhatLibgit2DoesNotReadMayBeAPipe) {
  TestRepository source("app");
  source.commit("a");
  source.git("config extensions.worktreeConfig true");
  std::ofstream(source.path() + "/.git/config", std::ios::app) << "[include]\npath = ~/inc\n";
  fs::create_directory(source.path() + "/.git/~");
  for (const char* name : {"config.worktree", "inc", "~/inc"}) {
    ASSERT_EQ(::mkfifo((source.path() + "/.git/" + name).c_str(), 0644), 0);
  }
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
}

TEST(BadRepository, AnOrdinaryFolderMayHoldPipesAndFoldersOfAnyName) {
  TestRepository source("app");
  source.write("config/file", "");
  source.write("HEAD/file", "");
  source.commit("objects/file");
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  const fs::path folder = fresh_folder("plain");
  ASSERT_EQ(::mkfifo((folder / "config").c_str(), 0644), 0);
  EXPECT_THAT(failure_of(folder.string()), HasSubstr("it is not a git repository"));
}

TEST(BadRepository, AGarbledListOfShallowCommitsIsNamed) {
  TestRepository source("app");
  source.commit("a");
  std::ofstream(source.path() + "/.git/shallow") << source.git("rev-parse HEAD") << "\nhalf\n";
  EXPECT_THAT(failure_of(source.path()), HasSubstr("shallow holds a line that is no commit id"));
}

// A sparse file, or one that a crash left behind: nobody has so much memory.
TEST(BadRepository, AFileOfImpossibleSizeIsNamedWithItsSizeAndWhatItMayHave) {
  constexpr std::uint64_t kSize = 64'424'509'440;
  const std::string link = " is 64424509440 bytes long, of at most 8192: restore it";
  const std::string list = " is 64424509440 bytes long, of at most 16777216: restore it";
  const std::string packed = " is 64424509440 bytes long, of at most 268435456: restore it";
  for (const auto& [name, words] :
       {std::pair("HEAD", link), std::pair("gitdir", link), std::pair("commondir", link),
        std::pair("config", list), std::pair("shallow", list),
        std::pair("objects/info/alternates", list), std::pair("packed-refs", packed)}) {
    TestRepository source("huge");
    source.commit("a");
    const std::string file = source.path() + "/.git/" + name;
    std::ofstream(file, std::ios::app).close();
    fs::resize_file(file, kSize);
    EXPECT_THAT(failure_of(source.path()), HasSubstr(name + words));
  }
  const fs::path folder = fresh_folder("link");
  std::ofstream(folder / ".git").close();
  fs::resize_file(folder / ".git", kSize);
  EXPECT_THAT(failure_of(folder.string()), HasSubstr(": .git" + link));
}

TEST(BadRepository, AFileUpToItsLimitIsRead) {
  TestRepository source("large");
  source.commit("a");
  const std::string config = source.path() + "/.git/config";
  std::ofstream(config, std::ios::app)
      << std::string((std::size_t{16} << 20U) - fs::file_size(config), '#');
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  std::ofstream(config, std::ios::app) << '#';
  EXPECT_THAT(failure_of(source.path()),
              HasSubstr("config is 16777217 bytes long, of at most 16777216"));
}

TEST(BadRepository, ThatNeedsMoreMemoryThanThereIsStarvesNoOther) {
  TestRepository source("a", "--bare");
  TestRepository clone("clone");
  clone.commit("a");
  clone.git("clone -q --bare . " + fs::path(source.path()).parent_path().string() + "/b");
  std::ofstream(source.path() + "/packed-refs") << "# " << std::string(8U << 20U, ' ') << "\n";
  PluginFixture plugin;
  sdk::RunResult run;
  {
    const ShortOfMemory most(4U << 20U);
    run = plugin.collect_paths({fs::path(source.path()).parent_path().string() + "/?"});
  }
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, testing::StartsWith("1 repository could not be collected: " +
                                             source.path() + ": memory ran out"));
  EXPECT_EQ(plugin.stored_commits(), all_commits(clone));
  EXPECT_THAT(reason_of(run, "commit/1"), "");  // of the other, which came later
  ASSERT_FALSE(run.coverage.empty());
  EXPECT_THAT(run.coverage[0].reason, HasSubstr("memory ran out"));
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
}

// Git refuses such a folder (safe.directory): it would run what the configuration in it names.
TEST(Repository, OwnedBySomebodyElseIsRead) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a folder away";
  }
  TestRepository source("theirs");
  source.commit("dir/a");
  const std::string bare = fresh_folder("bare").string();
  source.git("clone -q --bare . " + bare);
  const std::string linked = fresh_folder("linked").string();
  source.git("worktree add -q -b side " + linked);
  const auto give_away = [](const fs::path& path) { return ::lchown(path.c_str(), 12345, 12345); };
  for (const std::string& path : {source.path() + "/.git", source.path(), bare, linked}) {
    PluginFixture plugin;
    ASSERT_EQ(give_away(path), 0);
    EXPECT_EQ(plugin.collect_paths({path}).status, BL_OK) << path;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      ASSERT_EQ(give_away(entry.path()), 0);
    }
    EXPECT_EQ(plugin.collect_paths({path}).status, BL_OK) << path;
    EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  }
}

std::string object_file(const TestRepository& source, const std::string& revision) {
  const std::string id = source.git("rev-parse " + revision);
  return source.path() + "/.git/objects/" + id.substr(0, 2) + "/" + id.substr(2);
}

TEST(Damage, AMissingCommitIsNamedAndTheRestIsStored) {
  TestRepository source("missing");
  source.commit("a");
  source.commit("b");
  source.commit("c");
  const std::string gone = source.git("rev-parse HEAD~1");
  const std::string file = object_file(source, "HEAD~1");
  fs::rename(file, file + ".away");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1)");
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("commit " + gone + ": it is missing; run git fsck"));
  EXPECT_THAT(reason_of(run, "commit/1"), HasSubstr(gone));
  EXPECT_EQ(plugin.stored_commits().size(), 1U);
  EXPECT_EQ(plugin.host.cursor(source.path()), "");
  // Repaired: everything is there.
  fs::rename(file + ".away", file);
  EXPECT_EQ(plugin.collect(source, R"(,"path_depth":1)").status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  EXPECT_EQ(plugin.host.records_of("commit_path/1").size(), 3U);
}

TEST(Damage, ACorruptObjectIsNamed) {
  TestRepository source("corrupt");
  source.commit("a");
  const std::string file = object_file(source, "HEAD");
  fs::permissions(file, fs::perms::owner_all);
  std::ofstream(file) << "this is not zlib";
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr(fs::path(file).filename().string()));
  EXPECT_NE(reason_of(run, "commit/1"), "");
}

TEST(Damage, ACorruptPackIsNamed) {
  TestRepository source("pack");
  source.commit("a");
  source.commit("b");
  source.git("gc -q");
  for (const auto& entry : fs::directory_iterator(source.path() + "/.git/objects/pack")) {
    if (entry.path().extension() == ".pack") {
      fs::permissions(entry.path(), fs::perms::owner_all);
      std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      pack.seekp(12);
      pack << std::string(100, '\xFF');
    }
  }
  EXPECT_THAT(failure_of(source.path()), HasSubstr("run git fsck"));
}

TEST(Damage, ARefToNothingIsNamedAndNoOtherRefIsLost) {
  TestRepository source("dangling");
  source.commit("a");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  std::ofstream(source.path() + "/.git/refs/heads/broken") << std::string(40, 'e') << "\n";
  source.commit("b");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("branch broken: object " + std::string(40, 'e')));
  EXPECT_EQ(plugin.stored_commits().size(), 2U);
  fs::remove(source.path() + "/.git/refs/heads/broken");
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
  EXPECT_EQ(plugin.stored_refs().size(), 1U);
}

TEST(Damage, AMissingTreeOnlyMattersForPaths) {
  TestRepository source("tree");
  source.commit("dir/a");
  source.commit("dir/b");
  fs::remove(object_file(source, "HEAD^{tree}"));
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1)");
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(reason_of(run, "commit/1"), "");
  EXPECT_THAT(reason_of(run, "commit_path/1"), HasSubstr("it is missing"));
}

TEST(Damage, APartialCloneLacksTreesOnPurpose) {
  TestRepository source("promisor");
  source.commit("dir/a");
  source.commit("dir/b");
  source.git("config uploadpack.allowFilter true");
  const std::string folder = fresh_folder("partial").string();
  source.git("clone -q --bare --filter=tree:0 file://" + source.path() + " " + folder);
  const TestRepository partial = TestRepository::at(folder);
  PluginFixture plugin;
  const std::string more = R"(,"path_depth":1,"line_counts":true)";
  const sdk::RunResult run = plugin.collect(partial, more);
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(reason_of(run, "commit/1"), "");
  EXPECT_THAT(reason_of(run, "commit_path/1"), HasSubstr("it is missing"));
  EXPECT_TRUE(run.rows_of("commit/1").at(0).is_null("additions"));
}

TEST(BadRepository, ThatWasGoodKeepsItsIdentityInCoverage) {
  TestRepository source("went");
  source.commit("a");
  source.git("remote add origin https://git.example.org/team/went.git");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  fs::rename(source.path(), source.path() + ".away");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_ERR_DATA);
  ASSERT_FALSE(run.coverage.empty());
  EXPECT_EQ(run.coverage[0].scope, "git.example.org/team/went");
  EXPECT_EQ(run.coverage[0].reason, "it does not exist: check the path in 'repositories'");
  fs::rename(source.path() + ".away", source.path());
  const sdk::RunResult back = plugin.collect(source);
  EXPECT_EQ(back.status, BL_OK);
  EXPECT_THAT(back.rows, IsEmpty());
  EXPECT_EQ(reason_of(back, "commit/1"), "");
}

TEST(Patterns, PassOverWhatIsNoRepository) {
  TestRepository first("a.git", "--bare");
  const fs::path folder = fs::path(first.path()).parent_path();
  fs::create_directories(folder / "b.git");  // no repository
  std::ofstream(folder / "c.git") << "a file";
  TestRepository source("source");
  source.commit("x");
  source.git("clone -q --bare . " + (folder / "d.git").string());
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({(folder / "*.git").string()});
  EXPECT_EQ(run.status, BL_OK) << run.error;
  ASSERT_EQ(run.coverage.size(), 4U);  // commits and refs of two repositories, sorted
  EXPECT_LT(run.coverage[0].scope, run.coverage[2].scope);
  EXPECT_EQ(plugin.stored_commits().size(), 1U);
}

TEST(Patterns, ThatMatchNoRepositoryAreWarnedAboutInEveryRun) {
  TestRepository source("source");
  source.commit("a");
  const fs::path folder = fresh_folder("none");
  fs::create_directory(folder / "plain.git");
  PluginFixture plugin;
  for (int number = 0; number < 2; ++number) {
    const sdk::RunResult run =
        plugin.collect_paths({source.path(), (folder / "*.git").string(), "/nonexistent/?"});
    EXPECT_EQ(run.status, BL_OK);
    EXPECT_EQ(run.logs.size(), 2U);
    EXPECT_TRUE(has_log(run, "'" + folder.string() + "/*.git' matches no repository"));
    EXPECT_TRUE(has_log(run, "'/nonexistent/?' matches no repository"));
  }
}

// A repository that an earlier entry names, or that is broken, is a match.
TEST(Patterns, ThatMatchWhatIsKnownOrBrokenAreNotWarnedAbout) {
  TestRepository source("app.git", "--bare");
  const std::string pattern = source.path().substr(0, source.path().size() - 7) + "*.git";
  PluginFixture plugin;
  EXPECT_FALSE(has_log(plugin.collect_paths({source.path(), pattern}), "matches no"));
  fs::remove(source.path() + "/HEAD");
  const sdk::RunResult run = plugin.collect_paths({pattern, pattern});
  EXPECT_FALSE(has_log(run, "matches no"));
  EXPECT_THAT(run.error, testing::StartsWith("1 repository could not be collected: "));
}

TEST(Patterns, APathWithoutWildcardsThatIsNotThereIsAFailureAndNoWarning) {
  TestRepository source("source");
  source.commit("a");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({"/nonexistent/app.git", source.path()});
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("/nonexistent/app.git: it does not exist"));
  EXPECT_FALSE(has_log(run, "matches no"));
}

TEST(Patterns, APathThatIsMetTwiceIsCollectedOnce) {
  TestRepository source("twice");
  source.commit("a");
  const std::string folder = fs::path(source.path()).parent_path().string();
  PluginFixture plugin;
  const sdk::RunResult run =
      plugin.collect_paths({source.path() + "/", folder + "/*", folder + "/./twice"});
  EXPECT_EQ(run.status, BL_OK);
  EXPECT_EQ(run.coverage.size(), 2U);
}

TEST(Probe, NamesWhatIsWrongAsAConfigurationError) {
  PluginFixture plugin;
  plugin.host.set_mode(BL_RUN_PROBE);
  const sdk::RunResult run = plugin.collect_paths({"/nonexistent/a", "/nonexistent/b"});
  EXPECT_EQ(run.status, BL_ERR_CONFIG);
  EXPECT_EQ(
      run.error,
      "2 repositories could not be collected: /nonexistent/a: it does not exist: check the path "
      "in 'repositories'; /nonexistent/b: it does not exist: check the path in "
      "'repositories'");
  EXPECT_THAT(run.commits, IsEmpty());
}

TEST(Failures, AreNamedUpToFive) {
  std::vector<std::string> paths;
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f', 'g'}) {
    paths.push_back(std::string("/nonexistent/") + name);
  }
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths(paths);
  EXPECT_THAT(run.error, HasSubstr("7 repositories"));
  EXPECT_THAT(run.error, HasSubstr("/nonexistent/e: it does not exist: check the path in "
                                   "'repositories'; and 2 more"));
}

}  // namespace
}  // namespace baselined::git
