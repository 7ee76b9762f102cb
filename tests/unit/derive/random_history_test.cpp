// The key property: whatever happened in whatever increments, the facts are those of deriving from
// scratch, and both are those of the naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "daemon/base/digest.h"
#include "tests/unit/derive/fact_lines.h"
#include "tests/unit/derive/history.h"
#include "tests/unit/derive/naive.h"

namespace baselined::derive {
namespace {

// mt19937 gives the same numbers everywhere; distributions of the library need not.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  int below(int sides) { return static_cast<int>(engine_() % static_cast<std::uint32_t>(sides)); }
  bool one_in(int sides) { return below(sides) == 0; }

 private:
  std::mt19937 engine_;
};

struct Planned {
  std::vector<int> parents;
  std::optional<int> at;
  bool is_bot = false;
};

// One repository as its owners see it, and who of them tells about it.
struct RandomRepository {
  std::vector<By> tellers;
  std::map<int, Planned> commits;
  struct Tag {
    std::string name;
    int object = 0;
    int commit = 0;
  };
  std::vector<Tag> tags;
};

Mapping random_mapping(Dice& dice) {
  Mapping mapping;
  mapping.repositories.push_back({"host/shop", {"/srv/shop"}});
  if (dice.one_in(2)) {
    mapping.collectors = {{"git"}};
    if (dice.one_in(2)) {
      mapping.collectors->insert({"forge", "never seen"});
    }
  }
  switch (dice.below(12)) {
    case 0:
      mapping.services.push_back({"shop", {"host/shop"}, {"v*"}, {}});
      mapping.services.push_back({"bank", {"host/b*"}, {}, {"main"}});
      break;
    case 1:
      mapping.services.push_back({"all", {"*"}, {"v*", "w*"}, {"main"}});
      break;
    case 2:
      mapping.services.push_back({"shop", {"*shop"}, {}, {"main", "next"}});
      break;
    case 3:
      mapping.repositories.clear();  // /srv/shop and host/shop clash
      mapping.services.push_back({"bank", {"host/bank"}, {"*"}, {}});
      break;
    case 4:
      mapping.services.push_back({"all", {"*"}, {"v*"}, {"main"}, {"live*"}});
      break;
    case 5:
      mapping.services.push_back({"shop", {"host/shop"}, {}, {}, {"production", "live"}});
      break;
    case 6:
    case 7:
      mapping.services.push_back({"all", {"*"}, {"w*"}, {}, {}, {"deploy*"}});
      if (dice.one_in(2)) {
        mapping.services.back().deployment_environments = {"live"};
      }
      break;
    case 8:
    case 9:
    case 10:
      mapping.services.push_back({"shop", {"*"}, {"v*"}, {}, {"live*"}});
      mapping.services.back().paths = {"x", "z/y"};
      mapping.services.push_back({"bank", {"*"}, {"w*"}, {"main"}});
      mapping.services.back().paths = {"x/y", "z"};
      if (dice.one_in(2)) {
        mapping.services.push_back({"rest", {"host/*"}, {"v*"}, {}, {}, {"deploy*"}});
      }
      if (dice.one_in(3)) {
        mapping.services.push_back({"longer", {"host/shop"}, {"*"}, {}});
        mapping.services.back().paths = {"z"};
      }
      break;
    default:
      mapping.services.push_back({"shop", {"*/shop"}, {"v1*", "w*"}, {}});
      break;
  }
  for (ServiceRule& service : mapping.services) {
    if (service.name == "bank" && service.owns_parts() && dice.one_in(2)) {
      service.change_labels = {"x"};
      if (dice.one_in(2)) {
        service.paths.clear();
      }
    }
    service.hotfix_labels.assign(dice.one_in(2) ? 1 : 0, "hot*");
    service.reverts_are_fixes = dice.one_in(2);
    service.incident_lookback = std::chrono::seconds(1 + dice.below(9));
  }
  return mapping;
}

class RandomHistory {
 public:
  RandomHistory(std::uint32_t seed, Site& site) : dice_(seed), site_(site) {
    repositories_.push_back({{{"git", "host/shop"}, {"forge", "/srv/shop"}}, {}, {}});
    repositories_.push_back({{{"git", "host/bank"}}, {}, {}});
    site_.mapping() = random_mapping(dice_);
    if (dice_.one_in(4)) {
      site_.limits() = {3, 4, 1, 0};
    }
    for (const RandomRepository& repository : repositories_) {
      for (const By& teller : repository.tellers) {
        if (!dice_.one_in(3)) {  // read completely from the beginning
          site_.by(teller.first, teller.second).complete(1000).complete_forge(1000);
          site_.covered("commit_path/1", "", 1000);
        }
      }
    }
  }

  void step() {
    RandomRepository& repository = repositories_[static_cast<std::size_t>(dice_.below(2))];
    const auto n_tellers = static_cast<int>(repository.tellers.size());
    const By teller = repository.tellers[static_cast<std::size_t>(dice_.below(n_tellers))];
    site_.by(teller.first, teller.second);
    const int kind = dice_.below(190);
    if (kind < 40) {
      plan_commit(repository);
    }
    if (kind < 55) {
      tell_commit(repository, -1);
    } else if (kind < 70) {
      tag(repository);
    } else if (kind < 80) {
      move_branch(repository);
    } else if (kind < 85 && !repository.tags.empty()) {
      const RandomRepository::Tag& tag = repository.tags[pick(repository.tags.size())];
      site_.remove_tag(tag.name, tag.object);
    } else if (kind < 86) {
      site_.remove_branch(branch_name());
    } else if (kind < 88) {
      change_commit(repository);
    } else if (kind < 89 && !repository.commits.empty()) {
      site_.remove_commit(any_commit(repository));
    } else if (kind < 95) {
      cover();
    } else if (kind < 97) {
      site_.mapping() = random_mapping(dice_);
    } else if (kind >= 185) {
      touch(repository);
    } else if (kind >= 170) {
      run_job(repository);
    } else if (kind >= 140) {
      incident(repository);
    } else if (kind >= 120) {
      change(repository);
    } else if (kind >= 100) {
      deploy(repository);
    }
  }

  bool should_update() { return dice_.one_in(4); }

 private:
  std::size_t pick(std::size_t size) {
    return static_cast<std::size_t>(dice_.below(static_cast<int>(size)));
  }

  int any_commit(const RandomRepository& repository) {
    auto commit = repository.commits.begin();
    std::advance(commit, pick(repository.commits.size()));
    return commit->first;
  }

  // Mostly among the last ones, so that histories grow long.
  int recent_commit(const RandomRepository& repository) {
    auto commit = repository.commits.rbegin();
    std::advance(commit, pick(std::min<std::size_t>(repository.commits.size(), 4)));
    return commit->first;
  }

  void plan_commit(RandomRepository& repository) {
    Planned commit;
    const int n_parents = repository.commits.empty() || dice_.one_in(25) ? 0 : dice_.below(10);
    if (n_parents > 0) {
      commit.parents.push_back(recent_commit(repository));
    }
    for (int i = 7; i < n_parents; ++i) {
      commit.parents.push_back(any_commit(repository));
    }
    ++last_commit_;
    if (!dice_.one_in(20)) {
      commit.at = last_commit_ / 2 + dice_.below(5);
    }
    commit.is_bot = dice_.one_in(6);
    repository.commits[last_commit_] = commit;
    if (!dice_.one_in(4)) {
      tell_commit(repository, last_commit_);  // others are told later, or never
    }
  }

  void tell_commit(RandomRepository& repository, int id) {
    if (repository.commits.empty()) {
      return;
    }
    id = id < 0 ? any_commit(repository) : id;
    const Planned& commit = repository.commits[id];
    if (dice_.one_in(2)) {
      touch_one(id);
    }
    site_.commit(id, commit.parents, commit.at, commit.is_bot);
    if (dice_.one_in(2)) {
      touch_one(id);
    }
  }

  void touch_one(int commit) {
    static constexpr const char* kPaths[] = {"x", "x/y", "x/y/q", "z", "z/y", "z/yy", "top"};
    site_.touch(commit, kPaths[dice_.below(7)]);
  }

  // Later, or taken back, or of a commit that nobody tells.
  void touch(const RandomRepository& repository) {
    if (repository.commits.empty() || dice_.one_in(9)) {
      touch_one(90'000);
    } else if (dice_.one_in(3) && !site_.history().paths.empty()) {
      auto path = site_.history().paths.begin();
      std::advance(path, pick(site_.history().paths.size()));
      const auto [by, commit, name] = *path;
      site_.by(by.first, by.second).remove_touch(commit, name);
    } else {
      touch_one(any_commit(repository));
    }
  }

  void change_commit(RandomRepository& repository) {
    if (repository.commits.empty()) {
      return;
    }
    const int id = any_commit(repository);
    Planned& commit = repository.commits[id];
    switch (dice_.below(4)) {
      case 0:
        commit.at = dice_.below(60);
        break;
      case 1:
        commit.parents.clear();
        break;
      default:
        commit.is_bot = !commit.is_bot;
        break;
    }
    tell_commit(repository, id);
  }

  void tag(RandomRepository& repository) {
    if (repository.commits.empty()) {
      return;
    }
    const std::string name = (dice_.one_in(3) ? "w" : "v") + std::to_string(dice_.below(12));
    int commit = dice_.one_in(4) ? any_commit(repository) : recent_commit(repository);
    if (!repository.tags.empty() && dice_.one_in(3)) {  // an alias
      commit = repository.tags[pick(repository.tags.size())].commit;
    }
    if (dice_.one_in(2)) {
      site_.tag(name, commit);
      repository.tags.push_back({name, commit, commit});
    } else {
      const int object = 10'000 + ++last_commit_;
      // Some were made before their commit: clocks differ.
      site_.annotated(name, commit, last_commit_ / 2 - 4 + dice_.below(10), object);
      repository.tags.push_back({name, object, commit});
    }
  }

  void change(RandomRepository& repository) {
    static constexpr const char* kKinds[] = {"ready", "commented", "approved", "changes_requested",
                                             "pushed"};
    const int number = dice_.below(7);
    const int at = last_commit_ / 2 - 4 + dice_.below(10);
    if (repository.commits.empty() || dice_.one_in(15)) {
      site_.remove_change(number);
    } else if (dice_.one_in(4)) {
      site_.change_event(number, dice_.below(6), kKinds[dice_.below(5)], at, dice_.one_in(3));
    } else if (dice_.one_in(5)) {
      site_.change_commit(number, any_commit(repository), at);
    } else if (dice_.one_in(6)) {
      site_.change(number, at);
    } else {
      // Some became a commit that is told later, or never.
      const int landed = dice_.one_in(9) ? last_commit_ + 1 : recent_commit(repository);
      site_.change(number, at - 3, at, landed, dice_.one_in(3) ? "hotfix" : "x",
                   dice_.one_in(2) ? std::optional(dice_.below(7)) : std::nullopt);
    }
  }

  void run_job(RandomRepository& repository) {
    const int run = dice_.below(4);
    const int number = dice_.below(4);
    if (repository.commits.empty() || dice_.one_in(12)) {
      site_.remove_job(run, number);
      return;
    }
    const int commit = dice_.one_in(12) ? 90'000 : recent_commit(repository);
    // A job has one name for ever.
    site_.job(run, number, number == 0 ? "build" : "deploy-live", commit, !dice_.one_in(4),
              last_commit_ / 2 - 4 + dice_.below(10));
  }

  void incident(RandomRepository& repository) {
    static constexpr const char* kKinds[] = {"mitigated", "resolved", "resolved", "reopened"};
    const int number = dice_.below(8);
    const int at = last_commit_ / 2 - 4 + dice_.below(10);
    const std::string role = dice_.one_in(3) ? "fixed_by" : "caused_by";
    switch (dice_.below(8)) {
      case 0:
        site_.remove_incident(number);
        break;
      case 1:
      case 2:
        site_.incident_event(number, dice_.below(4), kKinds[dice_.below(4)], at);
        break;
      case 3:
        if (dice_.one_in(2)) {
          site_.incident_link(number, role, "change", "!" + std::to_string(dice_.below(12)));
        } else {
          site_.incident_link(number, role, "deployment", std::to_string(dice_.below(12)));
        }
        break;
      case 4:
        site_.incident_link(number, role, "tag", "v" + std::to_string(dice_.below(12)));
        if (!repository.commits.empty()) {
          site_.incident_link(number, role, "sha", to_hex(sha_of(any_commit(repository))));
        }
        break;
      case 5:
        site_.remove_incident_link(number, role,
                                   (dice_.one_in(2) ? "!" : "") + std::to_string(dice_.below(12)));
        break;
      default:
        site_.incident(number, at, dice_.one_in(2), dice_.one_in(3) ? "shop" : "");
        break;
    }
  }

  void deploy(RandomRepository& repository) {
    static constexpr const char* kStates[] = {"queued",  "success", "success",
                                              "success", "failure", "cancelled"};
    const int number = dice_.below(9);
    const std::string environment = dice_.one_in(3) ? "live/eu" : dice_.one_in(3) ? "try" : "live";
    if (repository.commits.empty() || dice_.one_in(12)) {
      site_.remove_deployment(number, environment);
      return;
    }
    // Some are of commits that nobody tells of.
    const int commit = dice_.one_in(12)  ? 90'000
                       : dice_.one_in(3) ? any_commit(repository)
                                         : recent_commit(repository);
    site_.deploy(number, environment, commit, kStates[dice_.below(6)],
                 last_commit_ / 2 - 4 + dice_.below(10), dice_.one_in(5),
                 dice_.one_in(2) ? "production" : "");
  }

  std::string branch_name() {
    return std::string(dice_.one_in(4) ? "origin/" : "") + (dice_.one_in(4) ? "next" : "main");
  }

  void move_branch(RandomRepository& repository) {
    if (!repository.commits.empty()) {
      site_.branch(branch_name(),
                   dice_.one_in(6) ? any_commit(repository) : recent_commit(repository));
    }
  }

  void cover() {
    const int until = 1000 + dice_.below(3);
    if (dice_.one_in(4)) {
      site_.covered(dice_.one_in(2) ? "commit/1" : "ref/1", "shallow", until);
    } else if (dice_.one_in(5)) {
      site_.covered("commit_path/1", dice_.one_in(2) ? "" : "shallow", until);
    } else if (dice_.one_in(3)) {
      site_.complete_forge(until);
    } else {
      site_.complete(until);
    }
  }

  Dice dice_;
  Site& site_;
  std::vector<RandomRepository> repositories_;
  int last_commit_ = 0;
};

// Of two long lists, what is worth reading.
Lines only_in(const Lines& some, const Lines& others) {
  Lines lines;
  std::copy_if(some.begin(), some.end(), std::back_inserter(lines), [&](const std::string& line) {
    return std::find(others.begin(), others.end(), line) == others.end();
  });
  return lines;
}

class RandomHistories : public testing::TestWithParam<int> {};

TEST_P(RandomHistories, FactsAreThoseFromScratchAndThoseOfTheNaiveModel) {
  const auto seed = static_cast<std::uint32_t>(GetParam());
  Site site("random_" + std::to_string(seed));
  RandomHistory history(seed, site);
  for (int step = 0; step < 150; ++step) {
    history.step();
    if (!history.should_update()) {
      continue;
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(step));
    site.update();
    const NaiveFacts naive = naive_facts(site.history(), site.mapping());
    ASSERT_EQ(deployment_lines(site.db()), naive.deployments);
    ASSERT_EQ(commit_lines(site.db()), naive.commits);
    Lines exclusions = exclusion_lines(site.db());
    std::sort(exclusions.begin(), exclusions.end());
    ASSERT_EQ(exclusions, naive.exclusions);
    store::Connection scratch = copy_of_records(site.db());
    ASSERT_TRUE(update(scratch, site.mapping())->everything);
    const Lines followed = all_lines(site.db());
    const Lines anew = all_lines(scratch);
    EXPECT_EQ(only_in(followed, anew), Lines());
    EXPECT_EQ(only_in(anew, followed), Lines());
    ASSERT_EQ(followed, anew);
    ASSERT_EQ(stages_that_do_not_add_up(site.db()), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistories, testing::Range(1, 25));

}  // namespace
}  // namespace baselined::derive
