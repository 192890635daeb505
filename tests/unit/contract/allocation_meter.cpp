#include "tests/unit/contract/allocation_meter.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::size_t largest_request = 0;
std::size_t all_requests = 0;

void* measured(std::size_t bytes) {
  largest_request = std::max(largest_request, bytes);
  all_requests += bytes;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return measured(bytes); }
void* operator new[](std::size_t bytes) { return measured(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace steward::test {

AllocationMeter::AllocationMeter() {
  largest_request = 0;
  all_requests = 0;
}
std::size_t AllocationMeter::largest() const { return largest_request; }
std::size_t AllocationMeter::total() const { return all_requests; }

}  // namespace steward::test
