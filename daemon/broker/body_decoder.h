// BodyDecoder: undoes a Content-Encoding piece by piece, and never makes more of it than is
// allowed.
//
// Of our own rather than libcurl's, so that compressed and decompressed bytes are counted exactly
// while they come, and a compressed stream that ends too early is seen.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct z_stream_s;

namespace baselined::broker {

// A body that grows to more than 200 times its bytes, and over 1 MiB, was made to hurt.
constexpr std::uint64_t kMaxRatio = 200;
constexpr std::uint64_t kRatioFrom = 1 << 20;

class BodyDecoder {
 public:
  enum class Result : std::uint8_t { ok, too_large, ratio, broken };

  explicit BodyDecoder(std::uint64_t max_bytes);
  ~BodyDecoder();
  BodyDecoder(const BodyDecoder&) = delete;
  BodyDecoder& operator=(const BodyDecoder&) = delete;

  // gzip, x-gzip, deflate, identity or nothing. False for any other.
  bool set_encoding(std::string_view content_encoding);
  Result add(std::string_view bytes);
  // False where the compressed stream is not at its end. One that never began is empty.
  bool is_complete() const;

  const std::string& body() const { return body_; }
  std::string take_body() { return std::move(body_); }
  std::uint64_t compressed_bytes() const { return compressed_; }
  bool is_decoding() const { return kind_ != Kind::plain; }

 private:
  enum class Kind : std::uint8_t { plain, gzip, deflate };
  Result keep(std::string_view bytes);
  Result inflate_piece(std::string_view bytes);
  bool begin(unsigned char first_byte);
  void end();

  const std::uint64_t max_bytes_;
  Kind kind_ = Kind::plain;
  std::unique_ptr<z_stream_s> stream_;
  bool is_at_end_ = false;
  std::uint64_t compressed_ = 0;
  std::string body_;
};

}  // namespace baselined::broker
