// A TLS server on 127.0.0.1 with a certificate made for the test. Answers every request the same.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace baselined::test {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateWish {
  std::string name = "DNS:localhost";  // empty: only the common name
  std::string common_name = "test";
  long begins_in_s = -3600;
  long ends_in_s = 3600;
};
// Signed by itself.
Certificate make_certificate(const CertificateWish& wish = {});

// What a peer sends "for ever". Who is not held by it is done before.
inline constexpr std::chrono::seconds kForEver{10};

struct TlsPeerOptions {
  std::string client_certificate_pem = {};  // that a client must show; empty: none
  int highest_version = 0;                  // TLS1_1_VERSION ...; 0: the library's
  bool updates_keys_for_ever = false;       // instead of answering
  bool never_shakes_hands = false;          // it sends HelloRequest for ever
  bool sends_empty_frames = false;          // of HTTP/2, for ever
  bool refuses_streams = false;             // of HTTP/2: nothing was done, ask again
  bool answers_streams = false;             // of HTTP/2, as many as come at once
  bool falls_silent = false;                // so, but the first connection answers once only
  bool sends_trailers = false;              // of HTTP/2, for ever, after a whole answer
  bool just_closes = false;                 // after its answer, without TLS saying so
  std::uint16_t tunnels_to = 0;             // as a proxy, to that port here; 0: it does not
};

class TlsPeer {
 public:
  TlsPeer(const Certificate& certificate, std::string answer, const TlsPeerOptions& options = {});
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "https://localhost:" + std::to_string(port_); }
  std::vector<std::string> requests() const;
  std::string offered_protocols() const;  // as ALPN sends them
  std::string offered_ciphers() const;    // by OpenSSL's names
  std::size_t connections() const { return connections_; }

 private:
  static int on_protocols(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                          const unsigned char* offered, unsigned int size, void* self);
  void serve_all();
  void serve(int descriptor);
  void note_ciphers(SSL* ssl);
  void update_keys(SSL* ssl, int descriptor) const;
  void send_frames(SSL* ssl) const;
  void refuse_stream(SSL* ssl, std::string received);
  void answer_streams(SSL* ssl, int descriptor, std::string received) const;
  void tunnel(SSL* ssl, int descriptor) const;

  std::string answer_;
  bool updates_keys_for_ever_;
  bool never_shakes_hands_;
  bool sends_empty_frames_;
  bool sends_trailers_;
  bool answers_streams_;
  bool falls_silent_;
  bool refuses_streams_;
  bool just_closes_;
  std::uint16_t tunnels_to_;
  SSL_CTX* context_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::size_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string offered_;
  std::string offered_ciphers_;
  std::vector<std::thread> connections_at_once_;
  std::thread thread_;
};

}  // namespace baselined::test
