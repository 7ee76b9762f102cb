// Turn: how long one connection keeps the engine's thread inside a call of libcurl.
//
// libcurl and OpenSSL read on, inside one call, while records come that hold nothing for them:
// empty frames of HTTP/2, messages of TLS. A server that sends nothing else would keep the thread,
// past every deadline and from every other connection; nobody but OpenSSL sees each record. Such a
// connection is ended: its next read fails. So is a proxy whose refusal never ends.
// Ownership: outlives every connection. Threads: the engine's only.
#pragma once

#include <openssl/ssl.h>

#include <vector>

#include "daemon/base/time.h"

namespace baselined::broker {

class Turn {
 public:
  // Far more than a call takes that has something to do: at most 1.6 MB of one connection.
  static constexpr std::chrono::milliseconds kLongest{500};
  // What one record counts at most: a process that was stopped, or got no processor, read nothing.
  static constexpr std::chrono::milliseconds kLongestRecord{20};

  // Libcurl gets the thread.
  void begin() { readers_.clear(); }
  // This reader has read something. True where it has kept the thread for too long.
  bool is_over(const void* reader);
  // What went before was our own work, and no reader's.
  void worked() { last_ = std::chrono::steady_clock::now(); }
  // Of connections made with this context.
  void watch(SSL_CTX* context);

 private:
  // Several: behind a proxy that is reached with TLS, two take turns with each record.
  struct Reader {
    const void* who;
    SteadyTime::duration spent;
  };

  static void on_message(int is_sent, int version, int type, const void* bytes, std::size_t size,
                         SSL* ssl, void* self);

  std::vector<Reader> readers_;  // in this turn
  SteadyTime last_{};            // when one of them read
};

}  // namespace baselined::broker
