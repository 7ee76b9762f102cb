#include "daemon/config/plugin_manifest.h"

#include <gtest/gtest.h>

namespace baselined::config {
namespace {

constexpr std::string_view kGood = R"({"abi_major":0,"abi_minor":0,"id":"org.baselined.git",
"version":"1.2.3","summary":"Reads git.","capabilities":["fs_read","threads"],
"config_schema":{"type":"object"},
"streams":[{"name":"commits","contract":"commit/1","description":"All.","columns":[
{"name":"sha","type":"text","key":true,"required":true,"personal":false,"description":"Id."},
{"name":"author","type":"text","key":false,"required":false,"personal":true,"description":""},
{"name":"at","type":"time","key":false,"required":false,"personal":false,"description":""},
{"name":"cost","type":"decimal","key":false,"required":false,"personal":false,"description":""}]}]})";

std::string with(std::string_view what, std::string_view instead) {
  std::string text(kGood);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

TEST(ParseManifest, ReadsEverything) {
  const auto manifest = parse_manifest(kGood);
  ASSERT_TRUE(manifest) << manifest.error().message();
  EXPECT_EQ(manifest->id, "org.baselined.git");
  EXPECT_EQ(manifest->version, "1.2.3");
  EXPECT_EQ(manifest->summary, "Reads git.");
  EXPECT_EQ(manifest->capabilities, (std::vector<std::string>{"fs_read", "threads"}));
  EXPECT_EQ(json::serialize(manifest->config_schema), R"({"type":"object"})");
  ASSERT_EQ(manifest->streams.size(), 1U);
  const ManifestStream& stream = manifest->streams[0];
  EXPECT_EQ(stream.name, "commits");
  EXPECT_EQ(stream.contract, "commit/1");
  EXPECT_EQ(stream.description, "All.");
  ASSERT_EQ(stream.columns.size(), 4U);
  EXPECT_EQ(stream.columns[0].name, "sha");
  EXPECT_TRUE(stream.columns[0].key);
  EXPECT_TRUE(stream.columns[0].required);
  EXPECT_FALSE(stream.columns[0].personal);
  EXPECT_EQ(stream.columns[0].description, "Id.");
  EXPECT_TRUE(stream.columns[1].personal);
  EXPECT_EQ(stream.columns[2].type, CellType::time);
  EXPECT_EQ(stream.columns[3].type, CellType::decimal);
}

TEST(ParseManifest, EveryTypeOfTheAbiHasItsName) {
  const std::vector<std::string> names = {"null", "boolean", "integer", "real",
                                          "text", "bytes",   "time",    "decimal"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto manifest = parse_manifest(with(R"("type":"time")", R"("type":")" + names[i] + "\""));
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->streams[0].columns[2].type, static_cast<CellType>(i));
  }
}

TEST(ParseManifest, APluginWithoutStreamsIsAllowed) {
  EXPECT_TRUE(parse_manifest(R"({"id":"a","version":"1","summary":"","capabilities":[],
                                 "config_schema":{},"streams":[]})"));
}

struct BadManifest {
  const char* what;
  const char* instead;
  const char* message;
};

class ParseBadManifest : public testing::TestWithParam<BadManifest> {};

TEST_P(ParseBadManifest, SaysWhatIsWrong) {
  const auto manifest = parse_manifest(with(GetParam().what, GetParam().instead));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code(), Error::Code::data);
  EXPECT_EQ(manifest.error().message(), std::string("plugin manifest: ") + GetParam().message);
}

constexpr BadManifest kBad[] = {
    {R"("id":"org.baselined.git",)", "", "it lacks 'id'"},
    {R"("id":"org.baselined.git")", R"("id":"")", "it has an 'id' that is empty"},
    {R"("id":"org.baselined.git")", R"("id":7)", "it has a 'id' that is not text"},
    {R"("version":"1.2.3",)", "", "it lacks 'version'"},
    {R"("summary":"Reads git.",)", "", "it lacks 'summary'"},
    {R"(["fs_read","threads"])", R"("fs_read")", "it has a 'capabilities' that is not an array"},
    {R"("threads")", "7", "it asks for a capability that is not text"},
    {R"("threads")", R"("root")", "it asks for the unknown capability 'root'"},
    {R"("config_schema":{"type":"object"},)", "", "it lacks 'config_schema'"},
    {R"({"type":"object"})", "[]", "it has a 'config_schema' that is not an object"},
    {R"("streams")", R"("stream")", "it lacks 'streams'"},
    {R"({"name":"commits")", R"({"nam":"commits")", "a stream lacks 'name'"},
    {R"("name":"commits")", R"("name":"Commits")",
     "stream 'Commits' has a name that is not a-z, 0-9 and _"},
    {R"("name":"commits")", R"("name":"")", "stream '' has a name that is not a-z, 0-9 and _"},
    {"commit/1", "commit",
     "stream 'commits' has the contract 'commit', which is not like commit/1"},
    {"commit/1", "commit/0",
     "stream 'commits' has the contract 'commit/0', which is not like commit/1"},
    {"commit/1", "commit/1x",
     "stream 'commits' has the contract 'commit/1x', which is not like commit/1"},
    {"commit/1", "/1", "stream 'commits' has the contract '/1', which is not like commit/1"},
    {R"("columns":[)", R"("columns":[],"x":[)", "stream 'commits' has no columns"},
    {R"("columns":[)", R"("columns":[1,)", "stream 'commits': a column is not an object"},
    {R"("name":"sha")", R"("name":"1sha")",
     "stream 'commits': a column has the name '1sha', which is not a-z, 0-9 and _"},
    {R"("name":"author")", R"("name":"sha")", "stream 'commits' has two columns 'sha'"},
    {R"("type":"time")", R"("type":"date")",
     "stream 'commits': a column 'at' has the unknown type 'date'"},
    {R"("key":true,)", "", "stream 'commits': a column lacks 'key'"},
    {R"("key":true)", R"("key":1)",
     "stream 'commits': a column has a 'key' that is neither true nor false"},
    {R"("streams":[)", R"("streams":[[],)", "a stream is not an object"},
};
INSTANTIATE_TEST_SUITE_P(Table, ParseBadManifest, testing::ValuesIn(kBad));

TEST(ParseManifest, TwoStreamsWithOneNameAreRefused) {
  const std::string stream = std::string(kGood.substr(kGood.find(R"({"name":"commits")")));
  const std::string one = stream.substr(0, stream.size() - 2);
  const auto manifest = parse_manifest(with(one, one + "," + one));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().message(), "plugin manifest: it has two streams 'commits'");
}

TEST(ParseManifest, WhatIsNoJsonObjectIsRefused) {
  for (const char* text : {"", "[]", "7", "{", "segmentation fault"}) {
    const auto manifest = parse_manifest(text);
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.error().code(), Error::Code::data);
    EXPECT_EQ(manifest.error().message().rfind("plugin manifest: ", 0), 0U);
  }
}

}  // namespace
}  // namespace baselined::config
