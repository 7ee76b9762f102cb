#include "tests/integration/escape/attempt.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace escape {

std::vector<Attempt> all_attempts() {
  std::vector<Attempt> all;
  for (const auto& some : {read_attempts(), path_attempts(), write_attempts(), metadata_attempts(),
                           socket_attempts(), program_attempts(), process_attempts(),
                           signal_attempts(), self_attempts(), kernel_attempts()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

int make(const Attempt& attempt, Targets on, const std::string& outside) {
  on.own = outside + "/" + std::string(attempt.name);
  return attempt.make(on);
}

std::string line_of(const Attempt& attempt, int result) {
  const char* name = strerrorname_np(result);
  return std::string(attempt.group) + " " + std::string(attempt.name) + " " +
         (name == nullptr ? "?" : name);
}

int in_child(const std::function<int()>& make) {
  const pid_t child = fork();
  if (child < 0) {
    return make();
  }
  if (child == 0) {
    _exit(make());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

int read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char byte = 0;
  const int result = outcome(file < 0 ? file : pread(file, &byte, 1, 0));
  close(file);
  return result;
}

int list_folder(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) {
    return errno;
  }
  errno = 0;
  const bool has_name = readdir(folder) != nullptr;
  const int result = has_name ? 0 : errno;
  closedir(folder);
  return result;
}

int map_a_byte(int file, int protection) {
  void* map = mmap(nullptr, 1, protection, MAP_SHARED, file, 0);
  const int result = outcome(map == MAP_FAILED ? -1 : 0);
  close(file);
  return result;
}

}  // namespace escape
