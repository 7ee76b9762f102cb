#include "daemon/derive/identity.h"

#include <gtest/gtest.h>

namespace baselined::derive {
namespace {

TEST(Identities, AliasLeadsToTheIdentityThatCounts) {
  Mapping mapping;
  mapping.repositories.push_back({"host/shop", {"/srv/shop", "mirror/shop"}});
  const Identities identities(mapping);
  EXPECT_EQ(identities.canonical("mirror/shop"), "host/shop");
  EXPECT_EQ(identities.canonical("host/shop"), "host/shop");
  EXPECT_EQ(identities.canonical("host/other"), "host/other");
}

TEST(Identities, LongestPatternWinsThenTheFirst) {
  Mapping mapping;
  mapping.services.push_back({"all", {"*"}, {}, {}});
  mapping.services.push_back({"first", {"host/a*"}, {}, {}});
  mapping.services.push_back({"second", {"host/*b"}, {}, {}});
  const auto owners = Identities(mapping).owners({"host/ab", "host/x", "other/ab"});
  EXPECT_EQ(owners.at("host/ab").at(0).service, "first");
  EXPECT_EQ(owners.at("host/x").at(0).service, "all");
  EXPECT_EQ(owners.at("other/ab").at(0).rule, &mapping.services[0]);
}

TEST(Identities, UnclaimedOnesAreNamedAfterTheirLastPart) {
  const Mapping mapping;
  const auto owners = Identities(mapping).owners({"host/a/shop", "/srv/bank/", "plain", "/"});
  EXPECT_EQ(owners.at("host/a/shop").at(0).service, "shop");
  EXPECT_EQ(owners.at("/srv/bank/").at(0).service, "bank");
  EXPECT_EQ(owners.at("plain").at(0).service, "plain");
  EXPECT_EQ(owners.at("/").at(0).service, "/");
  EXPECT_EQ(owners.at("plain").at(0).rule, nullptr);
}

TEST(Identities, ClashesTakeTheWholeIdentity) {
  Mapping mapping;
  mapping.services.push_back({"bank", {"host/money"}, {}, {}});
  const auto owners = Identities(mapping).owners({"a/shop", "b/shop", "host/bank", "host/money"});
  EXPECT_EQ(owners.at("a/shop").at(0).service, "a/shop");
  EXPECT_EQ(owners.at("b/shop").at(0).service, "b/shop");
  EXPECT_EQ(owners.at("host/bank").at(0).service, "host/bank");
  EXPECT_EQ(owners.at("host/money").at(0).service, "bank");
}

TEST(Identities, PartsAreOwnedByPathAndTheRestByWhoClaimsNone) {
  Mapping mapping;
  mapping.services.push_back({"shop", {"*/mono"}, {}, {}});
  mapping.services[0].paths = {"services/shop", "libs"};
  mapping.services.push_back({"all", {"*"}, {}, {}});
  mapping.services.push_back({"pay", {"host/mono"}, {}, {}});
  mapping.services[2].paths = {"services/pay", "libs"};
  const auto owners = Identities(mapping).owners({"host/mono", "host/other"});
  ASSERT_EQ(owners.at("host/mono").size(), 3U);
  const Owner& rest = owners.at("host/mono")[0];
  const Owner& pay = owners.at("host/mono")[1];
  const Owner& shop = owners.at("host/mono")[2];
  EXPECT_EQ(rest.service, "all");
  EXPECT_EQ(pay.service, "pay");
  EXPECT_EQ(shop.service, "shop");
  EXPECT_EQ(shop.paths.of("services/shop/src"), Belongs::yes);
  EXPECT_EQ(shop.paths.of("services/shopping"), Belongs::no);
  EXPECT_EQ(shop.paths.of("services"), Belongs::unknown);
  EXPECT_EQ(shop.paths.of("libs/a"), Belongs::no);  // of the longer pattern
  EXPECT_EQ(pay.paths.of("libs/a"), Belongs::yes);
  EXPECT_EQ(rest.paths.of("services"), Belongs::unknown);
  EXPECT_EQ(rest.paths.of("README.md"), Belongs::yes);
  EXPECT_EQ(pay.paths.of("README.md"), Belongs::no);
  ASSERT_EQ(owners.at("host/other").size(), 1U);
  EXPECT_TRUE(owners.at("host/other")[0].paths.is_everything());
}

TEST(Identities, AServiceThatIsNamedAsTheRepositoryDoesNotGetItsRest) {
  Mapping mapping;
  mapping.services.push_back({"host/mono", {"host/mono"}, {}, {}});
  mapping.services[0].paths = {"shop"};
  mapping.services.push_back({"mono", {"host/other"}, {}, {}});
  const auto owners = Identities(mapping).owners({"host/mono", "host/other"});
  EXPECT_EQ(owners.at("host/mono")[0].service, "host/mono (rest)");
  EXPECT_EQ(owners.at("host/mono")[1].service, "host/mono");
}

TEST(Mapping, HashDependsOnEveryRuleAndOnNothingElse) {
  Mapping mapping;
  mapping.services.push_back({"shop", {"a", "b"}, {"v*"}, {"main"}});
  mapping.repositories.push_back({"x", {"y"}});
  const std::string hash = mapping.hash();
  Mapping other = mapping;
  EXPECT_EQ(other.hash(), hash);
  other.services[0].repositories = {"ab"};
  EXPECT_NE(other.hash(), hash);
  other = mapping;
  other.services[0].deployment_tags = {};
  EXPECT_NE(other.hash(), hash);
  other = mapping;
  other.services[0].deployment_branches = {"next"};
  EXPECT_NE(other.hash(), hash);
  other = mapping;
  other.services[0].paths = {"p"};
  EXPECT_NE(other.hash(), hash);
  other = mapping;
  other.services[0].change_labels = {"l"};
  EXPECT_NE(other.hash(), hash);
  other = mapping;
  other.repositories[0].aliases.emplace_back("z");
  EXPECT_NE(other.hash(), hash);
}

TEST(Mapping, HashDependsOnTheConfiguredCollectors) {
  Mapping all;
  Mapping none;
  none.collectors.emplace();
  Mapping one;
  one.collectors = {{"git"}};
  EXPECT_NE(all.hash(), none.hash());
  EXPECT_NE(all.hash(), one.hash());
  EXPECT_NE(none.hash(), one.hash());
}

TEST(Mapping, HashTellsTextsFromTheirConcatenation) {
  Mapping one;
  one.services.push_back({"s", {"ab", "c"}, {}, {}});
  Mapping two;
  two.services.push_back({"s", {"a", "bc"}, {}, {}});
  Mapping three;
  three.services.push_back({"s", {"ab"}, {"c"}, {}});
  EXPECT_NE(one.hash(), two.hash());
  EXPECT_NE(one.hash(), three.hash());
}

}  // namespace
}  // namespace baselined::derive
