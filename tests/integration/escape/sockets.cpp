// Ways to talk to somebody else.
#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

int open_socket(int family, int type, int protocol = 0) {
  const int opened = socket(family, type | SOCK_CLOEXEC, protocol);
  const int result = outcome(opened);
  close(opened);
  return result;
}

template <class Address>
int connect_to(int type, const Address& address) {
  const auto* general = reinterpret_cast<const sockaddr*>(&address);
  const int opened = socket(general->sa_family, type | SOCK_CLOEXEC, 0);
  const int result = outcome(opened < 0 ? opened : connect(opened, general, sizeof(address)));
  close(opened);
  return result;
}

sockaddr_in address_v4(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_in6 address_v6(int port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  address.sin6_addr = in6addr_loopback;
  return address;
}

sockaddr_un address_of(std::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// A name that no file has: the first byte is 0.
int bind_abstract() {
  sockaddr_un address = address_of("?baselined-escape");
  address.sun_path[0] = '\0';
  const int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int result = outcome(
      opened < 0 ? opened
                 : bind(opened, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  close(opened);
  return result;
}

int listen_v4() {
  const sockaddr_in address = address_v4(0);
  const int opened = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(opened, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int result = errno;
    close(opened);
    return result;
  }
  const int result = outcome(listen(opened, 1));
  close(opened);
  return result;
}

int send_datagram(int port) {
  const sockaddr_in address = address_v4(port);
  const int opened = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int result =
      outcome(opened < 0 ? opened
                         : sendto(opened, "x", 1, 0, reinterpret_cast<const sockaddr*>(&address),
                                  sizeof(address)));
  close(opened);
  return result;
}

int make_pair() {
  std::array<int, 2> ends = {-1, -1};
  const int result = outcome(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
  close(ends[0]);
  close(ends[1]);
  return result;
}

// A descriptor for the daemon to receive, and no bytes: those would be a frame that is none.
int send_descriptor(int channel) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
  msghdr message = {};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int sent = 0;
  std::memcpy(CMSG_DATA(header), &sent, sizeof(sent));
  return outcome(sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

int open_queue() {
  const mqd_t queue = mq_open("/baselined-escape", O_CREAT | O_RDWR, 0600, nullptr);
  const int result = outcome(queue);
  if (result == 0) {
    mq_close(queue);
    mq_unlink("/baselined-escape");
  }
  return result;
}

int open_shared_memory() {
  const int memory = shm_open("/baselined-escape", O_CREAT | O_RDWR, 0600);
  const int result = outcome(memory);
  if (result == 0) {
    close(memory);
    shm_unlink("/baselined-escape");
  }
  return result;
}

int open_semaphore() {
  sem_t* semaphore = sem_open("/baselined-escape", O_CREAT, 0600, 0);
  if (semaphore == SEM_FAILED) {
    return errno;
  }
  sem_close(semaphore);
  sem_unlink("/baselined-escape");
  return 0;
}

template <class Remove>
int of_system_v(int id, const Remove& remove) {
  const int result = outcome(id);
  if (result == 0) {
    remove(id);
  }
  return result;
}

constexpr Attempt kSockets[] = {
    {"sockets", "connect_v4",
     [](const Targets& on) { return connect_to(SOCK_STREAM, address_v4(on.port)); }},
    {"sockets", "connect_v6",
     [](const Targets& on) { return connect_to(SOCK_STREAM, address_v6(on.port)); }},
    {"sockets", "send_datagram", [](const Targets& on) { return send_datagram(on.port); }},
    {"sockets", "listen_v4", [](const Targets&) { return listen_v4(); }},
    {"sockets", "listen_abstract", [](const Targets&) { return bind_abstract(); }},
    {"sockets", "connect_to_the_control_socket",
     [](const Targets& on) {
       return connect_to(SOCK_STREAM, address_of(on.state + "/control.sock"));
     }},
    {"sockets", "unix_socket", [](const Targets&) { return open_socket(AF_UNIX, SOCK_DGRAM); }},
    {"sockets", "pair_of_sockets", [](const Targets&) { return make_pair(); }},
    {"sockets", "raw_socket",
     [](const Targets&) { return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
    {"sockets", "raw_socket_v6",
     [](const Targets&) { return open_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); }},
    {"sockets", "packet_socket", [](const Targets&) { return open_socket(AF_PACKET, SOCK_RAW); }},
    {"sockets", "netlink_socket",
     [](const Targets&) { return open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }},
    {"sockets", "vsock", [](const Targets&) { return open_socket(AF_VSOCK, SOCK_STREAM); }},
    {"sockets", "socket_of_ciphers",
     [](const Targets&) { return open_socket(AF_ALG, SOCK_SEQPACKET); }},
    {"sockets", "send_a_descriptor", [](const Targets& on) { return send_descriptor(on.channel); }},
    {"sockets", "message_queue", [](const Targets&) { return open_queue(); }},
    {"sockets", "shared_memory", [](const Targets&) { return open_shared_memory(); }},
    {"sockets", "named_semaphore", [](const Targets&) { return open_semaphore(); }},
    {"sockets", "system_v_memory",
     [](const Targets&) {
       return of_system_v(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600),
                          [](int id) { shmctl(id, IPC_RMID, nullptr); });
     }},
    {"sockets", "system_v_semaphore",
     [](const Targets&) {
       return of_system_v(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600),
                          [](int id) { semctl(id, 0, IPC_RMID); });
     }},
    {"sockets", "system_v_queue",
     [](const Targets&) {
       return of_system_v(msgget(IPC_PRIVATE, IPC_CREAT | 0600),
                          [](int id) { msgctl(id, IPC_RMID, nullptr); });
     }},
};

}  // namespace

std::span<const Attempt> socket_attempts() { return kSockets; }

}  // namespace escape
