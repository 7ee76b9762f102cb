#include "tests/unit/broker/tls_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "tests/unit/broker/peer.h"

namespace baselined::test {
namespace {

template <class Write>
std::string pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

template <class Read>
auto read_pem(const std::string& text, Read read) {
  BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  auto* const value = read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return value;
}

void add_extension(X509* certificate, int id, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

bool is_readable(int descriptor, int milliseconds) {
  pollfd read{descriptor, POLLIN, 0};
  return ::poll(&read, 1, milliseconds) > 0;
}

std::string frame(char type, char flags, const std::string& stream, std::string_view content) {
  std::string text = {'\0', static_cast<char>(content.size() >> 8U),
                      static_cast<char>(content.size() & 0xffU), type, flags};
  return text.append(stream).append(content);
}

// The streams, as frames name them, of the requests from there on, which moves to their end.
std::vector<std::string> asked_streams(const std::string& received, std::size_t& at) {
  constexpr char kHeaders = 1;
  std::vector<std::string> streams;
  while (at + 9 <= received.size()) {
    if (received[at + 3] == kHeaders) {
      streams.push_back(received.substr(at + 5, 4));
    }
    at += 9U + static_cast<unsigned char>(received[at + 1]) * 256U +
          static_cast<unsigned char>(received[at + 2]);
  }
  return streams;
}

void send_for_ever(int descriptor, const std::string& record) {
  const auto end = std::chrono::steady_clock::now() + kForEver;
  std::string many;
  while (many.size() < (std::size_t{1} << 22U)) {
    many += record;
  }
  std::size_t at = 0;
  ssize_t sent = 0;
  while (sent >= 0 && std::chrono::steady_clock::now() < end) {
    sent = ::send(descriptor, many.data() + at, many.size() - at, MSG_NOSIGNAL);
    at = (at + static_cast<std::size_t>(std::max<ssize_t>(sent, 0))) % many.size();
  }
}

}  // namespace

Certificate make_certificate(const CertificateWish& wish) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.begins_in_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.ends_in_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, name);
  if (!wish.name.empty()) {
    add_extension(certificate, NID_subject_alt_name, wish.name);
  }
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate, key, EVP_sha256());
  Certificate result{pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); }),
                     pem([&](BIO* bio) {
                       PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
                     })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return result;
}

TlsPeer::TlsPeer(const Certificate& certificate, std::string answer, const TlsPeerOptions& options)
    : answer_(std::move(answer)),
      updates_keys_for_ever_(options.updates_keys_for_ever),
      never_shakes_hands_(options.never_shakes_hands),
      sends_empty_frames_(options.sends_empty_frames),
      sends_trailers_(options.sends_trailers),
      answers_streams_(options.answers_streams || options.falls_silent),
      falls_silent_(options.falls_silent),
      refuses_streams_(options.refuses_streams),
      just_closes_(options.just_closes),
      tunnels_to_(options.tunnels_to),
      context_(SSL_CTX_new(TLS_server_method())),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  X509* shown = read_pem(certificate.certificate_pem, PEM_read_bio_X509);
  EVP_PKEY* key = read_pem(certificate.key_pem, PEM_read_bio_PrivateKey);
  SSL_CTX_use_certificate(context_, shown);
  SSL_CTX_use_PrivateKey(context_, key);
  X509_free(shown);
  EVP_PKEY_free(key);
  if (options.highest_version != 0) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, options.highest_version);
    SSL_CTX_set_max_proto_version(context_, options.highest_version);
  }
  if (!options.client_certificate_pem.empty()) {
    X509* client = read_pem(options.client_certificate_pem, PEM_read_bio_X509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), client);
    X509_free(client);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  SSL_CTX_set_alpn_select_cb(context_, &TlsPeer::on_protocols, this);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, general, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, general, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve_all(); });
}

TlsPeer::~TlsPeer() {
  is_over_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  for (std::thread& connection : connections_at_once_) {
    connection.join();
  }
  ::close(listener_);
  SSL_CTX_free(context_);
}

int TlsPeer::on_protocols(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                          const unsigned char* offered, unsigned int size, void* self) {
  auto& peer = *static_cast<TlsPeer*>(self);
  const std::lock_guard lock(peer.mutex_);
  peer.offered_.assign(reinterpret_cast<const char*>(offered), size);
  if (!peer.sends_empty_frames_ && !peer.sends_trailers_ && !peer.refuses_streams_ &&
      !peer.answers_streams_) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  static constexpr unsigned char kHttp2[] = {'h', '2'};
  *chosen = kHttp2;
  *chosen_size = sizeof(kHttp2);
  return SSL_TLSEXT_ERR_OK;
}

void TlsPeer::serve_all() {
  sigset_t pipe{};  // OpenSSL writes to a client that is gone
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!is_over_) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) {
      continue;
    }
    ++connections_;
    const timeval patience{5, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (answers_streams_) {
      connections_at_once_.emplace_back([this, descriptor] { serve(descriptor); });
    } else {
      serve(descriptor);
    }
  }
}

void TlsPeer::serve(int descriptor) {
  if (never_shakes_hands_) {
    send_for_ever(descriptor, std::string("\x16\x03\x03\x40\x00", 5) + std::string(16384, '\0'));
    ::close(descriptor);
    return;
  }
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, descriptor);
  if (SSL_accept(ssl) == 1) {
    note_ciphers(ssl);
    std::string request;
    std::array<char, 16384> bytes{};
    int size = 0;
    while (request.find("\r\n\r\n") == std::string::npos &&
           (size = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()))) > 0) {
      request.append(bytes.data(), static_cast<std::size_t>(size));
    }
    if (!request.empty() && !refuses_streams_ && !answers_streams_) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (sends_empty_frames_ || sends_trailers_) {
      send_frames(ssl);
    } else if (answers_streams_) {
      answer_streams(ssl, descriptor, request);
    } else if (refuses_streams_) {
      refuse_stream(ssl, request);
    } else if (tunnels_to_ != 0) {
      tunnel(ssl, descriptor);
    } else if (updates_keys_for_ever_) {
      update_keys(ssl, descriptor);
    } else {
      SSL_write(ssl, answer_.data(), static_cast<int>(answer_.size()));
      if (!just_closes_) {
        SSL_shutdown(ssl);
      }
    }
  }
  SSL_free(ssl);
  ::close(descriptor);
}

// Settings, ":status: 200" for the first request, and then data without bytes, or "{}" and "x: y"
// as a trailer that is not the last.
void TlsPeer::send_frames(SSL* ssl) const {
  constexpr std::string_view kBegin(
      "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
      "\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88"
      "\x00\x00\x02\x00\x00\x00\x00\x00\x01{}",
      30);
  constexpr std::string_view kEmpty("\x00\x00\x00\x00\x00\x00\x00\x00\x01", 9);
  constexpr std::string_view kTrailer("\x00\x00\x05\x01\x04\x00\x00\x00\x01\x00\x01x\x01y", 14);
  std::string many;
  while (many.size() < 16'000) {
    many += sends_trailers_ ? kTrailer : kEmpty;
  }
  const auto end = std::chrono::steady_clock::now() + kForEver;
  bool goes_on = SSL_write(ssl, kBegin.data(), static_cast<int>(kBegin.size())) > 0;
  while (goes_on && !is_over_ && std::chrono::steady_clock::now() < end) {
    goes_on = SSL_write(ssl, many.data(), static_cast<int>(many.size())) > 0;
  }
}

// Settings, and REFUSED_STREAM for the first request, where one comes. Until the client closes.
void TlsPeer::refuse_stream(SSL* ssl, std::string received) {
  constexpr std::string_view kSettings("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9);
  constexpr std::string_view kRefusal("\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07", 13);
  constexpr char kHeaders = 1;
  SSL_write(ssl, kSettings.data(), static_cast<int>(kSettings.size()));
  std::array<char, 1024> bytes{};
  std::size_t frame = 24;  // after the preface
  int size = 0;
  do {
    received.append(bytes.data(), static_cast<std::size_t>(size));
    while (frame + 9 <= received.size()) {
      if (received[frame + 3] == kHeaders) {
        SSL_write(ssl, kRefusal.data(), static_cast<int>(kRefusal.size()));
        const std::lock_guard lock(mutex_);
        requests_.push_back(received);
      }
      frame += 9U + static_cast<unsigned char>(received[frame + 1]) * 256U +
               static_cast<unsigned char>(received[frame + 2]);
    }
  } while ((size = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()))) > 0);
}

// Settings, and then "{}" to each request, when no other has come for a while. Until the client
// closes.
void TlsPeer::answer_streams(SSL* ssl, int descriptor, std::string received) const {
  constexpr std::string_view kSettings("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9);
  constexpr char kOk = '\x88';
  SSL_write(ssl, kSettings.data(), static_cast<int>(kSettings.size()));
  std::size_t most = falls_silent_ && connections_ == 1 ? 1 : SIZE_MAX;  // answers
  std::size_t at = 24;                                                   // after the preface
  std::array<char, 1024> bytes{};
  int size = 1;
  while (!is_over_ && size > 0) {
    while (size > 0 && (SSL_pending(ssl) > 0 || is_readable(descriptor, 50))) {
      size = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
      received.append(bytes.data(), static_cast<std::size_t>(std::max(size, 0)));
    }
    for (const std::string& stream : asked_streams(received, at)) {
      if (most-- == 0) {
        while (SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size())) > 0) {
        }
        return;
      }
      const std::string answer = frame(1, 4, stream, {&kOk, 1}) + frame(0, 1, stream, "{}");
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    }
  }
}

// What comes back waits until nothing more goes there: many records are in one of the proxy's then.
// Only the client ends it.
void TlsPeer::tunnel(SSL* ssl, int descriptor) const {
  constexpr std::string_view kBegin = "HTTP/1.1 200 OK\r\n\r\n";
  const sockaddr_in address = loopback(tunnels_to_);
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool goes_on =
      ::connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      SSL_write(ssl, kBegin.data(), static_cast<int>(kBegin.size())) > 0;
  std::array<char, 16384> bytes{};
  while (goes_on && !is_over_) {
    if (SSL_pending(ssl) > 0 || is_readable(descriptor, 20)) {
      const int got = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
      goes_on = got > 0 &&
                ::send(other, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    } else if (is_readable(other, 0)) {
      const ssize_t got = ::recv(other, bytes.data(), bytes.size(), 0);
      goes_on = got <= 0 || SSL_write(ssl, bytes.data(), static_cast<int>(got)) == got;
    }
  }
  ::close(other);
}

// Many at once, so that the client always finds another one.
void TlsPeer::update_keys(SSL* ssl, int descriptor) const {
  const auto end = std::chrono::steady_clock::now() + kForEver;
  BIO* const collected = BIO_new(BIO_s_mem());
  SSL_set0_wbio(ssl, collected);
  bool goes_on = true;
  while (goes_on && !is_over_ && std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 2000; ++i) {
      SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(ssl);
    }
    char* bytes = nullptr;
    long left = BIO_get_mem_data(collected, &bytes);
    while (goes_on && left > 0) {
      const ssize_t sent = ::send(descriptor, bytes, static_cast<std::size_t>(left), MSG_NOSIGNAL);
      goes_on = sent > 0;
      bytes += std::max<ssize_t>(sent, 0);
      left -= sent;
    }
    BIO_reset(collected);
  }
}

std::vector<std::string> TlsPeer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TlsPeer::note_ciphers(SSL* ssl) {
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_get_client_ciphers(ssl);
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    offered_ciphers_ += std::string(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i))) + " ";
  }
}

std::string TlsPeer::offered_ciphers() const {
  const std::lock_guard lock(mutex_);
  return offered_ciphers_;
}

std::string TlsPeer::offered_protocols() const {
  const std::lock_guard lock(mutex_);
  return offered_;
}

}  // namespace baselined::test
