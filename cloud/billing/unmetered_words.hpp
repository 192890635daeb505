#pragma once
#include <string>
#include <vector>

#include "cloud/billing/bill.hpp"

namespace steward {

/// One sentence in both languages.
struct Said {
  std::string zh;
  std::string en;
};

/// Why a line is what it is where nothing was measured: a fee, a charge or a reduction. The first sentence is
/// the line's heading.
std::vector<Said> unmetered_words(const BillLine& line);

}  // namespace steward
