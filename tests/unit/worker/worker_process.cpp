#include "tests/unit/worker/worker_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace baselined::worker {
namespace {

using wire::FrameType;

// Longer than anything takes, also under a sanitizer on a busy machine.
constexpr int kPatienceMs = 30'000;

bool wait_readable(int descriptor) {
  pollfd entry = {descriptor, POLLIN, 0};
  return poll(&entry, 1, kPatienceMs) == 1;
}

std::string read_to_end(int descriptor) {
  std::string all;
  std::array<char, 4096> part = {};
  while (wait_readable(descriptor)) {
    const ssize_t size = ::read(descriptor, part.data(), part.size());
    if (size <= 0) {
      return all;
    }
    all.append(part.data(), static_cast<std::size_t>(size));
  }
  ADD_FAILURE() << "the worker's output does not end";
  return all;
}

struct Descriptors {
  int output;
  int errors;
  int plugin = -1;       // becomes 3
  int channel = -1;      // becomes 4
  int cancel_page = -1;  // becomes 5
};

// A duplicate that no dup2 to 1 to 5 overwrites, and that no program inherits.
int move_up(int descriptor) {
  const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
  close(descriptor);
  return moved;
}

// The bytes of a file, as the daemon gives them; -1 where there is none.
int read_into_memory(const std::string& file) {
  const int from = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (from < 0 || fstat(from, &status) != 0) {
    return -1;
  }
  const int memory = memfd_create("plugin", MFD_CLOEXEC);
  off_t offset = 0;
  while (offset < status.st_size &&
         sendfile(memory, from, &offset, static_cast<std::size_t>(status.st_size - offset)) > 0) {
  }
  close(from);
  return move_up(memory);
}

pid_t spawn(const std::vector<std::string>& arguments, const Descriptors& descriptors,
            const Without& without) {
  std::vector<std::string> words;
  if (!without.empty()) {
    words = {BL_WITHOUT_KERNEL, without};
  }
  words.emplace_back(BL_WORKER);
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, descriptors.output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, descriptors.errors, STDERR_FILENO);
  if (descriptors.plugin >= 0) {
    posix_spawn_file_actions_adddup2(&actions, descriptors.plugin, 3);
  }
  if (descriptors.channel >= 0) {
    posix_spawn_file_actions_adddup2(&actions, descriptors.channel, 4);
    posix_spawn_file_actions_adddup2(&actions, descriptors.cancel_page, 5);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, descriptors.channel >= 0  ? 6
                                                     : descriptors.plugin >= 0 ? 4
                                                                               : 3);
  pid_t process = -1;
  EXPECT_EQ(posix_spawn(&process, words[0].c_str(), &actions, nullptr, pointers.data(), environ),
            0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  return {move_up(ends[0]), move_up(ends[1])};
}

Exit collect_exit(pid_t process, int output, int errors) {
  Exit result;
  result.output = read_to_end(output);
  result.errors = read_to_end(errors);
  int status = 0;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

bool read_exactly(int descriptor, char* out, std::size_t size) {
  while (size > 0) {
    if (!wait_readable(descriptor)) {
      ADD_FAILURE() << "the worker sends nothing";
      return false;
    }
    const ssize_t part = ::read(descriptor, out, size);
    if (part <= 0) {
      return false;
    }
    out += part;
    size -= static_cast<std::size_t>(part);
  }
  return true;
}

}  // namespace

std::string plugin(const std::string& name) {
  return std::string(BL_TEST_PLUGINS) + "/" + name + ".so";
}

Exit run_worker(const std::vector<std::string>& arguments, const Without& without) {
  const std::array<int, 2> output = make_pipe();
  const std::array<int, 2> errors = make_pipe();
  const int bytes = arguments.size() > 1 ? read_into_memory(arguments[1]) : -1;
  const pid_t process = spawn(arguments, {output[1], errors[1], bytes}, without);
  close(bytes);
  close(output[1]);
  close(errors[1]);
  Exit result = collect_exit(process, output[0], errors[0]);
  close(output[0]);
  close(errors[0]);
  return result;
}

WorkerProcess::WorkerProcess(const std::string& plugin_file,
                             const std::vector<std::string>& more_arguments,
                             const Without& without) {
  std::vector<std::string> arguments = {"--run", plugin_file, "--granted", "4294967295"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  std::array<int, 2> sockets = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
  channel_ = move_up(sockets[0]);
  const int their_channel = move_up(sockets[1]);
  cancel_page_ = move_up(memfd_create("cancel", MFD_CLOEXEC));
  EXPECT_EQ(ftruncate(cancel_page_, 1), 0);
  const std::array<int, 2> output = make_pipe();
  const std::array<int, 2> errors = make_pipe();
  const int bytes = read_into_memory(plugin_file);
  process_ = spawn(arguments, {output[1], errors[1], bytes, their_channel, cancel_page_}, without);
  close(bytes);
  close(their_channel);
  close(output[1]);
  close(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
}

WorkerProcess::~WorkerProcess() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close_channel();
  close(cancel_page_);
  close(output_);
  close(errors_);
}

void WorkerProcess::start(std::string_view options) {
  wire::Start message;
  message.options = options;
  start(message);
}

void WorkerProcess::start(const wire::Start& start) {
  expect(FrameType::hello);
  send(FrameType::start, encode(start));
}

void WorkerProcess::send(FrameType type, std::string_view payload) {
  std::string frame;
  wire::append_frame(frame, type, next_sent_++, payload);
  send_raw(frame);
}

void WorkerProcess::send_refused(std::uint8_t code, std::string_view text) {
  send(FrameType::refused, encode(wire::Refused{code, text}));
}

void WorkerProcess::send_raw(std::string_view bytes) {
  EXPECT_EQ(::send(channel_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

std::optional<Frame> WorkerProcess::read() {
  std::array<char, wire::kHeaderBytes> bytes = {};
  if (!read_exactly(channel_, bytes.data(), bytes.size())) {
    return std::nullopt;
  }
  const auto header = wire::decode_header({bytes.data(), bytes.size()});
  if (!header) {
    ADD_FAILURE() << header.error().message();
    return std::nullopt;
  }
  EXPECT_EQ(header->id, next_received_++);
  Frame frame = {header->type, std::string(header->length, '\0')};
  if (!read_exactly(channel_, frame.payload.data(), frame.payload.size())) {
    return std::nullopt;
  }
  return frame;
}

Frame WorkerProcess::expect(FrameType type) {
  const std::optional<Frame> frame = read();
  if (!frame) {
    ADD_FAILURE() << "the stream ended, expected type " << static_cast<int>(type);
    return {};
  }
  EXPECT_EQ(static_cast<int>(frame->type), static_cast<int>(type));
  return *frame;
}

std::vector<Frame> WorkerProcess::finish() {
  std::vector<Frame> frames;
  while (std::optional<Frame> frame = read()) {
    frames.push_back(*frame);
    if (frame->type == FrameType::commit) {
      send(FrameType::committed, "");
    }
    if (frame->type == FrameType::done) {
      break;
    }
  }
  return frames;
}

void WorkerProcess::cancel() { EXPECT_EQ(pwrite(cancel_page_, "\1", 1, 0), 1); }

void WorkerProcess::close_channel() {
  if (channel_ >= 0) {
    close(channel_);
    channel_ = -1;
  }
}

Exit WorkerProcess::wait() {
  Exit result = collect_exit(process_, output_, errors_);
  process_ = -1;
  return result;
}

}  // namespace baselined::worker
