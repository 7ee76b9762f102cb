#include "daemon/records/pseudonymiser.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "daemon/base/digest.h"

namespace baselined::records {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(fs::path(testing::TempDir()) /
              ("pseudonymiser_" + name + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& file) const { return path_ / file; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), {}));
  }

 private:
  fs::path path_;
};

void write_file(const fs::path& file, std::string_view bytes, mode_t mode) {
  std::ofstream(file, std::ios::binary) << bytes;
  ASSERT_EQ(::chmod(file.c_str(), mode), 0);
}

TEST(Pseudonymiser, IsTheKeyedDigestOfTheLowerCasedText) {
  const Digest domain_key = hmac_sha256("master", "engineering");
  const std::string expected =
      to_hex(hmac_sha256({reinterpret_cast<const char*>(domain_key.data()), domain_key.size()},
                         "ann@example.com"))
          .substr(0, 32);
  Pseudonymiser persons("master", "engineering");
  EXPECT_EQ(persons.pseudonym("Ann@Example.COM"), expected);
  EXPECT_EQ(persons.pseudonym("ann@example.com"), expected);
}

TEST(Pseudonymiser, DomainsAndKeysCannotBeJoined) {
  Pseudonymiser engineering("master", "engineering");
  Pseudonymiser hiring("master", "hiring");
  Pseudonymiser elsewhere("another", "engineering");
  std::set<std::string> all;
  all.emplace(engineering.pseudonym("ann"));
  all.emplace(hiring.pseudonym("ann"));
  all.emplace(elsewhere.pseudonym("ann"));
  all.emplace(engineering.pseudonym("bob"));
  EXPECT_EQ(all.size(), 4U);
}

TEST(Pseudonymiser, StaysTheSameWhenTheCacheIsFullOrCleared) {
  Pseudonymiser persons("master", "engineering");
  const std::string ann(persons.pseudonym("ann"));
  for (int i = 0; i < 10000; ++i) {
    persons.pseudonym("person " + std::to_string(i));
  }
  EXPECT_EQ(persons.pseudonym("ann"), ann);
  persons.clear_cache();
  EXPECT_EQ(persons.pseudonym("ann"), ann);
}

TEST(Pseudonymiser, TakesALongTextToo) {
  Pseudonymiser persons("master", "engineering");
  const std::string text(10000, 'a');
  const std::string first(persons.pseudonym(text));
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(persons.pseudonym(text), first);
  EXPECT_NE(persons.pseudonym(text + "b"), first);
}

TEST(KeyFile, IsCreatedOnceForItsOwnerOnly) {
  const Folder folder("created");
  Result<Pseudonymiser> first = Pseudonymiser::open(folder / "key", "engineering");
  ASSERT_TRUE(first) << first.error().message();
  struct stat info {};
  ASSERT_EQ(::stat((folder / "key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(info.st_size, 32);
  EXPECT_EQ(folder.files(), 1U);
  Result<Pseudonymiser> second = Pseudonymiser::open(folder / "key", "engineering");
  ASSERT_TRUE(second);
  EXPECT_EQ(first->pseudonym("ann"), second->pseudonym("ann"));
}

TEST(KeyFile, IsRandom) {
  const Folder folder("random");
  Result<Pseudonymiser> first = Pseudonymiser::open(folder / "one", "engineering");
  Result<Pseudonymiser> second = Pseudonymiser::open(folder / "two", "engineering");
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_NE(first->pseudonym("ann"), second->pseudonym("ann"));
}

TEST(KeyFile, IsRefusedWhereOthersMayReadIt) {
  const Folder folder("mode");
  write_file(folder / "key", std::string(32, 'k'), 0640);
  const Result<Pseudonymiser> persons = Pseudonymiser::open(folder / "key", "engineering");
  ASSERT_FALSE(persons);
  EXPECT_EQ(persons.error().code(), Error::Code::config);
  EXPECT_NE(persons.error().message().find("chmod 600"), std::string::npos);
  EXPECT_EQ(persons.error().message().find("kkk"), std::string::npos);
}

TEST(KeyFile, IsRefusedWhereItIsTooShortAndStaysAsItIs) {
  const Folder folder("short");
  for (const std::size_t size : {std::size_t{0}, std::size_t{31}}) {
    write_file(folder / "key", std::string(size, 'k'), 0600);
    const Result<Pseudonymiser> persons = Pseudonymiser::open(folder / "key", "engineering");
    ASSERT_FALSE(persons) << size;
    EXPECT_EQ(persons.error().code(), Error::Code::config);
    EXPECT_EQ(fs::file_size(folder / "key"), size);
  }
}

TEST(KeyFile, IsRefusedWhereItIsNoFile) {
  const Folder folder("kinds");
  fs::create_directory(folder / "directory");
  fs::create_symlink("elsewhere", folder / "link");
  for (const std::string name : {"directory", "link"}) {
    const Result<Pseudonymiser> persons = Pseudonymiser::open(folder / name, "engineering");
    ASSERT_FALSE(persons) << name;
    EXPECT_EQ(persons.error().code(), Error::Code::config) << persons.error().message();
  }
  EXPECT_FALSE(fs::exists(folder / "elsewhere"));
}

TEST(KeyFile, NeedsItsFolder) {
  const Folder folder("absent");
  const Result<Pseudonymiser> persons = Pseudonymiser::open(folder / "no/key", "engineering");
  ASSERT_FALSE(persons);
  EXPECT_EQ(persons.error().code(), Error::Code::config);
}

}  // namespace
}  // namespace baselined::records
