// Turn: how long one connection keeps the engine's thread inside a call of libcurl.
//
// libcurl and OpenSSL read on, inside one call, while records come that hold nothing for them:
// empty frames of HTTP/2, messages of TLS. A server that sends nothing else would keep the thread,
// past every deadline and from every other connection; nobody but OpenSSL sees each record. Such a
// connection is ended: its next read fails. So is a proxy whose refusal never ends.
// Ownership: outlives every connection. Threads: the engine's only.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <set>
#include <string_view>
#include <vector>

namespace baselined::broker {

class Turn {
 public:
  // Far more processor time than a call takes that has something to do, which reads at most 1.6 MB
  // of one connection, and little enough for eight requests that meet this at once: nobody is held
  // up for a second.
  static constexpr std::chrono::milliseconds kLongest{100};
  // What one step counts at most. Such a flood is many small ones; a long one is work of our own
  // (reading a ca_file, a large key).
  static constexpr std::chrono::milliseconds kLongestStep{2};

  // Libcurl gets the thread.
  void begin() { readers_.clear(); }
  // This reader has read something. True where it has kept the thread for too long.
  bool is_over(const void* reader);
  // What went before was our own work, and no reader's.
  void worked();
  // Of connections made with this context.
  void watch(SSL_CTX* context);
  // Whether the other side has said that it ends this connection. Else anybody may have cut it.
  bool was_closed(const void* ssl) const { return closed_.contains(ssl); }

 private:
  // Several: behind a proxy that is reached with TLS, two take turns with each record.
  struct Reader {
    const void* who;
    std::chrono::nanoseconds spent;
  };

  static void on_message(int is_sent, int version, int type, const void* bytes, std::size_t size,
                         SSL* ssl, void* self);
  void note_end(bool is_sent, int type, std::string_view message, const SSL* ssl);

  std::set<const void*> closed_;     // of connections that may be gone
  std::vector<Reader> readers_;      // in this turn
  std::chrono::nanoseconds last_{};  // of this thread's processor time, when one of them read
};

}  // namespace baselined::broker
