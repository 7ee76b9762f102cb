// One mistake at a time in a descriptor that is otherwise right.
#include "daemon/worker/descriptor.h"

#include <gtest/gtest.h>
#include <baselined/plugin.hpp>

#include <functional>

#include "daemon/worker/manifest.h"

namespace baselined::worker {
namespace {

struct Parts {
  std::vector<bl_column> columns = {column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
                                    column("size", BL_INT)};
  std::vector<bl_stream> streams;
  bl_plugin plugin = {};

  Parts() {
    streams.push_back({to_str("things"), to_str("thing/1"), columns.data(), 2, 0, {nullptr, 0}});
    plugin.struct_size = sizeof(bl_plugin);
    plugin.abi_major = BL_ABI_MAJOR;
    plugin.abi_minor = BL_ABI_MINOR;
    plugin.id = to_str("org.example.things");
    plugin.version = to_str("1.2.3");
    plugin.summary = to_str("Things");
    plugin.config_schema = to_str("{}");
    plugin.capabilities = BL_CAP_FS_READ;
    plugin.create = [](const bl_host*, bl_run*, bl_str, bl_instance**) -> bl_status {
      return BL_OK;
    };
    plugin.collect = [](bl_instance*, const bl_host*, bl_run*) -> bl_status { return BL_OK; };
    plugin.destroy = [](bl_instance*) {};
    plugin.get_extension = &detail::no_extension;
  }
  Status check() {
    plugin.streams = streams.data();
    plugin.n_streams = static_cast<std::uint32_t>(streams.size());
    return check_descriptor(&plugin);
  }
};

struct Case {
  std::string_view name;
  std::function<void(Parts&)> damage;
  std::string_view message;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

class Descriptor : public ::testing::TestWithParam<Case> {};

TEST(CheckDescriptor, TheUndamagedOneIsAccepted) {
  Parts parts;
  const Status checked = parts.check();
  EXPECT_TRUE(checked) << checked.error().message();
}

TEST(CheckDescriptor, NothingMeansANewerHost) {
  const Status checked = check_descriptor(nullptr);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message().find("newer"), std::string::npos);
}

TEST_P(Descriptor, OneMistakeIsFoundAndNamed) {
  Parts parts;
  GetParam().damage(parts);
  const Status checked = parts.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Error::Code::config);
  EXPECT_NE(checked.error().message().find(GetParam().message), std::string::npos)
      << checked.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Plugin, Descriptor,
    ::testing::Values(
        Case{"short", [](Parts& p) { p.plugin.struct_size = 119; }, "has 119 bytes"},
        Case{"major", [](Parts& p) { p.plugin.abi_major = 1; }, "built for ABI 1.0"},
        Case{"minor", [](Parts& p) { p.plugin.abi_minor = 9; }, "built for ABI 0.9"},
        Case{"create", [](Parts& p) { p.plugin.create = nullptr; }, "null pointer"},
        Case{"collect", [](Parts& p) { p.plugin.collect = nullptr; }, "null pointer"},
        Case{"destroy", [](Parts& p) { p.plugin.destroy = nullptr; }, "null pointer"},
        Case{"extension", [](Parts& p) { p.plugin.get_extension = nullptr; }, "null pointer"},
        Case{"capability", [](Parts& p) { p.plugin.capabilities = 1U << 6U; }, "capabilities"},
        Case{"null id", [](Parts& p) { p.plugin.id.ptr = nullptr; }, "the id is a null pointer"},
        Case{"no id", [](Parts& p) { p.plugin.id.len = 0; }, "org.example.name"},
        Case{"one label", [](Parts& p) { p.plugin.id = to_str("things"); }, "org.example.name"},
        Case{"upper", [](Parts& p) { p.plugin.id = to_str("org.Things"); }, "org.example.name"},
        Case{"dots", [](Parts& p) { p.plugin.id = to_str("org..things"); }, "org.example.name"},
        Case{"end dot", [](Parts& p) { p.plugin.id = to_str("org.x."); }, "org.example.name"},
        Case{"utf-8", [](Parts& p) { p.plugin.summary = to_str("\xFF"); }, "is not UTF-8"},
        Case{"lines", [](Parts& p) { p.plugin.summary = to_str("a\nb"); }, "control characters"},
        Case{"no version", [](Parts& p) { p.plugin.version.len = 0; }, "1.2.3"},
        Case{"two", [](Parts& p) { p.plugin.version = to_str("1.2"); }, "1.2.3"},
        Case{"letters", [](Parts& p) { p.plugin.version = to_str("1.2.x"); }, "1.2.3"},
        Case{"gap", [](Parts& p) { p.plugin.version = to_str("1..3"); }, "1.2.3"},
        Case{"schema", [](Parts& p) { p.plugin.config_schema = to_str("{"); }, "not valid JSON"},
        Case{"list", [](Parts& p) { p.plugin.config_schema = to_str("[]"); }, "JSON object"},
        Case{"none", [](Parts& p) { p.plugin.config_schema.ptr = nullptr; }, "missing"},
        Case{"streams", [](Parts& p) { p.streams.clear(); }, "it has 0 streams"}));

INSTANTIATE_TEST_SUITE_P(
    Stream, Descriptor,
    ::testing::Values(
        Case{"no name", [](Parts& p) { p.streams[0].name.len = 0; }, "stream number 1"},
        Case{"name", [](Parts& p) { p.streams[0].name = to_str("Things"); }, "stream number 1"},
        Case{"twice", [](Parts& p) { p.streams.push_back(p.streams[0]); }, "things is there twice"},
        Case{"no slash", [](Parts& p) { p.streams[0].contract = to_str("thing"); },
             "stream things: the contract"},
        Case{"version", [](Parts& p) { p.streams[0].contract = to_str("thing/x"); }, "name/1"},
        Case{"zero", [](Parts& p) { p.streams[0].contract = to_str("thing/0"); }, "name/1"},
        Case{"flags", [](Parts& p) { p.streams[0].flags = 1; }, "flags"},
        Case{"no columns", [](Parts& p) { p.streams[0].n_columns = 0; }, "it has 0 columns"},
        Case{"null columns", [](Parts& p) { p.streams[0].columns = nullptr; }, "columns"},
        Case{"many", [](Parts& p) { p.streams[0].n_columns = 257; }, "it has 257 columns"},
        Case{"no key", [](Parts& p) { p.columns[0].flags = BL_COL_REQUIRED; }, "no key column"}));

INSTANTIATE_TEST_SUITE_P(
    Column, Descriptor,
    ::testing::Values(
        Case{"name", [](Parts& p) { p.columns[1].name = to_str("a-b"); }, "column number 2"},
        Case{"null name", [](Parts& p) { p.columns[1].name.ptr = nullptr; }, "column number 2"},
        Case{"twice", [](Parts& p) { p.columns[1].name = to_str("id"); },
             "column id is there twice"},
        Case{"null type", [](Parts& p) { p.columns[1].type = BL_NULL; }, "column size: type 0"},
        Case{"type", [](Parts& p) { p.columns[1].type = 8; }, "column size: type 8"},
        Case{"flags", [](Parts& p) { p.columns[1].flags = 8; }, "column size: it has flags"},
        Case{"reserved", [](Parts& p) { p.columns[1].reserved[6] = 1; },
             "column size: it has flags"},
        Case{"key", [](Parts& p) { p.columns[1].flags = BL_COL_KEY; },
             "column size: a key column must be required"}));

TEST(Manifest, EveryCapabilityHasItsName) {
  EXPECT_EQ(capability_names(0x3F), (std::vector<std::string>{"http", "net_direct", "fs_read",
                                                              "secret_raw", "threads", "exec"}));
  EXPECT_TRUE(capability_names(0).empty());
}

}  // namespace
}  // namespace baselined::worker
