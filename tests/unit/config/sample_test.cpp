#include "daemon/config/sample.h"

#include <gtest/gtest.h>

#include "daemon/config/option_check.h"
#include "tests/unit/config/loading.h"

namespace baselined::config {
namespace {

// The sample with every "# name = value" line switched on.
std::string uncommented(const std::string& sample) {
  std::string text;
  std::size_t at = 0;
  while (at < sample.size()) {
    const std::size_t end = sample.find('\n', at);
    std::string line = sample.substr(at, end - at);
    if (line.rfind("# ", 0) == 0 && line[2] != '(' && line.find(" = ") != std::string::npos) {
      line = line.substr(2);
    }
    text += line + "\n";
    at = end + 1;
  }
  return text;
}

std::string problems_of(const std::string& sample, const PluginManifest& manifest) {
  const auto table = parse_toml(sample, "sample");
  if (!table) {
    return table.error().message();
  }
  const toml::table* options = (*table)["collector"]["options"].as_table();
  const auto schema = parse_option_schema(manifest.config_schema);
  const CheckedOptions checked = check_options(options, {}, schema.value());
  return checked.problems.empty() ? "" : checked.problems.front().message;
}

TEST(SampleOptions, ShowsEveryOptionWithItsMeaning) {
  const PluginManifest manifest = manifest_with(R"({"type":"object","properties":{
      "repositories":{"type":"array","items":{"type":"string","format":"path"},"minItems":1,
                      "description":"Repositories to read."},
      "depth":{"type":"integer","minimum":0,"maximum":8,"default":2,"description":"How deep."},
      "mode":{"type":"string","enum":["full","fast"]}},
      "required":["repositories"]})");
  EXPECT_EQ(sample_options(manifest),
            "[collector.options]\n"
            "# Repositories to read.\n"
            "# (an array, each: an absolute path; at least 1; required)\n"
            "repositories = [\"/path/to/it\"]\n"
            "\n"
            "# How deep.\n"
            "# (an integer, from 0, to 8; default 2)\n"
            "# depth = 2\n"
            "\n"
            "# (a string: \"full\" or \"fast\"; optional)\n"
            "# mode = \"full\"\n");
}

TEST(SampleOptions, APluginWithoutOptionsHasAnEmptyTable) {
  EXPECT_EQ(sample_options(manifest_with(R"({"type":"object"})")), "[collector.options]\n");
}

TEST(SampleOptions, ASchemaThatMakesNoSenseIsSaidSo) {
  EXPECT_EQ(sample_options(manifest_with(R"({"type":"array","items":{"type":"str\ning"}})")),
            "# The options of this plugin are not understood: items: unknown type 'str ing'\n");
}

TEST(SampleOptions, ADescriptionCannotEscapeItsComment) {
  const std::string sample = sample_options(manifest_with(
      R"({"type":"object","properties":{"a":{"type":"string","description":"x\nallow = 1\r"}}})"));
  EXPECT_NE(sample.find("# x allow = 1 \n"), std::string::npos) << sample;
}

TEST(SampleOptions, SatisfiesTheSchemaAsItIsAndWithEverythingSwitchedOn) {
  const PluginManifest git = installed_schemas().manifests.at("git.so");
  EXPECT_EQ(problems_of(sample_options(git), git), "");
  EXPECT_EQ(problems_of(uncommented(sample_options(git)), git), "");
}

TEST(SampleOptions, SatisfiesOddSchemas) {
  const PluginManifest odd = manifest_with(R"({"type":"object","properties":{
      "a":{"type":"integer","minimum":-10,"maximum":-5},
      "b":{"type":"number","minimum":1.5},
      "c":{"type":"array","items":{"type":"array","items":{"type":"boolean"},"minItems":2},
           "minItems":3},
      "d":{"type":"string","format":"regex"},
      "e":{"type":"string","format":"duration"},
      "f":{"type":"string","format":"glob"},
      "g with space":{"type":"number","enum":[2.0,3]},
      "h":{"type":"object","properties":{"i j":{"type":"string"},"k":{"type":"integer"}},
           "required":["i j"]},
      "l":{"type":"string","default":"quote \" back \\ tab \t del \u007f euro €"},
      "m":{"type":"object","default":{"x":[1,{"y":2.5}]},"additionalProperties":true},
      "n":{"type":"number","default":1e300}},
      "required":["a","b","c","d","e","f","g with space","h"]})");
  EXPECT_EQ(problems_of(sample_options(odd), odd), "") << sample_options(odd);
  EXPECT_EQ(problems_of(uncommented(sample_options(odd)), odd), "") << sample_options(odd);
}

}  // namespace
}  // namespace baselined::config
