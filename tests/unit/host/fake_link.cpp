#include "tests/unit/host/fake_link.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "daemon/wire/rows.h"

namespace baselined::host {
namespace {

constexpr std::string_view kOid = "0123456789abcdef0123456789abcdef01234567";

std::string read_exactly(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t at = 0;
  while (at < bytes) {
    const ssize_t count = ::read(kSocket, text.data() + at, bytes - at);
    if (count <= 0) {
      ::_exit(9);
    }
    at += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace

void FakeLink::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(kSocket, bytes.data(), bytes.size());
    if (count <= 0) {
      ::_exit(9);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void FakeLink::send(wire::FrameType type, std::string_view payload) {
  std::string frame;
  wire::append_frame(frame, type, next_++, payload);
  send_raw(frame);
}

Answer FakeLink::receive() {
  const auto header = wire::decode_header(read_exactly(wire::kHeaderBytes));
  BL_ASSERT(header.has_value());
  return {header->type, read_exactly(header->length)};
}

Answer FakeLink::greet() {
  wire::Hello hello;
  hello.build_id = wire::build_id();
  hello.plugin_id = "org.example.fake";
  hello.plugin_version = "1.0.0";
  send(wire::FrameType::hello, wire::encode(hello));
  return receive();
}

std::string row_payload(std::uint32_t stream, std::uint32_t n_columns, int first, int n_rows) {
  wire::RowsWriter writer(stream, n_columns);
  for (int row = first; row < first + n_rows; ++row) {
    const std::string name = "v" + std::to_string(row);
    const std::array<Cell, 6> cells = {
        Cell::of_text("example/shop"), Cell::of_text("tag"),
        Cell::of_text(name),           Cell::of_text(kOid),
        Cell::of_text(kOid),           Cell::of_integer(0, CellType::boolean)};
    std::vector<Cell> row_cells(cells.begin(), cells.end());
    row_cells.resize(n_columns);
    BL_ASSERT(writer.add(row_cells).has_value());
  }
  return writer.take();
}

void FakeLink::rows(int first, int n_rows) {
  send(wire::FrameType::rows, row_payload(0, 6, first, n_rows));
}

void FakeLink::commit(std::string_view key, std::string_view cursor) {
  wire::Commit commit;
  commit.key = key;
  commit.cursor = cursor;
  send(wire::FrameType::commit, wire::encode(commit));
  const Answer answer = receive();
  if (answer.type == wire::FrameType::refused) {
    const auto refused = wire::decode_refused(answer.payload);
    BL_ASSERT(refused.has_value());
    std::fprintf(stderr, "refused with %d\n", refused->code);
    report(refused->code, "the host refused");
    done(refused->code);
  }
  BL_ASSERT(answer.type == wire::FrameType::committed);
}

void FakeLink::report(std::uint8_t code, std::string_view text, std::int64_t retry_after_ms) {
  wire::ErrorReport error;
  error.code = code;
  error.retry_after_ms = retry_after_ms;
  error.text = text;
  send(wire::FrameType::error, wire::encode(error));
}

void FakeLink::done(std::uint8_t status) {
  wire::Done done;
  done.status = status;
  done.peak_memory_kib = 1234;
  send(wire::FrameType::done, wire::encode(done));
  std::exit(0);
}

bool is_cancelled() {
  char flag = 0;
  return ::pread(kCancelPage, &flag, 1, 0) == 1 && flag != 0;
}

void wait_for_ever() {
  while (true) {
    ::pause();
  }
}

}  // namespace baselined::host
