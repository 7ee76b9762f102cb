#include "daemon/worker/cancel_page.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace baselined::worker {

Result<CancelPage> CancelPage::open(int descriptor) {
  struct stat status = {};
  // Reading behind the end of a mapped file kills the process, so the size is checked now.
  if (fstat(descriptor, &status) != 0 || status.st_size < 1) {
    return Error(Error::Code::internal, "no cancel page: this mode is for the daemon");
  }
  void* page = mmap(nullptr, 1, PROT_READ, MAP_SHARED, descriptor, 0);
  if (page == MAP_FAILED) {
    return Error(Error::Code::internal,
                 "the cancel page: " + std::generic_category().message(errno));
  }
  return CancelPage(static_cast<const unsigned char*>(page));
}

CancelPage::CancelPage(CancelPage&& other) noexcept : byte_(std::exchange(other.byte_, nullptr)) {}

CancelPage::~CancelPage() {
  if (byte_ != nullptr) {
    munmap(const_cast<unsigned char*>(byte_), 1);
  }
}

}  // namespace baselined::worker
