#include "daemon/host/text.h"

#include <algorithm>

#include "daemon/base/utf8.h"

namespace baselined::host {

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  const std::string valid = clean_utf8(text, max_bytes);
  std::string clean;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const auto next = static_cast<unsigned char>(i + 1 < valid.size() ? valid[i + 1] : '\0');
    if (byte == '\n' || byte == '\t' || byte == '\r') {
      clean += ' ';
    } else if (byte == 0xc2 && next < 0xa0) {
      ++i;  // U+0080 to U+009F: terminals obey them too
    } else if (byte >= 0x20 && byte != 0x7f) {
      clean += valid[i];
    }
  }
  return clean;
}

void LineSplitter::add(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    line_ += bytes.substr(0, std::min(end, kMaxTextBytes - line_.size()));
    if (end == bytes.size()) {
      return;
    }
    on_line(line_);
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  if (!line_.empty()) {
    on_line(line_);
    line_.clear();
  }
}

bool LineLimiter::allows(SteadyTime now) {
  if (lines_ == 0 || now - window_begin_ >= kWindow) {
    window_begin_ = now;
    lines_ = 0;
  }
  if (lines_ == kLines) {
    ++suppressed_;
    return false;
  }
  ++lines_;
  return true;
}

}  // namespace baselined::host
