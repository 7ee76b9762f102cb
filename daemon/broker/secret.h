// Secret: a credential in memory. It cannot be printed or copied by accident, and leaves nothing
// behind: its bytes are overwritten when it is destroyed; moving hands over the only copy.
//
// Ownership: a value, move-only; copy() is for those who mean it. Threads: a value.
//
//   Secret line = Secret::join({"Authorization: Bearer ", token.reveal()});
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace baselined::broker {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view value) : Secret(join({value})) {}
  // One after the other, in memory that is allocated once.
  static Secret join(std::initializer_list<std::string_view> parts);

  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  Secret copy() const { return Secret(reveal()); }
  bool empty() const { return size_ == 0; }
  // Valid as long as this lives and is not moved from.
  std::string_view reveal() const { return {c_str(), size_}; }
  const char* c_str() const { return bytes_ ? bytes_.get() : ""; }

 private:
  void wipe();

  std::unique_ptr<char[]> bytes_;  // ends with a zero
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream& stream, const Secret& secret) = delete;

}  // namespace baselined::broker

template <>
struct fmt::formatter<baselined::broker::Secret> {
  formatter() = delete;
};
