// Turn: how long one connection keeps the engine's thread inside a call of libcurl.
//
// libcurl and OpenSSL read on, inside one call, while records come that hold nothing for them:
// empty frames of HTTP/2, messages of TLS. A server that sends nothing else would keep the thread,
// past every deadline and from every other connection; nobody but OpenSSL sees each record. Such a
// connection is ended: its next read fails. Ownership: outlives every connection. Threads: the
// engine's only.
#pragma once

#include <openssl/ssl.h>

#include "daemon/base/time.h"

namespace baselined::broker {

class Turn {
 public:
  // Far more than a call takes that has something to do: at most 1.6 MB of one connection.
  static constexpr std::chrono::milliseconds kLongest{500};

  // Libcurl gets the thread.
  void begin() { reading_ = nullptr; }
  // Of connections made with this context.
  void watch(SSL_CTX* context);

 private:
  static void on_message(int is_sent, int version, int type, const void* bytes, std::size_t size,
                         SSL* ssl, void* self);

  const SSL* reading_ = nullptr;  // that read last, in this turn
  SteadyTime since_{};
};

}  // namespace baselined::broker
