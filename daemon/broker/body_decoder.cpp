#include "daemon/broker/body_decoder.h"

#include <zlib.h>

#include <array>

namespace baselined::broker {
namespace {

constexpr int kGzip = MAX_WBITS + 16;
constexpr int kRaw = -MAX_WBITS;
constexpr unsigned char kDeflateMethod = 8;  // the low bits of a zlib header's first byte

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib does not write there
}

}  // namespace

BodyDecoder::BodyDecoder(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

BodyDecoder::~BodyDecoder() { end(); }

bool BodyDecoder::set_encoding(std::string_view content_encoding) {
  if (content_encoding == "gzip" || content_encoding == "x-gzip") {
    kind_ = Kind::gzip;
  } else if (content_encoding == "deflate") {
    kind_ = Kind::deflate;
  } else {
    return content_encoding.empty() || content_encoding == "identity";
  }
  return true;
}

// "deflate" means zlib's format; some servers send the bare stream.
bool BodyDecoder::begin(unsigned char first_byte) {
  stream_ = std::make_unique<z_stream_s>();
  int window = kGzip;
  if (kind_ == Kind::deflate) {
    window = (first_byte & 0xfU) == kDeflateMethod ? MAX_WBITS : kRaw;
  }
  if (inflateInit2(stream_.get(), window) != Z_OK) {
    stream_.reset();
    return false;
  }
  return true;
}

void BodyDecoder::end() {
  if (stream_) {
    inflateEnd(stream_.get());
    stream_.reset();
  }
}

BodyDecoder::Result BodyDecoder::add(std::string_view bytes) {
  compressed_ += bytes.size();
  if (kind_ == Kind::plain) {
    return keep(bytes);
  }
  if (bytes.empty()) {
    return Result::ok;
  }
  if (!stream_ && !begin(static_cast<unsigned char>(bytes[0]))) {
    return Result::broken;
  }
  return inflate_piece(bytes);
}

BodyDecoder::Result BodyDecoder::inflate_piece(std::string_view bytes) {
  std::array<char, 65536> output;  // written by zlib before it is read
  stream_->next_in = bytes_of(bytes);
  stream_->avail_in = static_cast<uInt>(bytes.size());
  bool has_more = true;
  while (has_more) {
    if (is_at_end_ && stream_->avail_in > 0) {  // another member of a gzip file
      if (kind_ != Kind::gzip || inflateReset(stream_.get()) != Z_OK) {
        return Result::broken;
      }
      is_at_end_ = false;
    }
    stream_->next_out = reinterpret_cast<Bytef*>(output.data());
    stream_->avail_out = static_cast<uInt>(output.size());
    const int code = inflate(stream_.get(), Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return Result::broken;
    }
    is_at_end_ = code == Z_STREAM_END;
    const std::size_t size = output.size() - stream_->avail_out;
    if (const Result result = keep({output.data(), size}); result != Result::ok) {
      return result;
    }
    has_more = stream_->avail_in > 0 || (stream_->avail_out == 0 && !is_at_end_);
  }
  return Result::ok;
}

BodyDecoder::Result BodyDecoder::keep(std::string_view bytes) {
  const std::uint64_t size = body_.size() + bytes.size();
  if (size > max_bytes_) {
    return Result::too_large;
  }
  if (kind_ != Kind::plain && size > kRatioFrom && size / kMaxRatio > compressed_) {
    return Result::ratio;
  }
  body_.append(bytes);
  return Result::ok;
}

bool BodyDecoder::is_complete() const {
  return kind_ == Kind::plain || is_at_end_ || compressed_ == 0;
}

}  // namespace baselined::broker
