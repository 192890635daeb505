// Any text as a profile: refused with reasons, or usable in every way.
#include <set>

#include "drivers/decode/decode.hpp"
#include "drivers/modbus/unit_plan.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void check_plan(const Profile& profile) {
  const auto plan = plan_unit(profile, {all_channels(profile), {ChannelNo{0}}}, {27'500, 2'083});
  std::set<Tag> tags;
  for (const auto& span : plan.dictionary.entries()) {
    const bool fits =
        span.is_item() ? span.count <= max_item_bytes : span.count <= max_span_words && span.end() <= 0x10000;
    test::must(span.count >= 1 && fits, "a request");
    test::must(tags.insert(tag_of(span)).second, "a tag means one place");
  }
  for (const auto& read : plan.frozen) {
    test::must(plan.dictionary.serves(read.span), "what was frozen is asked under a tag of its own");
    test::must(!read.time || plan.dictionary.serves(*read.time), "and so is its instant");
    test::must(read.span.count >= profile.frozen[read.list].span.count, "each block whole");
  }
  if (plan.clock) test::must(plan.dictionary.serves(plan.clock->span), "so is the clock");
  std::set<std::uint8_t> weak;
  for (const auto& block : plan.weak)
    for (const auto no : block.channels) weak.insert(no.value);
  std::size_t planned = 0;
  for (const auto& read : plan.reads[0]) {
    test::must(plan.dictionary.serves(read.span), "what is asked is in the dictionary");
    test::must(read.span.is_item() || read.span.count <= profile.bus.max_span,
               "not longer than the device serves");
    for (const auto& place : read.channels) {
      const auto& channel = profile.channels[place.channel.value];
      test::must(read.span.is_item() ? place.offset == channel.offset && read.span.holds(channel.span)
                                     : read.span.first + place.offset == channel.span.first,
                 "each channel at its place");
      test::must(place.offset + channel.span.count <= read.span.count, "each channel whole");
      ++planned;
    }
  }
  test::must(planned == profile.channels.size() || !weak.empty(), "each channel is read, or named as weak");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  const auto profile = read_profile("fuzz.json", text, Digest{}, problems);
  test::must(profile.has_value() == problems.empty(), "a profile, or reasons");
  for (const auto& one : problems) test::must(!one.en.empty() && !one.zh.empty(), "both languages");
  if (!profile) return 0;
  check_plan(*profile);
  for (const auto& channel : profile->channels) {
    const Words words = encode(channel, channel.max.value_or(1));
    test::must(words.size() == channel.span.words(), "as many words as the channel has");
    test::must(decode(channel, words).value % channel.step == 0, "a multiple of the step");
  }
  return 0;
}
