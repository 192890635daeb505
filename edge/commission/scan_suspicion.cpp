#include <algorithm>
#include <array>

#include "edge/commission/scan_plan.hpp"

namespace steward {
namespace {

/// Garbage from more than this share of the addresses is no matter of one address.
constexpr std::size_t everywhere = 4;

ScanSuspicion duplicate(std::uint8_t unit, const LineFormat& format) {
  const auto address = std::to_string(unit);
  const auto at = " (" + format_text(format) + ")";
  return {
      ScanSuspicion::Kind::duplicate, address,
      "address " + address + at +
          " answers in garbled bytes while others are clear: two devices have this address; switch one off, "
          "give each its own, and scan again",
      "地址 " + address + at +
          " 的应答为乱码，而其他地址清晰：该地址有两台设备；请断开其一，分别设置地址后重新扫描"};
}

}  // namespace

std::string_view word(ScanSuspicion::Kind kind) {
  constexpr std::array<std::string_view, 4> words{"duplicate", "swapped", "speed", "skipped"};
  return words[static_cast<std::size_t>(kind)];
}

std::string format_text(const LineFormat& format) {
  constexpr std::string_view letters = "NEO";
  return std::to_string(format.baud) + " 8" + letters[static_cast<std::size_t>(format.parity)] +
         std::to_string(format.stop_bits);
}

std::vector<ScanSuspicion> ScanPlan::suspicions() const {
  std::vector<ScanSuspicion> suspicions;
  std::size_t tried = 0;
  std::size_t noisy = 0;
  std::string names;
  for (const auto& course : courses_) {
    if (course.skipped) {
      suspicions.push_back(
          {ScanSuspicion::Kind::skipped, "",
           format_text(course.format) +
               " was not tried: rounds on this line come too often to leave a gap for another "
               "speed; raise \"rounds.every_minutes\" for the search",
           "未尝试 " + format_text(course.format) +
               "：本总线抄表过于频繁，没有切换波特率的间隙；搜索时请调大 \"rounds.every_minutes\""});
      continue;
    }
    ++tried;
    const bool many = course.garbled.size() * everywhere > course.asked.size() && course.garbled.size() > 1;
    if (!course.noise && !(many && !alive(course))) {
      for (const auto& [unit, times] : course.garbled)
        if (times > 1) suspicions.push_back(duplicate(unit, course.format));
      continue;
    }
    ++noisy;
    names += (names.empty() ? "" : ", ") + format_text(course.format);
  }
  if (noisy == 0) return suspicions;
  if (noisy == tried && found_.empty()) {
    suspicions.push_back(
        {ScanSuspicion::Kind::swapped, "",
         "garbage from everywhere at every speed that was tried: swap A and B at the gateway and scan again; "
         "then look for missing termination, and for a speed that was not in the list",
         "所试各波特率下处处是乱码：请对调网关端 A、B 线后重新扫描；再检查终端电阻，以及未列入的波特率"});
  } else {
    suspicions.push_back({ScanSuspicion::Kind::speed, "",
                          "garbage from everywhere at " + names +
                              ": devices of another speed or parity are on this line; one line must have one",
                          names + " 下处处是乱码：总线上有其他波特率或校验位的设备；同一总线必须一致"});
  }
  return suspicions;
}

}  // namespace steward
