#include "kit/loop/clocks.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>

namespace steward {
namespace {

using Shared = std::atomic<std::int64_t>;
static_assert(Shared::is_always_lock_free, "a lock would live in one process only");

Error system_error(Fault fault, const std::filesystem::path& file) {
  return {fault, "clock file " + file.string() + ": " + std::strerror(errno)};
}

/// Maps the 8 bytes of `descriptor`, which stays the caller's to close.
void* map(int descriptor, int protection) {
  return mmap(nullptr, sizeof(Shared), protection, MAP_SHARED, descriptor, 0);
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}
Ticks SystemClock::ticks() const { return std::chrono::steady_clock::now(); }

Result<std::unique_ptr<SteppedClock>> SteppedClock::create(const std::filesystem::path& file, Instant start) {
  const bool there = ::access(file.c_str(), F_OK) == 0;
  // A new one is made under another name first: a reader never maps a file that is still empty.
  const auto made = there ? file : std::filesystem::path(file).concat(".new");
  const int descriptor = ::open(made.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error(Fault::broken, file);
  const bool sized = ftruncate(descriptor, sizeof(Shared)) == 0;
  void* mapped = sized ? map(descriptor, PROT_READ | PROT_WRITE) : MAP_FAILED;
  ::close(descriptor);
  if (mapped == MAP_FAILED) return system_error(Fault::broken, file);
  auto clock = std::unique_ptr<SteppedClock>(new SteppedClock(static_cast<Shared*>(mapped), true));
  clock->step_to(start);
  if (!there && ::rename(made.c_str(), file.c_str()) != 0) return system_error(Fault::broken, file);
  return clock;
}

Result<std::unique_ptr<SteppedClock>> SteppedClock::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno == ENOENT ? Fault::retry : Fault::broken, file);
  struct stat about = {};
  const bool whole = fstat(descriptor, &about) == 0 && about.st_size == sizeof(Shared);
  void* mapped = whole ? map(descriptor, PROT_READ) : MAP_FAILED;
  ::close(descriptor);
  if (!whole) return Error{Fault::broken, "clock file " + file.string() + ": is not 8 bytes long"};
  if (mapped == MAP_FAILED) return system_error(Fault::broken, file);
  return std::unique_ptr<SteppedClock>(new SteppedClock(static_cast<Shared*>(mapped), false));
}

SteppedClock::~SteppedClock() { munmap(shared_, sizeof(Shared)); }

Instant SteppedClock::now() const { return instant_from_ms(shared_->load(std::memory_order_acquire)); }
Ticks SteppedClock::ticks() const { return std::chrono::steady_clock::now(); }

void SteppedClock::step_to(Instant instant) {
  assert(writes_);
  shared_->store(ms_of(instant), std::memory_order_release);
}

}  // namespace steward
