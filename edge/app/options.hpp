#pragma once
#include <optional>
#include <string>

#include "contract/nouns/clock.hpp"

namespace steward {

/// Exit codes of steward-edge.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_bad_config = 2;
inline constexpr int exit_differs = 3;  // verify: the display says otherwise; doctor: something is bad
inline constexpr int exit_unsure = 4;   // verify: too little to tell; scan, doctor: something to look at

/// Time moved by this program instead of by nature (design: Time).
struct SteppedRun {
  std::string clock_file;
  Instant from;  // first round
  Instant to;    // last round
};

struct EdgeOptions {
  std::string config;
  std::string profiles;  // overrides the config's folder; empty = as the config says
  bool check = false;
  bool once = false;
  bool json = false;
  bool progress = false;
  std::optional<SteppedRun> stepped;
};

}  // namespace steward
