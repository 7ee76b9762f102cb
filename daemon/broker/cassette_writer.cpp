#include "daemon/broker/cassette_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace baselined::broker {
namespace {

namespace fs = std::filesystem;

Error cannot(const fs::path& path, Error::Code code, std::string_view what) {
  return {code, fmt::format("{}: cannot record: {}", path.string(), what)};
}

Error errno_error(const fs::path& path, Error::Code code = Error::Code::transient) {
  return cannot(path, code, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<CassetteWriter> CassetteWriter::create(const fs::path& folder, UtcTime recorded_at) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_error(folder, Error::Code::config);
  }
  std::error_code failure;
  const bool is_empty = fs::is_empty(folder, failure);
  if (failure || !fs::is_directory(folder, failure)) {
    return cannot(folder, Error::Code::config, failure ? failure.message() : "not a folder");
  }
  if (!is_empty) {
    return cannot(folder, Error::Code::config, "the folder is not empty; choose another one");
  }
  if (::chmod(folder.c_str(), 0700) != 0) {
    return errno_error(folder, Error::Code::config);
  }
  CassetteWriter writer(folder, recorded_at);
  BL_CHECK(writer.write(cassette::kIndexFile, cassette::index_text(writer.index_)));
  return writer;
}

Status CassetteWriter::add(const cassette::Exchange& exchange) {
  BL_CHECK(write(cassette::exchange_file(exchanges_ + 1), cassette::exchange_text(exchange)));
  ++exchanges_;
  return {};
}

Status CassetteWriter::finish() {
  index_.exchanges = exchanges_;
  return write(cassette::kIndexFile, cassette::index_text(index_));
}

Status CassetteWriter::write(std::string_view name, std::string_view text) const {
  const fs::path file = folder_ / name;
  const fs::path temporary = folder_ / fmt::format(".{}.part", name);
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return errno_error(file);
  }
  const bool is_written = write_all(descriptor, text) && ::fsync(descriptor) == 0;
  const int cause = errno;
  ::close(descriptor);
  errno = cause;
  if (!is_written || ::rename(temporary.c_str(), file.c_str()) != 0) {
    const Error error = errno_error(file);
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

}  // namespace baselined::broker
