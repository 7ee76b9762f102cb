#include "daemon/broker/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ostream>
#include <type_traits>

#include "daemon/base/log.h"
#include "tests/unit/broker/broker_world.h"

namespace baselined::broker {
namespace {

using test::Folder;
using testing::AllOf;
using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
template <class T>
concept Printable = requires(std::ostream& stream, const T& value) {
  stream << value;
};
static_assert(!Printable<Secret>);
static_assert(Printable<std::string>);

std::string read(const std::string& path, SecretShape shape = SecretShape::header_text) {
  const auto file = read_secret_file(path, shape);
  return file ? std::string(file->value.reveal()) : file.error().message();
}

TEST(Secret, IsEmptyAfterItWasMoved) {
  Secret first("0123456789");
  const char* bytes = first.reveal().data();
  const Secret second = std::move(first);
  EXPECT_EQ(second.reveal(), "0123456789");
  EXPECT_EQ(second.reveal().data(), bytes);  // the only copy changed hands
  EXPECT_TRUE(first.empty());                // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(first.reveal(), "");
}

TEST(SecretFile, OneNewlineAtTheEndDoesNotCount) {
  const Folder folder;
  EXPECT_EQ(read(folder.write("a", "token")), "token");
  EXPECT_EQ(read(folder.write("b", "token\n")), "token");
  EXPECT_EQ(read(folder.write("c", "token\r\n")), "token");
  EXPECT_EQ(read(folder.write("d", " to ken \n")), " to ken ");
}

TEST(SecretFile, WhatIsNoSecretIsRefusedWithPathAndCause) {
  const Folder folder;
  const std::string open = folder.write("open", "token");
  ::chmod(open.c_str(), 0644);
  EXPECT_THAT(read(open), AllOf(HasSubstr(open), HasSubstr("chmod o-rwx " + open)));
  EXPECT_THAT(read(folder.write("empty", "")), HasSubstr("empty"));
  EXPECT_THAT(read(folder.write("newline", "\n")), HasSubstr("empty"));
  EXPECT_THAT(read(folder.write("lines", "a\nb\n")), HasSubstr("one line"));
  EXPECT_THAT(read(folder.write("two", "a\n\n")), HasSubstr("one line"));
  EXPECT_THAT(read(folder.write("split", "a\rX: y")), HasSubstr("control character"));
  EXPECT_THAT(read(folder.write("zero", std::string_view("a\0b", 3))), HasSubstr("control"));
  EXPECT_THAT(read(folder.write("large", std::string(65537, 'a'))), HasSubstr("64 KiB"));
  EXPECT_EQ(read(folder.write("full", std::string(65536, 'a'))).size(), 65536U);
  EXPECT_THAT(read(folder.path()), HasSubstr("not a regular file"));
  EXPECT_THAT(read(folder.path() / "gone"), HasSubstr("No such file"));
  const std::string pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(read(pipe), HasSubstr("not a regular file"));
}

TEST(SecretFile, AKeyHasLines) {
  const Folder folder;
  EXPECT_EQ(read(folder.write("key", "-----BEGIN\nabc\n"), SecretShape::key_file),
            "-----BEGIN\nabc");
}

TEST(SecretPath, OfACredentialIsInItsDirectory) {
  using Kind = config::SecretReference::Kind;
  EXPECT_EQ(*secret_path({Kind::credential, "forge"}, "/run/credentials/x"),
            "/run/credentials/x/forge");
  EXPECT_EQ(*secret_path({Kind::file, "/etc/token"}, ""), "/etc/token");
  for (const std::string name : {"a/b", "..", ".", "", "/etc/shadow"}) {
    EXPECT_FALSE(secret_path({Kind::credential, name}, "/run/x").has_value()) << name;
  }
  EXPECT_FALSE(secret_path({Kind::file, "token"}, "").has_value());
  const auto none = secret_path({Kind::credential, "forge"}, "");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), Error::Code::auth);
  EXPECT_THAT(none.error().message(), HasSubstr("LoadCredential=forge"));
}

config::Connection with_token(const std::string& path) {
  config::Connection connection = test::connection_to("https://git.example.com");
  connection.auth.kind = config::Auth::Kind::bearer;
  connection.auth.secrets["token"] = test::secret_file(path);
  return connection;
}

TEST(Secrets, TheVersionGrowsWhenASecretChangesAppearsOrGoes) {
  const Folder folder;
  const std::string path = folder.path() / "token";
  Secrets secrets(std::make_shared<Redactor>(), "");
  secrets.configure({with_token(path)});
  const std::uint64_t missing = secrets.version("forge");
  EXPECT_EQ(secrets.version("forge"), missing);
  folder.write("token", "first-token");
  const std::uint64_t first = secrets.version("forge");
  EXPECT_GT(first, missing);
  EXPECT_EQ(secrets.version("forge"), first);
  folder.write("token.new", "other-token");
  std::filesystem::rename(folder.path() / "token.new", path);
  const std::uint64_t second = secrets.version("forge");
  EXPECT_GT(second, first);
  std::filesystem::remove(path);
  EXPECT_GT(secrets.version("forge"), second);
  EXPECT_EQ(secrets.version("unknown"), 0U);
}

TEST(Secrets, AReloadKeepsTheVersionUnlessTheSecretsAreOthers) {
  const Folder folder;
  Secrets secrets(std::make_shared<Redactor>(), "");
  secrets.configure({with_token(folder.write("a", "token-a"))});
  const std::uint64_t before = secrets.version("forge");
  secrets.configure({with_token(folder.path() / "a")});
  EXPECT_EQ(secrets.version("forge"), before);
  secrets.configure({with_token(folder.write("b", "token-b"))});
  EXPECT_GT(secrets.version("forge"), before);
}

TEST(Secrets, AreRedactedOnceTheyAreConfiguredAndForEver) {
  const Folder folder;
  const auto redactor = std::make_shared<Redactor>();
  Secrets secrets(redactor, "");
  secrets.configure({with_token(folder.write("token", "first-token"))});
  EXPECT_EQ(redactor->redact("first-token"), "***");
  folder.write("token", "other-token");
  const auto value =
      secrets.read(test::secret_file(folder.path() / "token"), SecretShape::header_text);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->reveal(), "other-token");
  EXPECT_EQ(redactor->redact("first-token other-token"), "*** ***");
}

TEST(Secrets, ALogWithTheFilterShowsNone) {
  const Folder folder;
  testing::internal::CaptureStderr();
  {
    Broker broker({with_token(folder.write("token", "glpat-0123456789"))});
    log::set_filter([r = broker.redactor()](std::string_view text) { return r->redact(text); });
  }
  log::warn("plugin says {}", "glpat-0123456789");
  log::set_filter(nullptr);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("plugin says ***\n"));
}

}  // namespace
}  // namespace baselined::broker
