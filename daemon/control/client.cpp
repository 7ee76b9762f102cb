// The blocking side, for the command line: plain system calls, every one repeated after a signal.
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "daemon/control/control.h"
#include "daemon/control/socket_path.h"

namespace baselined::control {
namespace {

// Far above what the daemon may queue for a client.
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20U;

std::string describe(int error_number) { return std::generic_category().message(error_number); }

template <class Call>
auto repeat(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

}  // namespace

Result<std::optional<ControlClient>> ControlClient::connect(const std::filesystem::path& socket) {
  BL_TRY(const sockaddr_un address, socket_address(socket));
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return Error(Error::Code::transient, "cannot open a socket: " + describe(errno));
  }
  ControlClient client(descriptor);
  const int connected = repeat([&] {
    return ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  });
  if (connected == 0) {
    return std::optional<ControlClient>(std::move(client));
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED) {
    return std::optional<ControlClient>();
  }
  const char* advice = errno == EACCES ? "; run this as the daemon's user or as root" : "";
  return Error(Error::Code::transient, fmt::format("cannot reach the daemon at {}: {}{}",
                                                   socket.native(), describe(errno), advice));
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

ControlClient::~ControlClient() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Status ControlClient::send(const json::object& request) {
  std::string line = json::serialize(request);
  line.push_back('\n');
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t size =
        repeat([&] { return ::send(descriptor_, &line[sent], line.size() - sent, MSG_NOSIGNAL); });
    if (size < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      return {};  // refused before it was all sent: the answer says why, or receive() fails
    }
    if (size < 0) {
      return Error(Error::Code::transient, "the daemon took no request: " + describe(errno));
    }
    sent += static_cast<std::size_t>(size);
  }
  return {};
}

Result<json::object> ControlClient::receive() {
  std::array<char, 16384> bytes{};
  std::size_t searched = 0;
  std::size_t end = buffer_.find('\n');
  while (end == std::string::npos) {
    searched = buffer_.size();
    if (searched > kMaxLineBytes) {
      return Error(Error::Code::data, "the daemon's answer is too long");
    }
    const ssize_t size = repeat([&] { return ::recv(descriptor_, bytes.data(), bytes.size(), 0); });
    if (size < 0) {
      return Error(Error::Code::transient, "the daemon's answer was cut off: " + describe(errno));
    }
    if (size == 0) {
      return Error(Error::Code::transient,
                   "the daemon closed the connection before it was done; see its log");
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    end = buffer_.find('\n', searched);
  }
  BL_TRY(json::value value, parse_json(std::string_view(buffer_).substr(0, end)));
  buffer_.erase(0, end + 1);
  if (!value.is_object()) {
    return Error(Error::Code::data, "the daemon's answer is not a JSON object");
  }
  return std::move(value.as_object());
}

}  // namespace baselined::control
