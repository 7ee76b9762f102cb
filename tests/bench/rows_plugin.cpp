// Keyed rows of 25 columns, as many as its options say: what a large collector sends.
#include <baselined/plugin.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>

namespace {

// Named like the fields of the contract in store_bench.cpp.
constexpr bl_column kColumns[] = {
    baselined::column("account", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("at", BL_TIME, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("item", BL_INT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("text01", BL_TEXT),
    baselined::column("text02", BL_TEXT),
    baselined::column("text03", BL_TEXT),
    baselined::column("text04", BL_TEXT),
    baselined::column("text05", BL_TEXT),
    baselined::column("text06", BL_TEXT),
    baselined::column("text07", BL_TEXT),
    baselined::column("text08", BL_TEXT),
    baselined::column("number01", BL_INT),
    baselined::column("number02", BL_INT),
    baselined::column("number03", BL_INT),
    baselined::column("number04", BL_INT),
    baselined::column("number05", BL_INT),
    baselined::column("number06", BL_INT),
    baselined::column("number07", BL_INT),
    baselined::column("number08", BL_INT),
    baselined::column("time01", BL_TIME),
    baselined::column("time02", BL_TIME),
    baselined::column("flag01", BL_BOOL),
    baselined::column("flag02", BL_BOOL),
    baselined::column("share01", BL_FLOAT),
    baselined::column("share02", BL_FLOAT)};
constexpr bl_stream kStreams[] = {baselined::stream("rows", "bench/1", kColumns)};
constexpr baselined::About kAbout{
    .id = "org.example.bench", .version = "1.0.0", .summary = "Rows for a measurement"};

constexpr int kRowsPerCommit = 10'000;

class Rows {
 public:
  Rows(std::string_view options, baselined::Run& /*run*/) {
    const std::size_t digits = options.find_first_of("0123456789");
    if (digits != std::string_view::npos) {
      std::from_chars(options.data() + digits, options.data() + options.size(), count_);
    }
  }

  void collect(baselined::Run& run) {
    using baselined::Time;
    for (std::int64_t n = 0; n < count_; ++n) {
      const std::string& name = names_[static_cast<std::size_t>(n) % std::size(names_)];
      const std::string& other = names_[static_cast<std::size_t>(n / 7) % std::size(names_)];
      const Time at{1'700'000'000'000'000 + n / 10 * 1'000'000};
      run.emit(0, {name,  at,         n,          name,   other,
                   name,  other,      name,       other,  name,
                   other, n,          n * 3,      n % 17, n % 1000,
                   n / 3, n % 2,      n,          n,      at,
                   at,    n % 2 == 0, n % 3 == 0, 0.5,    static_cast<double>(n)});
      if (n % kRowsPerCommit == kRowsPerCommit - 1) {
        run.commit("rows", std::to_string(n));
      }
    }
    run.commit("rows", std::to_string(count_));
  }

 private:
  std::int64_t count_ = 0;
  std::string names_[5] = {"production", "eu-west-1", "compute/instance", "team-payments",
                           "general-purpose"};
};

}  // namespace

BL_PLUGIN(Rows, kAbout, kStreams)
