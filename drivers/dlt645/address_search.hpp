#pragma once
#include "drivers/dlt645/frame.hpp"
#include "drivers/line/bcd_search.hpp"

namespace steward::dlt645 {

using bcd::Heard;

/// Finds a line's DL/T 645 meters (bcd_search.hpp).
class AddressSearch : public bcd::AddressSearch<Address> {
 public:
  explicit AddressSearch(unsigned confirmations = 3)
      : bcd::AddressSearch<Address>(any_meter, confirmations) {}
};

}  // namespace steward::dlt645
