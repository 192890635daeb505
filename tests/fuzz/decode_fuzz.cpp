// Any registers in any channel: a multiple of the step or no value; what a
// simulated meter then shows decodes to the same.
#include "drivers/decode/decode.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

/// Indexed by NumberType.
constexpr std::uint16_t words_of_type[] = {1, 1, 2, 2, 4, 4, 2, 4, 3, 4, 1, 2};

/// Whether the registers can show what rounding made of them: a LONG cannot hold what its
/// fraction rounded up to, a float has only so many bits.
bool can_show(const ProfileChannel& channel, std::int64_t value) {
  const auto within = [&](std::int64_t most) { return value <= most && value >= -most; };
  if (channel.as == NumberType::long_fraction) return within(0x7FFF'FFFF);
  if (channel.as == NumberType::f32) return within(std::int64_t{1} << 24);
  if (channel.as == NumberType::f64) return within(std::int64_t{1} << 53);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  ProfileChannel channel;
  const auto type = input.octet() % std::size(words_of_type);
  channel.as = static_cast<NumberType>(type);
  channel.span = {RegisterKind::holding, 0, words_of_type[type]};
  const auto flags = input.octet();
  channel.words = static_cast<Order>(flags & 1);
  channel.bytes = static_cast<Order>((flags >> 1) & 1);
  channel.bit = input.octet() % 16;
  const auto number = [&](std::uint64_t most) {
    return static_cast<std::int64_t>(1 + input.number(4) % most);
  };
  if ((flags & 4) != 0) channel.per_count = {number(1'000'000'000), number(1'000'000'000)};
  if ((flags & 8) != 0) channel.step = number(1'000'000);
  if ((flags & 16) != 0 && channel.as != NumberType::long_fraction) {
    // The same as a field of an item: its bytes in one order, an odd number of them, a unit behind.
    const bool digits = channel.as == NumberType::bcd || channel.as == NumberType::bcd_signed;
    const auto bytes = digits ? static_cast<std::uint16_t>(1 + input.octet() % 7)
                              : static_cast<std::uint16_t>(2 * channel.span.count);
    channel.span = {RegisterKind::cjt188_item, 0x901F, bytes};
    channel.bytes = channel.words;
    if ((flags & 32) != 0 && bytes < 8) {
      channel.unit_codes = {input.octet()};
      ++channel.span.count;
    }
  }
  Words words;
  while (words.size() < channel.span.words()) words.push_back(static_cast<std::uint16_t>(input.number(2)));
  const Decoded first = decode(channel, words);
  if (first.quality == Quality::invalid) {
    test::must(first.value == 0, "no value is 0");
    return 0;
  }
  test::must(first.value % channel.step == 0, "a multiple of the step");
  const bool whole_counts = channel.per_count == PerCount{} && channel.step == 1;
  if (whole_counts && can_show(channel, first.value))
    test::must(decode(channel, encode(channel, first.value)) == first,
               "what is shown again decodes the same");
  return 0;
}
