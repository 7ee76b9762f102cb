// The table of functions of a FakeHost. Nothing may be thrown through it: a test that runs out of
// memory ends there.
#include <string_view>

#include "fake_http.h"
#include "fake_run.h"

namespace baselined::sdk {
namespace {

std::string_view to_view(bl_str text) {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

void progress(bl_run* run, std::uint64_t done, std::uint64_t total, bl_str unit) noexcept {
  FakeRun::of(run).progress(done, total, to_view(unit));
}

constexpr bl_progress kProgress = {sizeof(bl_progress), 0, &progress};

bl_status http_send(bl_run* run, const bl_http_request* request, bl_http_response** out) noexcept {
  return FakeRun::of(run).http_send(request, out);
}

std::int32_t http_status(const bl_http_response* response) noexcept {
  return FakeResponse::of(response).status();
}

bl_str to_str(std::string_view text) noexcept { return {text.data(), text.size()}; }

bl_str http_body(const bl_http_response* response) noexcept {
  return to_str(FakeResponse::of(response).body());
}

bl_str http_header(const bl_http_response* response, bl_str name) noexcept {
  return to_str(FakeResponse::of(response).header(to_view(name)));
}

void http_release(bl_http_response* response) noexcept { FakeResponse::release(response); }

constexpr bl_http kHttp = {sizeof(bl_http), 0, &http_send, &http_status, &http_body, &http_header,
                           &http_release};

const void* get_extension(const char* id) noexcept {
  const std::string_view name = id;
  return name == BL_EXT_PROGRESS ? static_cast<const void*>(&kProgress)
         : name == BL_EXT_HTTP   ? static_cast<const void*>(&kHttp)
                                 : nullptr;
}

const void* no_extension(const char* /*id*/) noexcept { return nullptr; }

void log(bl_run* run, bl_level level, bl_str message) noexcept {
  FakeRun::of(run).log(level, to_view(message));
}

void set_error(bl_run* run, bl_status code, std::int64_t retry_after_ms, bl_str message) noexcept {
  FakeRun::of(run).set_error(code, retry_after_ms, to_view(message));
}

bl_status emit(bl_run* run, std::uint32_t stream, const bl_value* cells, std::uint32_t n_columns,
               std::uint32_t n_rows) noexcept {
  return FakeRun::of(run).emit(stream, cells, n_columns, n_rows);
}

bl_status begin_scope(bl_run* run, std::uint32_t stream, bl_str scope) noexcept {
  return FakeRun::of(run).begin_scope(stream, scope);
}

bl_status remove(bl_run* run, std::uint32_t stream, const bl_value* key_cells,
                 std::uint32_t n_cells) noexcept {
  return FakeRun::of(run).remove(stream, key_cells, n_cells);
}

bl_status coverage(bl_run* run, std::uint32_t stream, bl_str scope, std::int64_t from_us,
                   std::int64_t to_us, bl_str reason) noexcept {
  return FakeRun::of(run).coverage(stream, scope, from_us, to_us, reason);
}

bl_status open_set_put(bl_run* run, std::uint32_t stream, bl_str scope, const bl_str* keys,
                       std::uint64_t n_keys) noexcept {
  return FakeRun::of(run).open_set_put(stream, scope, keys, n_keys);
}

bl_status open_set_get(bl_run* run, std::uint32_t stream, bl_str scope, const bl_str** keys,
                       std::uint64_t* n_keys) noexcept {
  return FakeRun::of(run).open_set_get(stream, scope, keys, n_keys);
}

bl_status cursor_get(bl_run* run, bl_str key, bl_str* out) noexcept {
  return FakeRun::of(run).cursor_get(key, out);
}

bl_status commit(bl_run* run, bl_str key, bl_str cursor) noexcept {
  return FakeRun::of(run).commit(key, cursor);
}

std::uint8_t is_cancelled(bl_run* run) noexcept { return FakeRun::of(run).is_cancelled() ? 1 : 0; }

std::int64_t now_us(bl_run* run) noexcept { return FakeRun::of(run).now_us(); }

const bl_run_info* info(bl_run* run) noexcept { return &FakeRun::of(run).info(); }

constexpr bl_host make_table(const void* (*extension)(const char*)) {
  return {.struct_size = sizeof(bl_host),
          .abi_minor = BL_ABI_MINOR,
          .get_extension = extension,
          .log = &log,
          .set_error = &set_error,
          .emit = &emit,
          .begin_scope = &begin_scope,
          .remove = &remove,
          .coverage = &coverage,
          .open_set_put = &open_set_put,
          .open_set_get = &open_set_get,
          .cursor_get = &cursor_get,
          .commit = &commit,
          .is_cancelled = &is_cancelled,
          .now_us = &now_us,
          .info = &info};
}

constexpr bl_host kTable = make_table(&get_extension);
constexpr bl_host kBareTable = make_table(&no_extension);

}  // namespace

const bl_host& FakeRun::table(bool with_extensions) {
  return with_extensions ? kTable : kBareTable;
}

}  // namespace baselined::sdk
