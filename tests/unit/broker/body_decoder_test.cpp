#include "daemon/broker/body_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/unit/broker/peer.h"

namespace baselined::broker {
namespace {

using Result = BodyDecoder::Result;

std::string zlib_text(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string result(size, '\0');
  compress(reinterpret_cast<Bytef*>(result.data()), &size,
           reinterpret_cast<const Bytef*>(text.data()), text.size());
  result.resize(size);
  return result;
}

// In pieces of `step` bytes; "broken" and the like where it is not decoded.
std::string decoded(std::string_view encoding, std::string_view bytes, std::size_t step = 1000) {
  BodyDecoder decoder(1 << 24);
  if (!decoder.set_encoding(encoding)) {
    return "unknown";
  }
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    if (decoder.add(bytes.substr(i, step)) != Result::ok) {
      return "broken";
    }
  }
  return decoder.is_complete() ? decoder.take_body() : "cut";
}

std::string sample() { return "{\"some\":\"text\",\"again\":\"text\"}" + std::string(5000, ' '); }

TEST(BodyDecoder, UndoesEachEncodingWhereverItIsCut) {
  for (const std::size_t step : {1U, 2U, 7U, 100000U}) {
    EXPECT_EQ(decoded("", sample(), step), sample());
    EXPECT_EQ(decoded("identity", sample(), step), sample());
    EXPECT_EQ(decoded("gzip", test::gzip(sample()), step), sample());
    EXPECT_EQ(decoded("x-gzip", test::gzip(sample()), step), sample());
    EXPECT_EQ(decoded("deflate", zlib_text(sample()), step), sample());
  }
}

TEST(BodyDecoder, TakesBareDeflateToo) {
  const std::string wrapped = zlib_text(sample());
  EXPECT_EQ(decoded("deflate", wrapped.substr(2, wrapped.size() - 6)), sample());
}

TEST(BodyDecoder, TakesAGzipFileOfSeveralMembers) {
  EXPECT_EQ(decoded("gzip", test::gzip("one ") + test::gzip("two"), 3), "one two");
}

TEST(BodyDecoder, SeesThatAStreamEndsTooEarly) {
  const std::string whole = test::gzip(sample());
  for (const std::size_t size : {std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    EXPECT_EQ(decoded("gzip", whole.substr(0, size)), "cut");
  }
  EXPECT_EQ(decoded("gzip", ""), "");
}

TEST(BodyDecoder, RefusesWhatIsNotEncodedSo) {
  EXPECT_EQ(decoded("gzip", "{\"a\":1}"), "broken");
  EXPECT_EQ(decoded("gzip", test::gzip("a") + "rest"), "broken");
  std::string changed = test::gzip(sample());
  changed[changed.size() - 6] = static_cast<char>(changed[changed.size() - 6] ^ 1);  // the checksum
  EXPECT_EQ(decoded("gzip", changed), "broken");
  for (const std::string encoding : {"br", "zstd", "gzip, gzip", "compress"}) {
    EXPECT_EQ(decoded(encoding, "x"), "unknown");
  }
}

TEST(BodyDecoder, CapsTheSizeExactly) {
  BodyDecoder plain(10);
  EXPECT_EQ(plain.add("0123456789"), Result::ok);
  EXPECT_EQ(plain.add("x"), Result::too_large);
  BodyDecoder packed(5000);
  ASSERT_TRUE(packed.set_encoding("gzip"));
  EXPECT_EQ(packed.add(test::gzip(std::string(5001, 'a'))), Result::too_large);
}

TEST(BodyDecoder, CapsTheRatioOverOneMebibyteOnly) {
  const auto result_of = [](std::size_t size) {
    BodyDecoder decoder(1 << 30);
    EXPECT_TRUE(decoder.set_encoding("gzip"));
    return decoder.add(test::gzip(std::string(size, 'a')));
  };
  EXPECT_EQ(result_of(1 << 20), Result::ok);  // about a thousandfold, but small
  EXPECT_EQ(result_of(2 << 20), Result::ratio);
}

}  // namespace
}  // namespace baselined::broker
