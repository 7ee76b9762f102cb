// The bounds are checked by a scanner that knows only strings, comments, brackets and dots. It
// agrees with TOML up to the first syntax error, which is where toml++ stops too.
#include "daemon/base/toml.h"

#include <fmt/format.h>

#include <optional>

namespace baselined {
namespace {

constexpr std::size_t kMaxBrackets = 16;
constexpr std::size_t kMaxKeyParts = 16;

class BoundScanner {
 public:
  explicit BoundScanner(std::string_view text) : text_(text) {}

  std::optional<TomlError> scan() {
    while (at_ < text_.size()) {
      if (auto error = step()) {
        return error;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<TomlError> step() {
    const char c = text_[at_];
    switch (c) {
      case '"':
      case '\'':
        skip_string(c);
        return std::nullopt;
      case '#':
        while (at_ < text_.size() && text_[at_] != '\n') {
          advance();
        }
        return std::nullopt;
      case '[':
      case '{':
        parts_ = 1;
        if (++brackets_ > kMaxBrackets) {
          return here(fmt::format("nested deeper than {} levels", kMaxBrackets));
        }
        break;
      case ']':
      case '}':
        brackets_ -= brackets_ > 0 ? 1 : 0;
        parts_ = 1;
        break;
      case '\n':
      case '=':
      case ',':
        parts_ = 1;
        break;
      case '.':
        if (++parts_ > kMaxKeyParts) {
          return here(fmt::format("a key of more than {} parts", kMaxKeyParts));
        }
        break;
      default:
        break;
    }
    advance();
    return std::nullopt;
  }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multi_line = text_.substr(at_, 3) == triple;
    advance(multi_line ? 3 : 1);
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"') {
        advance(2);
      } else if (multi_line && text_.substr(at_, 3) == triple) {
        advance(3);
        while (at_ < text_.size() && text_[at_] == quote) {
          advance();  // up to two quotes may stand before the closing three
        }
        return;
      } else if (!multi_line && (text_[at_] == quote || text_[at_] == '\n')) {
        advance(text_[at_] == quote ? 1 : 0);  // a newline ends a broken string
        return;
      } else {
        advance();
      }
    }
  }

  void advance(std::size_t count = 1) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xc0U) != 0x80U) {
        ++column_;  // toml++ counts characters, not bytes
      }
    }
  }

  TomlError here(std::string message) const { return {line_, column_, std::move(message)}; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  std::size_t brackets_ = 0;
  std::size_t parts_ = 1;
};

}  // namespace

tl::expected<toml::table, TomlError> parse_toml_located(std::string_view text) {
  if (text.size() > kMaxTomlBytes) {
    return tl::make_unexpected(TomlError{0, 0, fmt::format("larger than {} bytes", kMaxTomlBytes)});
  }
  if (auto error = BoundScanner(text).scan()) {
    return tl::make_unexpected(*std::move(error));
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto place = error.source().begin;
    return tl::make_unexpected(
        TomlError{place.line, place.column, std::string(error.description())});
  }
}

Result<toml::table> parse_toml(std::string_view text, std::string_view name) {
  auto table = parse_toml_located(text);
  if (!table) {
    const TomlError& error = table.error();
    return Error(Error::Code::config,
                 error.line == 0
                     ? fmt::format("{}: {}", name, error.message)
                     : fmt::format("{}:{}:{}: {}", name, error.line, error.column, error.message));
  }
  return *std::move(table);
}

}  // namespace baselined
