// A worker that behaves as the name of its "plugin" says: fake_worker --run /any/where/hang
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/host/fake_link.h"

namespace baselined::host {
namespace {

using wire::FrameType;

void send_scope(FakeLink& link, std::string_view scope) {
  wire::BeginScope message;
  message.scope = scope;
  link.send(FrameType::begin_scope, wire::encode(message));
}

void send_coverage(FakeLink& link, std::string_view scope) {
  wire::Coverage message;
  message.scope = scope;
  message.to_us = 1;
  message.reason = "rate limit";
  link.send(FrameType::coverage, wire::encode(message));
}

void send_progress(FakeLink& link) {
  wire::Progress progress;
  progress.done = 1;
  progress.total = 2;
  progress.unit = "commits";
  link.send(FrameType::progress, wire::encode(progress));
}

void send_keys(FakeLink& link, std::string_view scope, const std::vector<std::string>& keys,
               bool is_last) {
  wire::OpenSet set;
  set.scope = scope;
  set.last = is_last;
  set.keys.assign(keys.begin(), keys.end());
  link.send(FrameType::open_set_put, wire::encode(set));
}

std::vector<std::string> get_keys(FakeLink& link, std::string_view scope) {
  wire::OpenSetGet get;
  get.scope = scope;
  link.send(FrameType::open_set_get, wire::encode(get));
  std::vector<std::string> keys;
  bool is_last = false;
  while (!is_last) {
    const Answer answer = link.receive();
    const auto chunk = wire::decode_open_set(answer.payload);
    BL_ASSERT(chunk.has_value());
    keys.insert(keys.end(), chunk->keys.begin(), chunk->keys.end());
    is_last = chunk->last;
  }
  return keys;
}

void send_request(FakeLink& link) {
  wire::Http http;
  http.method = "POST";
  http.target = "/search?q=1";
  http.headers = {"accept", "text/plain"};
  http.body = {std::string_view("\0\xFF", 2)};
  http.timeout_ms = 1500;
  link.send(FrameType::http, wire::encode(http));
}

void send_conditional(FakeLink& link) {
  wire::Http http;
  http.method = "GET";
  http.target = "/list";
  http.is_conditional = true;
  link.send(FrameType::http, wire::encode(http));
  link.receive();
  link.receive();
}

// Asks once and tells what came as a warning.
void ask(FakeLink& link) {
  send_request(link);
  const Answer answer = link.receive();
  const auto head = wire::decode_http_head(answer.payload);
  BL_ASSERT(answer.type == FrameType::http_head && head.has_value());
  std::string text =
      fmt::format("failed {} after {} ms: {}", head->code, head->retry_after_ms, head->text);
  if (head->code == 0) {
    std::size_t size = 0;
    bool is_last = false;
    while (!is_last) {
      const Answer body = link.receive();
      const auto chunk = wire::decode_http_body(body.payload);
      BL_ASSERT(chunk.has_value());
      size += chunk->bytes.data.size();
      is_last = chunk->last;
    }
    text = fmt::format("{} {} body {}", head->status, fmt::join(head->headers, " "), size);
  }
  link.send(FrameType::log, wire::encode(wire::Log{2, text}));
  link.done(head->code);
}

void good(FakeLink& link) {
  link.rows(0, 3);
  send_coverage(link, "shop");
  link.commit("refs", "one");
  send_scope(link, "shop");
  link.rows(3, 2);
  link.send(FrameType::remove, row_payload(0, 4, 1, 1));
  send_keys(link, "shop", {"a", "b"}, false);
  send_keys(link, "shop", {"c"}, true);
  send_progress(link);
  link.commit("refs", "two");
  link.done();
}

void commit_once(FakeLink& link) {
  link.rows(0, 3);
  link.commit("refs", "one");
  link.done();
}

void say_cursor(FakeLink& link) {
  wire::CursorGet get;
  get.key = "refs";
  link.send(FrameType::cursor_get, wire::encode(get));
  const Answer answer = link.receive();
  const auto cursor = wire::decode_cursor(answer.payload);
  BL_ASSERT(cursor.has_value());
  link.commit("refs", std::string(cursor->value) + "+1");
  link.done();
}

// What follows its "plugin" on its command line.
std::string& more_words() {
  static std::string words;
  return words;
}

void say_start(FakeLink& link, const Answer& answer) {
  const auto start = wire::decode_start(answer.payload);
  BL_ASSERT(start.has_value());
  link.commit("start", fmt::format("{} {} {} {} {}{}", start->options,
                                   static_cast<int>(start->mode), start->window_begin_us,
                                   start->window_end_us, start->frozen_now_us, more_words()));
  link.done();
}

[[noreturn]] void crash() {
  const rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  std::abort();
}

// Limited as the real worker is.
void spend_cpu() {
  const std::string option = "--max-cpu-seconds ";
  const rlim_t seconds = std::stoul(more_words().substr(more_words().find(option) + option.size()));
  const rlimit limit = {seconds, seconds + 2};
  ::setrlimit(RLIMIT_CPU, &limit);
  while (true) {
    ::getppid();
  }
}

void fail_short_of_memory(FakeLink& link, Error::Code code, std::string_view text) {
  wire::ErrorReport error;
  error.code = static_cast<std::uint8_t>(code);
  error.text = text;
  link.send(FrameType::error, wire::encode(error));
  wire::Done done;
  done.status = error.code;
  done.was_short_of_memory = true;
  link.send(FrameType::done, wire::encode(done));
}

void talkative(FakeLink& link) {
  for (int number = 1; number <= 9; ++number) {
    const std::string text = fmt::format("line {}", number);
    link.send(FrameType::log, wire::encode(wire::Log{1, text}));
  }
  link.done();
}

// 40 frames of about 64 KiB: more than the memory that the tests give to staging.
void flood(FakeLink& link) {
  for (int frame = 0; frame < 40; ++frame) {
    link.rows(frame * 500, 500);
  }
  link.commit("refs", "flooded");
  link.rows(1'000'000, 1);
  link.commit("refs", "again");
  link.done();
}

void flood_for_ever(FakeLink& link) {
  for (int frame = 0;; ++frame) {
    link.rows(frame * 500, 500);
  }
}

void big_open_set(FakeLink& link) {
  std::vector<std::string> keys = get_keys(link, "shop");
  const std::size_t had = keys.size();
  for (std::size_t key = had; key < had + 100'000; ++key) {
    keys.push_back(fmt::format("{:040}", key));
  }
  const std::size_t per_chunk = 6'000;
  for (std::size_t at = 0; at < keys.size(); at += per_chunk) {
    const std::size_t end = std::min(at + per_chunk, keys.size());
    const std::vector<std::string> chunk(keys.begin() + static_cast<std::ptrdiff_t>(at),
                                         keys.begin() + static_cast<std::ptrdiff_t>(end));
    send_keys(link, "shop", chunk, end == keys.size());
  }
  link.commit("refs", std::to_string(had));
  link.done();
}

// Bytes of cells that are none, behind an honest front.
void lying_rows(FakeLink& link) {
  std::string payload = row_payload(0, 6, 0, 2);
  payload.back() = static_cast<char>(0xff);
  link.send(FrameType::rows, payload);
  link.commit("refs", "one");
  link.done();
}

void oversized(FakeLink& link) {
  std::string frame;
  wire::append_frame(frame, FrameType::rows, 1, "");
  frame[2] = 0x20;  // 2 MiB
  link.send_raw(frame);
  wait_for_ever();
}

void hello_with(FakeLink& link, std::string_view build, std::string_view plugin,
                std::string_view version) {
  wire::Hello hello;
  hello.build_id = build;
  hello.plugin_id = plugin;
  hello.plugin_version = version;
  link.send(FrameType::hello, wire::encode(hello));
  wait_for_ever();
}

enum class Stray { no, waits, floods };

// The daemon's test is its subreaper and so learns how it ended.
void fork_child(FakeLink& link, Stray stray) {
  int ready[2] = {-1, -1};
  BL_ASSERT(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (stray != Stray::no) {
      ::setsid();
    }
    BL_ASSERT(::write(ready[1], "x", 1) == 1);
    const std::string line(100, 'y');
    while (stray == Stray::floods && std::puts(line.c_str()) >= 0) {
    }
    wait_for_ever();
  }
  char byte = 0;
  BL_ASSERT(::read(ready[0], &byte, 1) == 1);
  link.commit("child", std::to_string(child));
}

void leave_child(FakeLink& link, Stray stray) {
  fork_child(link, stray);
  link.done();
}

// Its child keeps the socket open, and nobody reads what the daemon answers.
void leave_stray_with_answers(FakeLink& link) {
  fork_child(link, Stray::waits);
  wire::CursorGet get;
  get.key = "long";
  for (int i = 0; i < 100; ++i) {
    link.send(FrameType::cursor_get, wire::encode(get));
  }
  std::exit(0);
}

void chatter(FakeLink& link) {
  std::printf("to the output \x1b[31m red\n");
  std::fflush(stdout);
  std::fprintf(stderr, "to the errors\nwithout an end");
  wire::Log log;
  log.level = 2;
  log.text = "a\nlog\tline\x07";
  link.send(FrameType::log, wire::encode(log));
  log.text = "another one";
  link.send(FrameType::log, wire::encode(log));
  log.level = 1;
  link.send(FrameType::log, wire::encode(log));
  link.done();
}

void talk_too_much(FakeLink& link) {
  for (int line = 0; line < 1000; ++line) {
    std::fprintf(stderr, "chatter %d.\n", line);
  }
  link.done();
}

void polite(FakeLink& link) {
  send_progress(link);
  while (!is_cancelled()) {
    ::usleep(1000);
  }
  link.report(6, "as you wish");
  link.done(6);
}

// What a new process finds: groups of signals, descriptors, environment.
void inspect() {
  std::printf("group %d\n", ::getpgrp() == ::getpid() ? 1 : 0);
  std::printf("nice %d\n", ::getpriority(PRIO_PROCESS, 0));
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  struct sigaction pipe_action = {};
  ::sigaction(SIGPIPE, nullptr, &pipe_action);
  std::printf("signals %d %d\n", ::sigismember(&blocked, SIGTERM),
              pipe_action.sa_handler == SIG_DFL ? 0 : 1);
  for (int number = 0; number < 200; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) {
      std::printf("descriptor %d\n", number);
    }
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::printf("variable %s\n", *variable);
  }
}

using Behaviour = std::function<void(FakeLink&)>;

// Those that greet like everybody.
const std::map<std::string, Behaviour>& behaviours() {
  static const std::map<std::string, Behaviour> kAll = {
      {"good", good},
      {"commit_once", commit_once},
      {"say_cursor", say_cursor},
      {"flood", flood},
      {"flood_for_ever", flood_for_ever},
      {"big_open_set", big_open_set},
      {"lying_rows", lying_rows},
      {"oversized", oversized},
      {"chatter", chatter},
      {"ask", ask},
      {"ask_and_die",
       [](FakeLink& link) {
         send_request(link);
         std::raise(SIGKILL);
       }},
      {"ask_conditionally",
       [](FakeLink& link) {
         send_conditional(link);
         link.commit("list", "1");
         link.done();
       }},
      {"ask_conditionally_and_fail",
       [](FakeLink& link) {
         send_conditional(link);
         link.done(4);
       }},
      {"ask_nonsense",
       [](FakeLink& link) {
         link.send(FrameType::http, "\x80");
         wait_for_ever();
       }},
      {"talk_too_much", talk_too_much},
      {"polite", polite},
      {"spend_cpu", [](FakeLink&) { spend_cpu(); }},
      {"raise_xcpu", [](FakeLink&) { std::raise(SIGXCPU); }},
      {"short_of_memory",
       [](FakeLink& link) { fail_short_of_memory(link, Error::Code::limit, "out of memory"); }},
      {"short_of_memory_and_refused",
       [](FakeLink& link) {
         fail_short_of_memory(link, Error::Code::auth, "the token has expired");
       }},
      {"talkative", talkative},
      {"leave_child", [](FakeLink& link) { leave_child(link, Stray::no); }},
      {"leave_stray_child", [](FakeLink& link) { leave_child(link, Stray::waits); }},
      {"leave_stray_flood", [](FakeLink& link) { leave_child(link, Stray::floods); }},
      {"leave_stray_with_answers", leave_stray_with_answers},
      {"crash",
       [](FakeLink& link) {
         link.rows(0, 3);
         crash();
       }},
      {"crash_after_commit",
       [](FakeLink& link) {
         link.rows(0, 3);
         link.commit("refs", "one");
         link.rows(3, 2);
         crash();
       }},
      {"crash_in_a_frame",
       [](FakeLink& link) {
         std::string frame;
         wire::append_frame(frame, FrameType::rows, 1, row_payload(0, 6, 0, 5));
         link.send_raw(std::string_view(frame).substr(0, frame.size() / 2));
         crash();
       }},
      {"leave", [](FakeLink&) { std::exit(0); }},
      {"leave_with_3",
       [](FakeLink&) {
         std::fprintf(stderr, "no library\n");
         std::exit(3);
       }},
      {"report_and_leave",
       [](FakeLink& link) {
         link.report(4, "half done");
         std::exit(0);
       }},
      {"hang",
       [](FakeLink& link) {
         send_progress(link);
         wait_for_ever();
       }},
      {"stop_itself", [](FakeLink&) { std::raise(SIGSTOP); }},
      {"close_socket",
       [](FakeLink&) {
         ::close(kSocket);
         wait_for_ever();
       }},
      {"never_exit",
       [](FakeLink& link) {
         wire::Done done;
         link.send(FrameType::done, wire::encode(done));
         wait_for_ever();
       }},
      {"garbage",
       [](FakeLink& link) {
         link.send_raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
         wait_for_ever();
       }},
      {"skip_a_frame",
       [](FakeLink& link) {
         link.skip_id();
         link.rows(0, 1);
         wait_for_ever();
       }},
      {"play_daemon",
       [](FakeLink& link) {
         link.send(FrameType::committed, "");
         wait_for_ever();
       }},
      {"greet_twice",
       [](FakeLink& link) {
         link.greet();
         wait_for_ever();
       }},
      {"unknown_stream",
       [](FakeLink& link) {
         link.send(FrameType::rows, row_payload(7, 6, 0, 1));
         wait_for_ever();
       }},
      {"wrong_columns",
       [](FakeLink& link) {
         link.send(FrameType::rows, row_payload(0, 5, 0, 1));
         wait_for_ever();
       }},
      {"wrong_key",
       [](FakeLink& link) {
         link.send(FrameType::remove, row_payload(0, 6, 0, 1));
         wait_for_ever();
       }},
      {"broken_commit",
       [](FakeLink& link) {
         link.send(FrameType::commit, "no message");
         wait_for_ever();
       }},
      {"unfinished_open_set",
       [](FakeLink& link) {
         send_keys(link, "shop", {"a"}, false);
         link.commit("refs", "one");
         link.done();
       }},
      {"report_and_done",
       [](FakeLink& link) {
         link.report(3, "slow\x1b[31m down\nplease", 1500);
         link.done(3);
       }},
      {"long_report",
       [](FakeLink& link) {
         link.report(5, std::string(60'000, 'x'), -5);
         link.done(5);
       }},
      {"fail_silently", [](FakeLink& link) { link.done(5); }},
      {"rows_after_commit",
       [](FakeLink& link) {
         link.rows(0, 3);
         link.commit("refs", "one");
         link.rows(3, 7);
         link.done();
       }},
  };
  return kAll;
}

void run(const std::string& name) {
  FakeLink link;
  if (name == "hello_of_another_build") {
    hello_with(link, "other", "org.example.fake", "1.0.0");
  }
  if (name == "hello_of_another_plugin") {
    hello_with(link, wire::build_id(), "org.example.other", "1.0.0");
  }
  if (name == "hello_of_another_version") {
    hello_with(link, wire::build_id(), "org.example.fake", "2.0.0");
  }
  if (name == "no_hello") {
    link.rows(0, 1);
    wait_for_ever();
  }
  const Answer answer = link.greet();
  if (name == "say_start") {
    say_start(link, answer);
  }
  behaviours().at(name)(link);
}

void describe(const std::string& name) {
  if (name == "manifest") {
    std::printf(R"({"abi_major":0,"abi_minor":0,"id":"org.example.fake","version":"1.0.0",)"
                R"("summary":"A fake","capabilities":[],"config_schema":{},"streams":[]})");
  } else if (name == "nonsense") {
    std::printf("{\"id\":7}");
  } else if (name == "no_plugin") {
    std::fprintf(stderr, "it exports\nno entry");
    std::exit(1);
  } else if (name == "crash") {
    crash();
  } else if (name == "endless") {
    const std::string line(1000, 'x');
    while (std::puts(line.c_str()) >= 0) {
    }
  } else if (name == "closed_and_hanging") {
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    wait_for_ever();
  }
}

}  // namespace
}  // namespace baselined::host

int main(int count, char** words) {
  if (count < 3) {
    return 2;
  }
  for (int i = 3; i < count; ++i) {
    baselined::host::more_words().append(" ").append(words[i]);
  }
  const std::string mode = words[1];
  const std::string name = std::filesystem::path(words[2]).filename().string();
  if (mode == "--describe") {
    baselined::host::describe(name);
  } else if (mode == "--inspect") {
    baselined::host::inspect();
  } else {
    baselined::host::run(name);
  }
  return 0;
}
