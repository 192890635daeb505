#include "tests/fault/oracle.hpp"

#include <algorithm>

namespace steward::fault {

/// Whether the device can have said these words with neighbouring keys from first_key on, and in
/// which sample: taken from the first word of each half that is no serial number. odd: of the last
/// word only the high byte was said.
bool Oracle::says(const Device& device, int first_key, std::span<const std::uint16_t> words, bool odd,
                  std::uint32_t& sample) const {
  unsigned low = device.latest() % 64;
  unsigned high = device.latest() / 64 % 64;
  bool low_found = false;
  bool high_found = false;
  int key = first_key;
  for (std::size_t at = 0; at < words.size(); ++at, ++key) {
    const bool serial = key == serial_register || key == serial_register + 1;
    if (serial || (odd && at + 1 == words.size())) continue;
    if (key % 2 == 0 && !low_found) {
      low = words[at] % 64U;
      low_found = true;
    } else if (key % 2 == 1 && !high_found) {
      high = words[at] % 64U;
      high_found = true;
    }
  }
  sample = high * 64 + low;
  key = first_key;
  for (std::size_t at = 0; at < words.size(); ++at) {
    unsigned said = device.word(key++, sample);
    if (odd && at + 1 == words.size()) said = said / 256 * 256;
    if (said != words[at]) return false;
  }
  return true;
}

Verdict Oracle::timed(const Sample& read, Ticks first_sent) const {
  if (read.asked_by_chance) return Verdict::chance;
  return read.at < first_sent ? Verdict::too_old : Verdict::right;
}

Verdict Oracle::judge(std::size_t meter, const RegisterSpan& span, const Words& words,
                      Ticks first_sent) const {
  std::uint32_t sample = 0;
  const Device& meant = devices[meter];
  const auto first_key = key_of(span.kind, span.first);
  const bool odd = span.is_item() && span.count % 2 != 0;
  if (words.size() == span.words() && first_key) {
    if (says(meant, *first_key, words, odd, sample)) return timed(meant.sample(sample), first_sent);
    if (span.kind == RegisterKind::dlt645_item && in_two_frames(span.count)) {
      // Both parts are this item's, but of two samples.
      const std::size_t first = first_frame_bytes / 2;
      const auto all = std::span(words);
      if (says(meant, *first_key, all.first(first), false, sample) &&
          says(meant, *first_key + static_cast<int>(first), all.subspan(first), odd, sample))
        return Verdict::too_old;
    }
  }
  for (const auto& device : devices) {
    for (int key = 0; key < 64; ++key) {
      if (!says(device, key, words, odd, sample)) continue;
      if (device.sample(sample).asked_by_chance) return Verdict::chance;
      return &device == &meant ? Verdict::wrong_register : Verdict::wrong_unit;
    }
  }
  return Verdict::chance;
}

}  // namespace steward::fault
