// A plugin that does what its options say: {"do":"<behaviour>"}.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <baselined/plugin.hpp>

#include <limits>
#include <map>
#include <string>
#include <thread>

namespace {

using baselined::Failure;
using baselined::Run;
using baselined::Time;
using baselined::Value;

constexpr bl_column kColumns[] = {
    baselined::column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED, "Its id."),
    baselined::column("part", BL_INT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("at", BL_TIME), baselined::column("size", BL_FLOAT),
    baselined::column("owner", BL_TEXT, BL_COL_PERSONAL)};
constexpr bl_column kOther[] = {baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("things", "thing/1", kColumns, "All things."),
                                  baselined::stream("others", "other/2", kOther)};
constexpr baselined::About kAbout{
    .id = "org.example.scripted",
    .version = "1.2.3-rc.1",
    .summary = "Does what its options say",
    .config_schema = R"({"type":"object","properties":{"do":{"type":"string"}}})",
    .capabilities = BL_CAP_FS_READ | BL_CAP_THREADS};

void emit(Run& run, std::string_view id) { run.emit(0, {id, 1, Time{5}, 0.5, nullptr}); }

void everything(Run& run) {
  const std::string cursor = run.cursor("k");
  run.begin_scope(0, "scope");
  emit(run, "a");
  emit(run, "b");
  run.emit(1, {"other"});
  run.remove(0, {"z", 9});
  run.coverage(0, "scope", {BL_BEGINNING}, run.now(), "");
  run.progress(1, 2, "things");
  run.commit("k", cursor + "+1");
}

void flood(Run& run) {
  while (true) {
    emit(run, "a row of many");
  }
}

void wait_for_cancel(Run& run) {
  run.info("waiting");
  while (true) {
    run.stop_if_cancelled();
  }
}

void open_sets(Run& run) {
  std::vector<std::string> keys = run.open_set_get(0, "s");
  keys.push_back("new");
  run.open_set_put(0, "s", keys);
  run.commit("k", std::to_string(keys.size()));
}

void big_open_set(Run& run) {
  std::vector<std::string> keys;
  for (int number = 0; number < 20; ++number) {
    keys.push_back(std::to_string(number) + std::string(60'000, 'x'));
  }
  run.open_set_put(0, "s", keys);
  run.commit("k", "");
}

void limits(Run& run) {
  const auto text_of = [](int resource) {
    rlimit limit = {};
    getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    return limit.rlim_max == RLIM_INFINITY ? "none" : std::to_string(limit.rlim_max);
  };
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
  run.info("core " + text_of(RLIMIT_CORE) + ", file " + text_of(RLIMIT_FSIZE) + ", open " +
           text_of(RLIMIT_NOFILE) + ", cpu " + text_of(RLIMIT_CPU) + ", memory " +
           text_of(RLIMIT_AS) + ", no_new_privs " +
           std::to_string(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) + ", dumpable " +
           std::to_string(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) + ", death signal " +
           std::to_string(death_signal));
}

void run_info(Run& run) {
  run.info("mode " + std::to_string(run.mode()) + ", window " +
           std::to_string(run.window().begin.us) + " to " + std::to_string(run.window().end.us) +
           ", now " + std::to_string(run.now().us) + ", deadline " +
           std::to_string(run.run_info().deadline_us) +
           (run.cancelled() ? ", cancelled" : ", not cancelled"));
}

void hide_a_failure(Run& run) {
  const Value row[] = {"a"};
  run.host().emit(run.handle(), 0, &row[0].cell(), 1, 1);
  run.host().commit(run.handle(), {"k", 1}, {"c", 1});
}

using Behaviour = void (*)(Run&);
const std::map<std::string_view, Behaviour>& behaviours() {
  static const std::map<std::string_view, Behaviour> kAll = {
      {"nothing", [](Run&) {}},
      {"everything", &everything},
      {"no_commit", [](Run& run) { emit(run, "never committed"); }},
      {"flood", &flood},
      {"wait", &wait_for_cancel},
      {"open_sets", &open_sets},
      {"big_open_set", &big_open_set},
      {"limits", &limits},
      {"run_info", &run_info},
      {"hide_a_failure", &hide_a_failure},
      {"wrong_count",
       [](Run& run) {
         run.emit(0, {"a", 1});
       }},
      {"wrong_type",
       [](Run& run) {
         run.emit(0, {"a", "1", nullptr, nullptr, nullptr});
       }},
      {"wrong_stream", [](Run& run) { run.emit(7, {"a"}); }},
      {"null_key",
       [](Run& run) {
         run.emit(0, {nullptr, 1, nullptr, nullptr, nullptr});
       }},
      {"nan",
       [](Run& run) {
         run.emit(0, {"a", 1, nullptr, std::numeric_limits<double>::quiet_NaN(), nullptr});
       }},
      {"big_row",
       [](Run& run) {
         run.emit(0, {std::string(600'000, 'x'), 1, nullptr, nullptr, nullptr});
       }},
      {"big_cursor", [](Run& run) { run.commit("k", std::string(600'000, 'x')); }},
      {"wrong_key", [](Run& run) { run.remove(0, {"a"}); }},
      {"bad_scope", [](Run& run) { run.begin_scope(0, "\xFF"); }},
      {"fail",
       [](Run&) { throw Failure(BL_ERR_RATE_LIMITED, "slow\xFF", std::chrono::seconds(7)); }},
      {"logs",
       [](Run& run) {
         run.debug("first\xFF");
         run.warn(std::string(10'000, 'x'));
         std::thread([&run] { run.log(77, "from a thread"); }).join();
       }},
      {"many_logs",
       [](Run& run) {
         for (int line = 0; line < 100'000; ++line) {
           run.info("line");
         }
       }},
      {"much_progress",
       [](Run& run) {
         for (std::uint64_t done = 1; done <= 100'000; ++done) {
           run.progress(done, 100'000, "things");
         }
       }},
      {"memory", [](Run&) { std::string(std::size_t{3} << 30U, 'x').back() = 'y'; }},
  };
  return kAll;
}

// The value of "do": options are canonical JSON, and this plugin's have one member.
std::string_view behaviour_of(std::string_view options) {
  constexpr std::string_view kFront = R"({"do":")";
  if (!options.starts_with(kFront) || !options.ends_with("\"}")) {
    throw Failure(BL_ERR_CONFIG, "the options have no behaviour");
  }
  return options.substr(kFront.size(), options.size() - kFront.size() - 2);
}

class Scripted {
 public:
  Scripted(std::string_view options, Run& /*run*/)
      : behaviour_(behaviours().at(behaviour_of(options))) {}
  void collect(Run& run) const { behaviour_(run); }

 private:
  Behaviour behaviour_;
};

}  // namespace

BL_PLUGIN(Scripted, kAbout, kStreams)
