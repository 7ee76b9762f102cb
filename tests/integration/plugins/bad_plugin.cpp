// A plugin that does one bad thing: {"do":"<what>"}.
#include <unistd.h>
#include <baselined/plugin.hpp>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using baselined::Run;
using baselined::Value;

constexpr bl_column kColumns[] = {
    baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("kind", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("sha", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("tagged_at", BL_TIME),
    baselined::column("annotated", BL_BOOL, BL_COL_REQUIRED)};
constexpr bl_column kLinkColumns[] = {
    baselined::column("incident", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("deployment", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("role", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("refers_to", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("method", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("confidence", BL_FLOAT)};
constexpr bl_stream kStreams[] = {baselined::stream("refs", "ref/1", kColumns),
                                  baselined::stream("links", "incident_link/1", kLinkColumns)};
constexpr baselined::About kAbout{
    .id = "org.example.bad",
    .version = "1.0.0",
    .summary = "Does one bad thing",
    .config_schema =
        R"({"type":"object","required":["do"],"properties":{"do":{"type":"string"}}})"};
constexpr std::string_view kOid = "0123456789abcdef0123456789abcdef01234567";

void emit(Run& run, const Value& name, const Value& at = nullptr) {
  run.emit(0, {"example/bad", "tag", name, kOid, kOid, at, false});
}

[[noreturn]] void spin() {
  while (true) {
    static volatile unsigned counter;
    counter = counter + 1U;
  }
}

// Deeper than any stack; the result is used after the call, so that it is one.
std::size_t dig(std::size_t depth) {
  volatile char page[4096] = {};
  page[depth % sizeof page] = 1;
  return depth == 0 ? 0 : dig(depth - 1) + static_cast<std::size_t>(page[depth % sizeof page]);
}

void print_for_ever() {
  const std::string line(1000, 'x');
  while (std::puts(line.c_str()) >= 0) {
  }
  spin();
}

void write_to_every_descriptor() {
  for (int descriptor = 0; descriptor < 64; ++descriptor) {
    const ssize_t ignored = ::write(descriptor, "garbage for somebody else", 25);
    static_cast<void>(ignored);
  }
}

void close_every_descriptor() {
  for (int number = 0; number < 1024; ++number) {
    ::close(number);
  }
}

void leak_descriptors() {
  int count = 0;
  while (::dup(0) >= 0) {
    ++count;
  }
  throw std::runtime_error("no descriptor is left after " + std::to_string(count));
}

void leave_children() {
  for (int child = 0; child < 20; ++child) {
    if (::fork() == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  spin();
}

void lie_about_rows(Run& run) {
  const Value row[] = {"example/bad", "tag", "v1", kOid, kOid, nullptr, false};
  const bl_status status = run.host().emit(run.handle(), 0, &row[0].cell(), std::size(row),
                                           std::numeric_limits<std::uint32_t>::max());
  throw baselined::Failure(status);
}

void lie_about_cells(Run& run) {
  const Value row[] = {"example/bad"};
  const bl_status status = run.host().emit(run.handle(), 0, &row[0].cell(), 1, 1);
  throw baselined::Failure(status == BL_OK ? BL_ERR_INTERNAL : status, "refused");
}

void flood(Run& run) {
  for (std::int64_t number = 0;; ++number) {
    emit(run, std::to_string(number));
  }
}

// Twenty are enough where it is not refused.
void fork_bomb() {
  for (int child = 0; child < 20; ++child) {
    const pid_t made = ::fork();
    if (made < 0) {
      throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    }
    if (made == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  throw std::runtime_error("it has 20 children");
}

// Twice what it may have: where nothing stops it, the machine has some left.
void take_memory() {
  std::vector<std::string> all;
  while (all.size() < 64) {
    all.emplace_back(std::size_t{64} << 20U, 'x');
  }
  throw std::runtime_error("it has 4 GiB");
}

// Without a look at what it got.
void take_four_gib() {
  auto* bytes = new (std::nothrow) char[std::size_t{4} << 30U];
  volatile char* first = bytes;
  *first = 'x';
  delete[] bytes;
}

void ignore_signals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  std::signal(SIGTERM, SIG_IGN);
  spin();
}

// Through its own return address, and on.
[[gnu::noinline]] void smash_the_stack(std::size_t size) {
  volatile char few[16] = {};
  volatile char* byte = few;
  for (std::size_t i = 0; i < size; ++i) {
    byte[i] = 'x';
  }
}

// What a process does when it ends.
void leave_exit_handlers() {
  const auto at_exit = [] { ::_exit(7); };
  std::atexit(at_exit);
  std::at_quick_exit(at_exit);
}

// Set in the constructor, used when that has returned long ago.
std::jmp_buf place_that_is_gone;

using Behaviour = void (*)(Run&);
const std::map<std::string_view, Behaviour>& behaviours() {
  static const std::map<std::string_view, Behaviour> kAll = {
      {"nothing", [](Run&) {}},
      {"segv", [](Run&) { std::raise(SIGSEGV); }},
      {"abort", [](Run&) { std::abort(); }},
      {"exit", [](Run&) { std::exit(0); }},
      {"exit_at_once", [](Run&) { ::_exit(0); }},
      {"throw", [](Run&) { throw std::runtime_error("thrown in collect"); }},
      {"throw_a_number", [](Run&) { throw 7; }},
      {"hang", [](Run&) { spin(); }},
      {"stop", [](Run&) { std::raise(SIGSTOP); }},
      {"dig", [](Run&) { ::_exit(static_cast<int>(dig(std::size_t{1} << 30U))); }},
      {"memory", [](Run&) { take_memory(); }},
      {"print", [](Run&) { print_for_ever(); }},
      {"write_everywhere", [](Run&) { write_to_every_descriptor(); }},
      {"close_everything", [](Run&) { close_every_descriptor(); }},
      {"leak_descriptors", [](Run&) { leak_descriptors(); }},
      {"leave_children", [](Run&) { leave_children(); }},
      {"flood", &flood},
      {"lie_about_rows", &lie_about_rows},
      {"lie_about_cells", &lie_about_cells},
      {"huge_row", [](Run& run) { emit(run, std::string(2'000'000, 'x')); }},
      {"huge_cursor", [](Run& run) { run.commit("refs", std::string(2'000'000, 'x')); }},
      {"invalid_text",
       [](Run& run) {
         emit(run, "\xFF\xFE");
         run.commit("refs", "1");
       }},
      {"missing_key",
       [](Run& run) {
         emit(run, nullptr);
         run.commit("refs", "1");
       }},
      {"end_of_time",
       [](Run& run) {
         emit(run, "v1", baselined::Time{std::numeric_limits<std::int64_t>::max()});
         emit(run, "v2", baselined::Time{std::numeric_limits<std::int64_t>::min() + 1});
         run.commit("refs", "1");
       }},
      {"same_again",
       [](Run& run) {
         for (int turn = 0; turn < 3; ++turn) {
           emit(run, "v1");
           run.commit("refs", "1");
         }
       }},
      {"fork_bomb", [](Run&) { fork_bomb(); }},
      {"four_gib", [](Run&) { take_four_gib(); }},
      {"ignore_signals", [](Run&) { ignore_signals(); }},
      {"smash_the_stack", [](Run&) { smash_the_stack(100'000); }},
      {"exit_handlers", [](Run&) { leave_exit_handlers(); }},
      {"jump", [](Run&) { std::longjmp(place_that_is_gone, 1); }},
      {"ten_million_rows",
       [](Run& run) {
         for (int number = 0; number < 10'000'000; ++number) {
           emit(run, "v" + std::to_string(number));
         }
         run.commit("refs", "1");
       }},
      {"not_a_number",
       [](Run& run) {
         run.emit(1, {"1", "1", "caused_by", "deployment", "guess",
                      std::numeric_limits<double>::quiet_NaN()});
         run.commit("refs", "1");
       }},
      {"far_clock",
       [](Run& run) {
         emit(run, "v1", baselined::Time{253'402'300'799'000'000});  // the end of the year 9999
         run.commit("refs", "1");
       }},
  };
  return kAll;
}

class Bad {
 public:
  // Options are canonical JSON, and these have one member.
  Bad(std::string_view options, Run& /*run*/) {
    constexpr std::string_view kFront = R"({"do":")";
    const std::string_view what = options.substr(kFront.size(), options.size() - kFront.size() - 2);
    if (what == "throw_in_constructor") {
      throw std::runtime_error("thrown in the constructor");
    }
    behaviour_ = behaviours().at(what);
    if (what == "jump" && setjmp(place_that_is_gone) != 0) {
      throw std::runtime_error("jumped");
    }
  }
  void collect(Run& run) const { behaviour_(run); }

 private:
  Behaviour behaviour_ = nullptr;
};

}  // namespace

BL_PLUGIN(Bad, kAbout, kStreams)
