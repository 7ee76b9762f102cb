#include "daemon/broker/turn.h"

namespace baselined::broker {

void Turn::watch(SSL_CTX* context) {
  SSL_CTX_set_msg_callback(context, &Turn::on_message);
  SSL_CTX_set_msg_callback_arg(context, this);
}

// With the head of each record, and with each message.
void Turn::on_message(int is_sent, int /*version*/, int /*type*/, const void* /*bytes*/,
                      std::size_t /*size*/, SSL* ssl, void* self) {
  Turn& turn = *static_cast<Turn*>(self);
  if (is_sent != 0) {
    return;
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  if (turn.reading_ != ssl) {
    turn.reading_ = ssl;
    turn.since_ = now;
  } else if (now - turn.since_ > kLongest) {
    SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
  }
}

}  // namespace baselined::broker
