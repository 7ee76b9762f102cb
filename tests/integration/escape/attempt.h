// What a plugin tries in order to get out: one small function for each attempt.
//
// The escape plugin makes them all inside its sandbox, where each has to fail; the program
// escape_unconfined makes them outside of any, where most succeed: that shows that they are real.
// Each would do no harm where it succeeds: it works on a folder of its own, sends signal 0, sets
// what is set already, passes arguments that the kernel refuses.
// Threads: one.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace escape {

struct Targets {
  std::string own;      // a folder for this attempt alone, never granted: "file", "folder", "link"
  std::string granted;  // the folder that fs_read opens, where it is granted
  std::string state;    // the daemon's: database, key, socket
  std::string configuration;
  pid_t daemon = 0;
  pid_t worker = 0;  // of another collector
  int port = 0;      // on 127.0.0.1 and ::1, somebody listens
  // What a worker is started with.
  int image = -1;
  int channel = -1;
  // In the memory of `daemon`, where it is known.
  char* address = nullptr;
};

// 0: it succeeded; otherwise the errno that stopped it.
using Make = int (*)(const Targets&);

struct Attempt {
  std::string_view group;
  std::string_view name;
  Make make;
  // For one that no test makes without the sandbox, harmless as it is.
  bool is_confined_only = false;
};

std::span<const Attempt> read_attempts();
std::span<const Attempt> path_attempts();
std::span<const Attempt> write_attempts();
std::span<const Attempt> metadata_attempts();
std::span<const Attempt> socket_attempts();
std::span<const Attempt> program_attempts();
std::span<const Attempt> process_attempts();
std::span<const Attempt> signal_attempts();
std::span<const Attempt> self_attempts();
std::span<const Attempt> kernel_attempts();
std::vector<Attempt> all_attempts();

// Below `outside` every attempt has a folder, named like it.
int make(const Attempt& attempt, Targets on, const std::string& outside);
// "GROUP NAME 0", or with the name of the errno instead of 0.
std::string line_of(const Attempt& attempt, int result);

// Of a call that answers a negative number when it fails.
inline int outcome(long answer) { return answer < 0 ? errno : 0; }

// In a child where one can be made: it may replace this process, or end it.
int in_child(const std::function<int()>& make);

// Reads one byte.
int read_file(const std::string& path);
// Reads the first name.
int list_folder(const std::string& path);
// A byte of it, shared with whoever else has it; closes it.
int map_a_byte(int file, int protection);

}  // namespace escape
