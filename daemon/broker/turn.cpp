#include "daemon/broker/turn.h"

#include <openssl/bio.h>

#include <algorithm>

namespace baselined::broker {
namespace {

// Not as if the server had ended it: an answer without a length would be whole then.
void fail_reads(SSL* ssl) {
  if (BIO* const nothing = BIO_new_fd(-1, BIO_NOCLOSE)) {
    SSL_set0_rbio(ssl, nothing);
  }
}

}  // namespace

void Turn::watch(SSL_CTX* context) {
  SSL_CTX_set_msg_callback(context, &Turn::on_message);
  SSL_CTX_set_msg_callback_arg(context, this);
}

// With the head of each record, and with each message.
void Turn::on_message(int is_sent, int /*version*/, int /*type*/, const void* /*bytes*/,
                      std::size_t /*size*/, SSL* ssl, void* self) {
  if (is_sent == 0 && static_cast<Turn*>(self)->is_over(ssl)) {
    fail_reads(ssl);
  }
}

bool Turn::is_over(const void* reader) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto since_last = std::min<SteadyTime::duration>(now - last_, kLongestRecord);
  last_ = now;
  const auto found = std::ranges::find(readers_, reader, &Reader::who);
  if (found == readers_.end()) {
    readers_.push_back({reader, {}});
    return false;
  }
  found->spent += since_last;
  if (found->spent <= kLongest) {
    return false;
  }
  readers_.erase(found);  // its address may soon be another's
  return true;
}

}  // namespace baselined::broker
