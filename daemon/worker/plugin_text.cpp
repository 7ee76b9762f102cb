#include "daemon/worker/plugin_text.h"

#include <fmt/format.h>

#include "daemon/base/utf8.h"
#include "daemon/worker/descriptor.h"

namespace baselined::worker {

Result<std::string_view> read_text(bl_str text, std::string_view what, std::size_t max_bytes) {
  if (text.ptr == nullptr && text.len != 0) {
    return Error(Error::Code::data, fmt::format("{} is a null pointer", what));
  }
  if (text.len > max_bytes) {
    return Error(Error::Code::limit, fmt::format("{} has {} bytes; at most {} are accepted", what,
                                                 text.len, max_bytes));
  }
  if (!is_utf8(to_view(text))) {
    return Error(Error::Code::data, fmt::format("{} is not UTF-8", what));
  }
  return to_view(text);
}

}  // namespace baselined::worker
