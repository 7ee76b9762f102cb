#include "daemon/broker/secret.h"

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"

namespace baselined::broker {

Secret Secret::join(std::initializer_list<std::string_view> parts) {
  Secret secret;
  for (const std::string_view part : parts) {
    secret.size_ += part.size();
  }
  secret.bytes_ = std::make_unique<char[]>(secret.size_ + 1);
  char* end = secret.bytes_.get();
  for (const std::string_view part : parts) {
    end = std::copy(part.begin(), part.end(), end);
  }
  return secret;
}

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Secret::wipe() {
  if (bytes_) {
    cleanse(bytes_.get(), size_);
    bytes_.reset();
  }
  size_ = 0;
}

}  // namespace baselined::broker
