#pragma once
#include "drivers/cjt188/frame.hpp"
#include "drivers/line/bcd_search.hpp"

namespace steward::cjt188 {

using bcd::Heard;

/// Finds a line's CJ/T 188 meters of any type (bcd_search.hpp).
class AddressSearch : public bcd::AddressSearch<Address> {
 public:
  explicit AddressSearch(unsigned confirmations = 3)
      : bcd::AddressSearch<Address>(any_meter, confirmations) {}
};

}  // namespace steward::cjt188
