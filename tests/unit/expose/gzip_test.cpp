#include "daemon/expose/gzip.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/expose/example.h"

namespace baselined::expose {
namespace {

using test::gunzip;

std::string join(const std::vector<std::string>& texts, Effort effort = Effort::best) {
  std::vector<DeflatedPart> parts;
  parts.reserve(texts.size());
  for (const std::string& text : texts) {
    parts.push_back(deflate_part(text, effort));
  }
  std::vector<const DeflatedPart*> pointers;
  for (const DeflatedPart& part : parts) {
    pointers.push_back(&part);
  }
  return join_gzip(pointers);
}

TEST(Gzip, JoinsPartsToOneMember) {
  EXPECT_EQ(gunzip(join({"one\n", "two\n", "three\n"})), "one\ntwo\nthree\n");
}

TEST(Gzip, JoinsNothing) {
  EXPECT_EQ(gunzip(join({})), "");
  EXPECT_EQ(gunzip(join({"", "a", ""})), "a");
}

TEST(Gzip, UsesAPartInMoreThanOneMember) {
  const DeflatedPart part = deflate_part("again ", Effort::fast);
  const std::array<const DeflatedPart*, 3> parts = {&part, &part, &part};
  EXPECT_EQ(gunzip(join_gzip(parts)), "again again again ");
}

TEST(Gzip, KeepsLargeTextAndTextThatDoesNotCompress) {
  std::mt19937 random(42);
  std::string noise(300'000, '\0');
  for (char& byte : noise) {
    byte = static_cast<char>(random() & 0xFFU);
  }
  const std::string regular(3'000'000, 'a');
  std::string all = noise;
  all.append(regular).append(noise);
  for (const Effort effort : {Effort::fast, Effort::best}) {
    EXPECT_EQ(gunzip(join({noise, regular, noise}, effort)), all);
  }
}

TEST(Gzip, Compresses) { EXPECT_LT(join({std::string(1'000'000, 'a')}).size(), 5'000U); }

}  // namespace
}  // namespace baselined::expose
