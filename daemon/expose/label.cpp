#include "daemon/expose/label.h"

#include "daemon/base/utf8.h"

namespace baselined::expose {
std::string clean_help(std::string_view text) {
  std::string clean;
  for (const char character : clean_utf8(text)) {
    const bool control = static_cast<unsigned char>(character) < 0x20;
    clean.push_back(control ? ' ' : character);
    if (character == '\\') {
      clean.push_back('\\');
    }
  }
  return clean;
}

std::string clean_name(std::string_view text) {
  std::string clean(text);
  for (char& character : clean) {
    const bool allowed = (character >= 'a' && character <= 'z') ||
                         (character >= 'A' && character <= 'Z') ||
                         (character >= '0' && character <= '9') || character == '_';
    character = allowed ? character : '_';
  }
  return clean;
}

}  // namespace baselined::expose
