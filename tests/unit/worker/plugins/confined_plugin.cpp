// A plugin that tries one thing and logs how it went: {"do":"<what>","on":"<what it is done on>"}.
// "ok", "ok: <what it found>", or the name of the errno.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <baselined/plugin.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using baselined::Run;

constexpr bl_column kColumns[] = {baselined::column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("things", "thing/1", kColumns)};
constexpr baselined::About kAbout{.id = "org.example.confined",
                                  .version = "1.0.0",
                                  .summary = "Tries what its sandbox lets it",
                                  .config_schema = R"({"type":"object"})"};

std::string told(long answer) { return answer < 0 ? strerrorname_np(errno) : "ok"; }

std::string start_thread(const std::string& /*on*/) {
  bool has_run = false;
  try {
    std::thread([&has_run] { has_run = true; }).join();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return has_run ? "ok" : "it did not run";
}

sockaddr_in loopback(const std::string& port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <class Call>
std::string with_socket(int type, const std::string& port, const Call& call) {
  const int opened = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (opened < 0) {
    return "socket: " + told(opened);
  }
  const sockaddr_in address = loopback(port);
  std::string result = told(call(opened, reinterpret_cast<const sockaddr*>(&address)));
  close(opened);
  return result;
}

std::string connect_to(const std::string& port) {
  return with_socket(SOCK_STREAM, port, [](int opened, const sockaddr* address) {
    return connect(opened, address, sizeof(sockaddr_in));
  });
}

std::string bind_to(const std::string& port) {
  return with_socket(SOCK_STREAM, port, [](int opened, const sockaddr* address) {
    return bind(opened, address, sizeof(sockaddr_in));
  });
}

// Without bind() before it the system would choose a port.
std::string listen_anywhere(const std::string& port) {
  return with_socket(SOCK_STREAM, port,
                     [](int opened, const sockaddr*) { return listen(opened, 1); });
}

std::string open_raw(const std::string& port) {
  return with_socket(SOCK_RAW, port, [](int, const sockaddr*) { return 0; });
}

std::string read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<char, 100> bytes = {};
  const ssize_t size = file < 0 ? file : read(file, bytes.data(), bytes.size());
  std::string result = told(size);
  close(file);
  return size > 0 ? result + ": " + std::string(bytes.data(), static_cast<std::size_t>(size))
                  : result;
}

std::string list_folder(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) {
    return told(-1);
  }
  closedir(folder);
  return "ok";
}

std::string change_mode(const std::string& path) { return told(chmod(path.c_str(), 0777)); }

// "/bin/true", with arguments behind spaces.
std::string run_program(const std::string& command) {
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  pid_t child = 0;
  errno = posix_spawn(&child, pointers[0], nullptr, nullptr, pointers.data(), environ);
  if (errno != 0) {
    return told(-1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return "exit " + std::to_string(WEXITSTATUS(status));
}

using Behaviour = std::string (*)(const std::string&);
const std::map<std::string_view, Behaviour>& behaviours() {
  static const std::map<std::string_view, Behaviour> kAll = {
      {"thread", &start_thread},
      {"connect", &connect_to},
      {"bind", &bind_to},
      {"listen", &listen_anywhere},
      {"raw", &open_raw},
      {"read", &read_file},
      {"list", &list_folder},
      {"chmod", &change_mode},
      {"program", &run_program},
      {"nothing", [](const std::string&) -> std::string { return "ok"; }},
  };
  return kAll;
}

// Options are canonical JSON, and these are two texts without anything to escape.
std::string option(std::string_view options, const std::string& name) {
  const std::string front = "\"" + name + "\":\"";
  options.remove_prefix(options.find(front) + front.size());
  return std::string(options.substr(0, options.find('"')));
}

class Confined {
 public:
  Confined(std::string_view options, Run& /*run*/)
      : do_(option(options, "do")), on_(option(options, "on")) {}
  void collect(Run& run) const { run.info(behaviours().at(do_)(on_)); }

 private:
  std::string do_;
  std::string on_;
};

}  // namespace

BL_PLUGIN(Confined, kAbout, kStreams)
