// Is this a build with a sanitizer? Those reserve terabytes of address space and look at their own
// process when it ends, which protections of the memory would forbid.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BL_UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BL_UNDER_SANITIZER 1
#endif
#endif

namespace baselined {

#ifdef BL_UNDER_SANITIZER
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

}  // namespace baselined
