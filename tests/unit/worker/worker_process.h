// Drives the real baselined-worker over a socket pair, as the daemon does.
//
//   WorkerProcess worker(plugin("scripted"), {});
//   worker.start(R"({"do":"nothing"})");
//   const Frame done = worker.expect(FrameType::done);
// Everything that waits gives up after a while, so that a broken worker fails a test and does not
// hang it. The process is killed and reaped by the destructor.
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/wire/frame.h"
#include "daemon/wire/messages.h"

namespace baselined::worker {

// The file of a test plugin.
std::string plugin(const std::string& name);

struct Frame {
  wire::FrameType type = wire::FrameType::hello;
  std::string payload;
};

struct Exit {
  int status = -1;
  int signal = 0;
  std::string output;
  std::string errors;
};

// What the kernel shall not have, for a worker: "landlock", "seccomp", "both"; see
// without_kernel.cpp.
using Without = std::string;

// Runs to the end, without a channel.
Exit run_worker(const std::vector<std::string>& arguments, const Without& without = {});

class WorkerProcess {
 public:
  explicit WorkerProcess(const std::string& plugin_file,
                         const std::vector<std::string>& more_arguments = {},
                         const Without& without = {});
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  // Takes Hello, sends Start.
  void start(std::string_view options);
  void start(const wire::Start& start);
  void send(wire::FrameType type, std::string_view payload);
  void send_refused(std::uint8_t code, std::string_view text);
  void send_raw(std::string_view bytes);
  // The next frame; nothing at the end of the stream.
  std::optional<Frame> read();
  // The next frame that is not of these kinds of chatter; a failure of the test when it has another
  // type.
  Frame expect(wire::FrameType type);
  // Reads until Done, answers commits; all frames.
  std::vector<Frame> finish();
  void cancel();
  void close_channel();
  Exit wait();
  pid_t process() const { return process_; }

 private:
  pid_t process_ = -1;
  int channel_ = -1;
  int cancel_page_ = -1;
  int output_ = -1;
  int errors_ = -1;
  std::uint32_t next_sent_ = 0;
  std::uint32_t next_received_ = 0;
};

}  // namespace baselined::worker
