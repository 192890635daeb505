#pragma once
#include <cstddef>

namespace steward::test {

/// Watches operator new in this binary: what did the code in between ask for?
/// Linking allocation_meter.cpp is what switches it on. Thread: one.
class AllocationMeter {
 public:
  AllocationMeter();
  /// The largest single request since construction, in bytes.
  std::size_t largest() const;
  /// All requests since construction together, in bytes, freed or not.
  std::size_t total() const;
};

}  // namespace steward::test
