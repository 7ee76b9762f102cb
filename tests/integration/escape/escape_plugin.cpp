// Tries to get out of its sandbox, and emits a row for each attempt: its group, its name, and how
// it ended.
//   {"granted":FOLDER,"outside":FOLDER,"state":FOLDER,"configuration":FILE,"daemon":"PID",
//    "worker":"PID","port":"NUMBER","groups":"GROUP ... or nothing for all"}
// "do": "int80" or "x32" instead makes one system call through a door of another architecture.
#include <sys/syscall.h>
#include <unistd.h>
#include <baselined/plugin.hpp>

#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/integration/escape/attempt.h"

namespace {

using baselined::Run;

constexpr int kImage = 3;
constexpr int kChannel = 4;

// The worker closes the plugin's own bytes when they are loaded: constructors come first.
const int own_image = dup(kImage);

constexpr bl_column kColumns[] = {
    baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("kind", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("sha", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("tagged_at", BL_TIME),
    baselined::column("annotated", BL_BOOL, BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("refs", "ref/1", kColumns)};
constexpr baselined::About kAbout{
    .id = "org.example.escape",
    .version = "1.0.0",
    .summary = "Tries to get out",
    .config_schema = R"({"type":"object","properties":{"configuration":{"type":"string"},
      "daemon":{"type":"string"},"do":{"type":"string"},
      "granted":{"type":"string","format":"path"},"groups":{"type":"string"},
      "outside":{"type":"string"},"port":{"type":"string"},"state":{"type":"string"},
      "worker":{"type":"string"}}})",
    .capabilities = BL_ESCAPE_CAPABILITIES};
constexpr std::string_view kOid = "0123456789abcdef0123456789abcdef01234567";

// Options are canonical JSON, and these are texts without anything to escape.
std::string option(std::string_view options, const std::string& name) {
  const std::string front = "\"" + name + "\":\"";
  const auto begin = options.find(front);
  if (begin == std::string_view::npos) {
    return {};
  }
  options.remove_prefix(begin + front.size());
  return std::string(options.substr(0, options.find('"')));
}

int number(std::string_view options, const std::string& name) {
  return std::atoi(option(options, name).c_str());  // NOLINT(cert-err34-c)
}

void call_through_another_door(std::string_view which) {
  constexpr long kGetpidOf32Bits = 20;
  constexpr long kX32 = 0x40000000;
  if (which == "int80") {
    long answer = kGetpidOf32Bits;
    asm volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
  } else {
    syscall(kX32 | SYS_getpid);
  }
}

class Escape {
 public:
  Escape(std::string_view options, Run& /*run*/)
      : outside_(option(options, "outside")),
        groups_(option(options, "groups")),
        do_(option(options, "do")) {
    targets_.granted = option(options, "granted");
    targets_.state = option(options, "state");
    targets_.configuration = option(options, "configuration");
    targets_.daemon = number(options, "daemon");
    targets_.worker = number(options, "worker");
    targets_.port = number(options, "port");
    targets_.image = own_image;
    targets_.channel = kChannel;
  }

  void collect(Run& run) const {
    if (!do_.empty()) {
      call_through_another_door(do_);
    }
    for (const escape::Attempt& attempt : escape::all_attempts()) {
      if (groups_.empty() || groups_.find(attempt.group) != std::string::npos) {
        run.debug(attempt.name);
        const std::string line =
            escape::line_of(attempt, escape::make(attempt, targets_, outside_));
        run.emit(0, {"escape", "tag", line, kOid, kOid, nullptr, false});
      }
    }
    run.commit("refs", "1");
  }

 private:
  std::string outside_;
  std::string groups_;
  std::string do_;
  escape::Targets targets_;
};

}  // namespace

BL_PLUGIN(Escape, kAbout, kStreams)
