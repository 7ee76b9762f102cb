#include "daemon/broker/turn.h"

#include <openssl/bio.h>

#include <algorithm>
#include <ctime>

namespace baselined::broker {
namespace {

// Of this thread: one that was stopped, or waits for a processor, reads nothing meanwhile.
std::chrono::nanoseconds processor_time() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

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
void Turn::on_message(int is_sent, int /*version*/, int type, const void* bytes, std::size_t size,
                      SSL* ssl, void* self) {
  static_cast<Turn*>(self)->note_end(is_sent != 0, type, {static_cast<const char*>(bytes), size},
                                     ssl);
  if (is_sent == 0 && static_cast<Turn*>(self)->is_over(ssl)) {
    fail_reads(ssl);
  }
}

void Turn::note_end(bool is_sent, int type, std::string_view message, const SSL* ssl) {
  if (is_sent && type == SSL3_RT_HANDSHAKE && message.starts_with(char{SSL3_MT_CLIENT_HELLO})) {
    closed_.erase(ssl);  // a new one, where an old one was
  } else if (!is_sent && type == SSL3_RT_ALERT && message.ends_with(char{SSL3_AD_CLOSE_NOTIFY})) {
    closed_.insert(ssl);
  }
}

void Turn::worked() { last_ = processor_time(); }

bool Turn::is_over(const void* reader) {
  const std::chrono::nanoseconds now = processor_time();
  const auto since_last = std::min<std::chrono::nanoseconds>(now - last_, kLongestStep);
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
