#pragma once
#include <malloc.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of sanitizer/allocator_interface.h, which GCC 12 does not install though its libraries have it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace steward {

/// Bytes of the heap that are in use now: asked for and not yet given back.
///
/// Not VmRSS: under ASan freed memory stays in quarantine, and everywhere an allocator keeps what it once
/// got; both hide a leak of 0.2 kB in their noise. The allocator's own books are exact: a sanitizer's when it
/// has taken malloc's place, else glibc's (mallinfo2: small and mapped chunks).
inline std::size_t live_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto books = ::mallinfo2();
  return books.uordblks + books.hblkhd;
#endif
}

}  // namespace steward
