#pragma once
#include <span>
#include <vector>

#include "tests/fault/device.hpp"

namespace steward::fault {

/// What words that were taken for a read's really are.
enum class Verdict : std::uint8_t {
  right,           // these registers of this meter, read after they were asked for
  too_old,         // these registers, read before; or of two samples
  wrong_register,  // other registers of this meter
  wrong_unit,      // another meter's
  chance,          // no meter ever said them, or none was asked so: noise whose CRC fitted
};

/// Knows every meter of a line, and so what any words are. Asks nothing of the code under test.
/// The dial of words: their sample number.
struct Oracle {
  const std::vector<Device>& devices;

  /// meter: index of the device that was meant. first_sent: of the request these words answer.
  Verdict judge(std::size_t meter, const RegisterSpan& span, const Words& words, Ticks first_sent) const;

 private:
  bool says(const Device& device, int first_key, std::span<const std::uint16_t> words, bool odd,
            std::uint32_t& sample) const;
  Verdict timed(const Sample& read, Ticks first_sent) const;
};

/// The first two words of a block that begins at an even register, as a profile would decode a
/// dial of 22 bits: 10 that are 0 in whatever any of these meters says, and the sample number.
constexpr std::uint32_t dial_of(const Words& words) {
  const unsigned leading = (words[0] / 64U) ^ (words[1] / 64U) ^ 1U;
  return leading * 4096U + words[1] % 64U * 64U + words[0] % 64U;
}

}  // namespace steward::fault
