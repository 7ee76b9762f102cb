#include "daemon/records/values.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "daemon/base/json.h"

namespace baselined::records {
namespace {

constexpr std::int8_t kNoDigit = -1;

constexpr std::array<std::int8_t, 256> kDigits = [] {
  std::array<std::int8_t, 256> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] = kNoDigit;
  }
  for (std::size_t i = 0; i < 10; ++i) {
    digits['0' + i] = static_cast<std::int8_t>(i);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    digits['a' + i] = static_cast<std::int8_t>(10 + i);
    digits['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return digits;
}();

int digit_of(char c) { return kDigits[static_cast<unsigned char>(c)]; }

// Appends the bytes of 40 digits.
bool append_oid(std::string_view digits, std::string& out) {
  std::array<char, kOidBytes> bytes{};
  int seen = 0;
  for (std::size_t i = 0; i < kOidBytes; ++i) {
    const int high = digit_of(digits[2 * i]);
    const int low = digit_of(digits[2 * i + 1]);
    seen |= high | low;  // negative as soon as one is no digit
    bytes[i] = static_cast<char>(static_cast<unsigned char>((high << 4) | low));
  }
  if (seen < 0) {
    return false;
  }
  out.append(bytes.data(), bytes.size());
  return true;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
}

bool take(std::string_view& text, char expected) {
  skip_space(text);
  if (text.empty() || text.front() != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

bool take_oid(std::string_view& text, std::string& out) {
  constexpr std::size_t kDigitCount = 2 * kOidBytes;
  if (!take(text, '"') || text.size() < kDigitCount || !append_oid(text, out)) {
    return false;
  }
  text.remove_prefix(kDigitCount);
  return !text.empty() && text.front() == '"' && take(text, '"');
}

}  // namespace

bool oid_to_bytes(std::string_view text, std::string& out) {
  out.clear();
  return text.size() == 2 * kOidBytes && append_oid(text, out);
}

bool oid_list_to_bytes(std::string_view text, std::string& out) {
  out.clear();
  if (!take(text, '[')) {
    return false;
  }
  if (!take(text, ']')) {
    do {
      if (!take_oid(text, out)) {
        return false;
      }
    } while (take(text, ','));
    if (!take(text, ']')) {
      return false;
    }
  }
  skip_space(text);
  return text.empty();
}

bool text_list_to_json(std::string_view text, std::string& out) {
  if (text == "[]") {
    out.assign(text);
    return true;
  }
  const Result<json::value> list = parse_json(text);
  if (!list || !list->is_array()) {
    return false;
  }
  const json::array& items = list->get_array();
  const auto is_text = [](const json::value& item) { return item.is_string(); };
  if (!std::all_of(items.begin(), items.end(), is_text)) {
    return false;
  }
  out = json::serialize(*list);
  return true;
}

bool decimal_to_canonical(std::string_view text, std::string& out) {
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative) {
    text.remove_prefix(1);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (whole.empty() || (point != text.size() && fraction.empty()) ||
      !std::all_of(whole.begin(), whole.end(), is_digit) ||
      !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
    return false;
  }
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
  const bool is_zero = whole == "0" && fraction.empty();
  out.assign(is_negative && !is_zero ? "-" : "");
  out.append(whole);
  if (!fraction.empty()) {
    out.append(".").append(fraction);
  }
  return true;
}

}  // namespace baselined::records
