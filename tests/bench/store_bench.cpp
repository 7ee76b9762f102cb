// store_bench ROWS: keyed rows of 25 columns from a real worker into a real store, beside the same
// rows put by one prepared INSERT of SQLite with the same settings. Prints one JSON object.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/host/host.h"
#include "daemon/store/store.h"
#include "tests/bench/must.h"

namespace baselined {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

std::string field(std::string_view name, std::string_view type, std::string_view more = {}) {
  return fmt::format("[[field]]\nname = \"{}\"\ntype = \"{}\"\ndescription = \"-\"\n{}\n", name,
                     type, more);
}

// The fields that rows_plugin.cpp fills: 3 of the key, 8 texts that recur, 14 others.
std::string contract() {
  std::string text = "name = \"bench\"\nversion = 1\npurpose = \"-\"\n";
  text += field("account", "text", "repeated = true\nkey = true\nrequired = true");
  text += field("at", "time", "key = true\nrequired = true");
  text += field("item", "integer", "key = true\nrequired = true");
  for (int n = 1; n <= 8; ++n) {
    text += field(fmt::format("text{:02}", n), "text", "repeated = true");
  }
  for (int n = 1; n <= 8; ++n) {
    text += field(fmt::format("number{:02}", n), "integer");
  }
  for (const auto& [name, type] :
       {std::pair("time", "time"), std::pair("flag", "boolean"), std::pair("share", "real")}) {
    text += field(fmt::format("{}01", name), type) + field(fmt::format("{}02", name), type);
  }
  return text;
}

// Seconds of one collection of `rows` rows.
double collect(const std::filesystem::path& state_dir, const records::Contracts& contracts,
               std::int64_t rows) {
  auto store = must(store::Store::open(state_dir, contracts));
  const SystemClock clock;
  host::RunRequest request;
  request.collector.name = "bench";
  const auto plugins = std::make_shared<host::Plugins>(BENCH_WORKER);
  request.collector.plugin_file = BENCH_PLUGIN;
  request.collector.options = {{"rows", rows}};
  request.collector.timeout = std::chrono::hours(1);
  request.collector.manifest =
      must(plugins->describe(BENCH_PLUGIN, config::SandboxPolicy::automatic));
  asio::io_context context(1);
  asio::thread_pool writer(1);
  host::HostOptions options;
  options.contracts = &contracts;
  options.plugins = plugins;
  options.staging_dir = state_dir;
  host::Host host(context, writer.get_executor(),
                  std::make_shared<records::Pseudonymiser>("key", "bench"), options);
  host::RunReport report;
  const auto begin = SteadyClock::now();
  asio::co_spawn(context, host.run(request, must(store->record_sink("bench", 1, clock)), nullptr),
                 [&](const std::exception_ptr& /*thrown*/, host::RunReport done) {
                   report = std::move(done);
                 });
  context.run();
  const std::chrono::duration<double> seconds = SteadyClock::now() - begin;
  writer.join();
  if (report.failure || report.counts["bench/1"].inserted != static_cast<std::uint64_t>(rows)) {
    fmt::print(stderr, "store_bench: {}\n",
               report.failure ? report.failure->message() : "rows are missing");
    std::exit(1);
  }
  return seconds.count();
}

// The least that SQLite needs for such rows: one table, one unique index, one statement.
double insert(const std::filesystem::path& state_dir, std::int64_t rows) {
  auto store = must(store::Store::open(state_dir, records::Contracts::built_in()));
  store::Connection& db = store->connection();
  std::string columns;
  std::string values;
  for (int n = 1; n <= 25; ++n) {
    columns += fmt::format("{}c{} INTEGER", n == 1 ? "" : ", ", n);
    values += fmt::format("{}?{}", n == 1 ? "" : ", ", n);
  }
  const auto execute = [&db](const std::string& sql) {
    if (const Status done = db.execute(sql); !done) {
      fmt::print(stderr, "store_bench: {}\n", done.error().message());
      std::exit(1);
    }
  };
  execute(
      fmt::format("CREATE TABLE t (id INTEGER PRIMARY KEY, {}) STRICT;"
                  "CREATE UNIQUE INDEX k ON t (c1, c2, c3)",
                  columns));
  auto statement = must(db.prepare(fmt::format("INSERT INTO t VALUES (NULL, {})", values)));
  const auto begin = SteadyClock::now();
  execute("BEGIN");
  for (std::int64_t n = 0; n < rows; ++n) {
    statement.bind(1, n % 5).bind(2, 1'700'000'000'000'000 + n / 10 * 1'000'000).bind(3, n);
    for (int column = 4; column <= 25; ++column) {
      statement.bind(column, n % (std::int64_t{7} * column));
    }
    if (!statement.run()) {
      std::exit(1);
    }
    if (n % 10'000 == 9'999) {
      execute("COMMIT");
      execute("BEGIN");
    }
  }
  execute("COMMIT");
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

int run(std::int64_t rows) {
  const std::string text = contract();
  const std::string_view texts[] = {text};
  const auto contracts = must(records::Contracts::parse(texts));
  std::string folder = (std::filesystem::temp_directory_path() / "baselined-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return 1;
  }
  const double collected = collect(folder + "/store", contracts, rows);
  const double inserted = insert(folder + "/plain", rows);
  std::filesystem::remove_all(folder);
  fmt::print("{{\"rows\": {}, \"collect_seconds\": {:.3f}, \"sqlite_seconds\": {:.3f}}}\n", rows,
             collected, inserted);
  return 0;
}

}  // namespace
}  // namespace baselined

int main(int argc, char** argv) {
  try {
    return baselined::run(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "store_bench: %s\n", failure.what());
    return 1;
  }
}
