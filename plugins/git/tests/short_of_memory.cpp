#include "plugins/git/tests/short_of_memory.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest = SIZE_MAX;

}  // namespace

// The program's own, instead of the library's.
// NOLINTBEGIN(cppcoreguidelines-no-malloc)
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return size <= largest ? std::malloc(size > 0 ? size : 1) : nullptr;
}

void* operator new(std::size_t size) {
  void* const memory = operator new(size, std::nothrow);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)

namespace baselined::git {

ShortOfMemory::ShortOfMemory(std::size_t largest_bytes) { largest = largest_bytes; }
ShortOfMemory::~ShortOfMemory() { largest = SIZE_MAX; }

}  // namespace baselined::git
