#include "daemon/worker/channel.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "daemon/wire/messages.h"

namespace baselined::worker {
namespace {

using wire::FrameType;

Error gone() { return {Error::Code::cancelled, "the connection to the daemon is closed"}; }

bool is_closed(int error) { return error == EPIPE || error == ECONNRESET || error == ENOTCONN; }

Error from_errno(std::string_view call) {
  return is_closed(errno)
             ? gone()
             : Error(Error::Code::internal,
                     fmt::format("{}: {}", call, std::generic_category().message(errno)));
}

// Waits for any of the events; what is there.
Result<short> wait_for(int descriptor, short events) {
  pollfd entry = {descriptor, events, 0};
  while (poll(&entry, 1, -1) < 0) {
    if (errno != EINTR) {
      return from_errno("poll");
    }
  }
  return entry.revents;
}

bool would_block() { return errno == EAGAIN || errno == EINTR; }

// As much as the socket takes now, perhaps nothing.
Result<std::size_t> send_some(int descriptor, std::string_view bytes) {
  const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    return would_block() ? Result<std::size_t>(std::size_t{0}) : from_errno("send");
  }
  return static_cast<std::size_t>(sent);
}

}  // namespace

Error Channel::fail(Error error) {
  if (!failure_) {
    failure_ = std::move(error);
  }
  return *failure_;
}

Error Channel::unexpected(FrameType type) {
  if (type != FrameType::refused) {
    return fail(Error(Error::Code::internal, fmt::format("the daemon sent a frame of type {} at "
                                                         "the wrong time",
                                                         static_cast<int>(type))));
  }
  const auto refused = wire::decode_refused(payload_);
  return fail(refused ? Error(static_cast<Error::Code>(refused->code), std::string(refused->text))
                      : refused.error());
}

Status Channel::send(FrameType type, std::string_view payload) {
  if (failure_) {
    return *failure_;
  }
  // Joined, because the sandbox lets only send() to the daemon, which carries no descriptors.
  frame_.clear();
  wire::append_frame(frame_, type, next_sent_++, payload);
  std::string_view rest = frame_;
  while (!rest.empty()) {
    const auto ready = wait_for(descriptor_, POLLIN | POLLOUT);
    if (!ready) {
      return fail(ready.error());
    }
    if ((*ready & POLLIN) != 0) {
      // Nothing is expected now: a refusal, the end, or a violation.
      BL_TRY(const FrameType received, read_frame());
      return unexpected(received);
    }
    const auto sent = send_some(descriptor_, rest);
    if (!sent) {
      return fail(sent.error());
    }
    rest.remove_prefix(*sent);
  }
  return {};
}

Result<std::string_view> Channel::receive(FrameType expected) {
  if (failure_) {
    return *failure_;
  }
  BL_TRY(const FrameType type, read_frame());
  if (type != expected) {
    return unexpected(type);
  }
  return std::string_view(payload_);
}

Result<FrameType> Channel::read_frame() {
  char bytes[wire::kHeaderBytes];
  BL_CHECK(read_exactly(bytes, sizeof(bytes)));
  auto header = wire::decode_header({bytes, sizeof(bytes)});
  if (!header) {
    return fail(header.error());
  }
  if (header->id != next_received_++) {
    return fail(Error(Error::Code::internal, "a frame from the daemon is missing"));
  }
  payload_.resize(header->length);
  BL_CHECK(read_exactly(payload_.data(), payload_.size()));
  return header->type;
}

Status Channel::read_exactly(char* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t received = recv(descriptor_, out + done, size - done, 0);
    if (received == 0) {
      return fail(gone());
    }
    if (received < 0 && errno != EINTR) {
      return fail(from_errno("recv"));
    }
    done += received < 0 ? 0 : static_cast<std::size_t>(received);
  }
  return {};
}

}  // namespace baselined::worker
