// What the daemon records, the test of a plugin's author plays: one format, one reader.
#include <baselined/testing/fake_host.h>
#include <gmock/gmock.h>
#include <baselined/pages.hpp>

#include "daemon/broker/recording_egress.h"
#include "tests/unit/broker/scripted_egress.h"

namespace baselined::broker {
namespace {

constexpr bl_column kColumns[] = {column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
                                  column("at", BL_TIME)};
constexpr bl_stream kStreams[] = {stream("things", "thing/1", kColumns)};
constexpr About kAbout{.id = "org.example.things",
                       .version = "1.0.0",
                       .summary = "Things",
                       .capabilities = BL_CAP_HTTP};

// Keeps the body of each page.
class Things {
 public:
  Things(std::string_view /*options*/, baselined::Run& /*run*/) {}
  static void collect(baselined::Run& run) {
    baselined::Pages pages(run, "/things");
    while (const auto page = pages.next()) {
      run.emit(0, {page->body(), run.now()});
    }
    run.commit("things", "1");
  }
};

constexpr bl_plugin kPlugin = detail::describe<Things>(kAbout, kStreams);

TEST(CassetteJourney, AFakeHostPlaysWhatTheDaemonRecorded) {
  const std::filesystem::path folder = empty_folder("journey");
  const auto source = std::make_shared<ScriptedEgress>();
  source->answers = {
      response("{\"b\":1.50,\"a\":\"\\u00e9\"}",
               {{"content-type", "application/json"},
                {"link", "<https://forge.example.com/api/things?page=2>; rel=\"next\""}}),
      response("[1e999]", {{"content-type", "application/json"}})};
  auto recording =
      RecordingEgress::create(
          source, {folder, from_us(1'772'352'000'000'000), {}, "https://forge.example.com/api"})
          .value();
  const auto outlet = outlet_of(*recording);
  ask(*outlet, get("/things"));
  ask(*outlet, get("https://forge.example.com/api/things?page=2"));
  ASSERT_TRUE(recording->finish());

  sdk::FakeHost host;
  host.play_cassette(folder);
  const sdk::RunResult run = host.collect(&kPlugin, "{}");
  ASSERT_EQ(run.status, BL_OK) << run.error;
  ASSERT_EQ(run.rows.size(), 2U);
  EXPECT_EQ(run.rows[0].text("id"), "{\"a\":\"\xC3\xA9\",\"b\":1.50}");
  EXPECT_EQ(run.rows[0].integer("at"), 1'772'352'000'000'000);
  EXPECT_EQ(run.rows[1].text("id"), "[1e999]");
  EXPECT_EQ(run.requests[1].target, "https://origin.invalid/api/things?page=2")
      << "the host is nowhere in the cassette";
  EXPECT_THAT(host.unused_exchanges(), testing::IsEmpty());
}

}  // namespace
}  // namespace baselined::broker
