// Errors are values. Result<T> holds a T or an Error; Status is a Result without a value.
//
// Error::Code has the same numbers as bl_status in sdk/include/baselined/plugin.h, so that one
// vocabulary reaches from a plugin to the scheduler and to a metric label.
// An error's message is for an administrator: what, which object, what to do. It never contains a
// secret or a personal value.
// Threads: values, no shared state.
//
//   Result<int> half(int n) { if (n % 2) return Error(Error::Code::data, "odd"); return n / 2; }
//   BL_TRY(int h, half(4));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace baselined {

class Error {
 public:
  enum class Code : std::uint8_t {
    config = 1,
    auth,
    rate_limited,
    transient,
    data,
    cancelled,
    unsupported,
    internal,
    limit,
    disk_full,  // the host's own disk; no plugin reports it
  };
  static constexpr Code kLastCode = Code::disk_full;

  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " before its message.
  Error with(std::string_view context) && {
    message_.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }

 private:
  Code code_;
  std::string message_;
};

// "config", "rate_limited", ...: the label in metrics and JSON.
std::string_view to_string(Error::Code code);

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using Base::Base;
  // Implicit on purpose: a function returns a value or an Error as it is.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Base base) : Base(std::move(base)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}
};

using Status = Result<void>;

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace baselined

// A broken invariant: prints and aborts, in every build.
#define BL_ASSERT(expression) \
  ((expression) ? void() : ::baselined::assertion_failed(#expression, __FILE__, __LINE__))

#define BL_CONCAT_INNER(a, b) a##b
#define BL_CONCAT(a, b) BL_CONCAT_INNER(a, b)
#define BL_TRY_INNER(name, declaration, expression, leave) \
  auto name = (expression);                                \
  if (!name) leave std::move(name).error();                \
  declaration = *std::move(name)
// Declares a variable with the value of a Result, or returns its error.
#define BL_TRY(declaration, expression) \
  BL_TRY_INNER(BL_CONCAT(bl_try_, __COUNTER__), declaration, expression, return )
#define BL_CO_TRY(declaration, expression) \
  BL_TRY_INNER(BL_CONCAT(bl_try_, __COUNTER__), declaration, expression, co_return )

#define BL_CHECK_INNER(name, expression, leave) \
  do {                                          \
    auto name = (expression);                   \
    if (!name) leave std::move(name).error();   \
  } while (false)
// Returns the error of a Status, if it is one.
#define BL_CHECK(expression) BL_CHECK_INNER(BL_CONCAT(bl_check_, __COUNTER__), expression, return )
#define BL_CO_CHECK(expression) \
  BL_CHECK_INNER(BL_CONCAT(bl_check_, __COUNTER__), expression, co_return )
