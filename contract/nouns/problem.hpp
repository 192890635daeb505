#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace steward {

/// One thing a person has to mend in a file, said so that they can: where it
/// is, what is wrong, what would be right; in the two languages an operator reads.
struct Problem {
  std::string file;        // as the operator named it
  std::uint32_t line = 0;  // from 1; 0 when the file as a whole is meant
  std::string en;
  std::string zh;

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// All problems of one input, in file and line order. Empty means: take it.
using Problems = std::vector<Problem>;

}  // namespace steward
