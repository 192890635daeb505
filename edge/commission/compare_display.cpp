#include "edge/commission/compare_display.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "drivers/decode/decode.hpp"

namespace steward {
namespace {

constexpr std::size_t most_digits = 12;
constexpr std::size_t most_places = 3;
/// Below so many of its last digits a display cannot tell a tenth from the whole for sure.
constexpr std::int64_t least_steps = 100;
/// So many last digits ahead of the display are the time it takes to type.
constexpr std::int64_t moved_steps = 10;
constexpr std::int64_t largest = std::int64_t{1} << 56;

/// A channel in thousandths of what the display counts in.
bool shown_in_thousands(ChannelUnit unit) {
  switch (unit) {
    case ChannelUnit::wh:
    case ChannelUnit::varh:
    case ChannelUnit::litre:
    case ChannelUnit::millivolt:
    case ChannelUnit::milliampere:
    case ChannelUnit::millihertz:
    case ChannelUnit::permille: return true;
    default: return false;
  }
}

bool is_whole(NumberType type) {
  switch (type) {
    case NumberType::u16:
    case NumberType::i16:
    case NumberType::u32:
    case NumberType::i32:
    case NumberType::u64:
    case NumberType::i64: return true;
    default: return false;
  }
}

/// Undoes mistakes and sees whether the display comes out.
class Inquiry {
 public:
  Inquiry(const ProfileChannel& channel, std::span<const std::uint16_t> words, const Display& display,
          const Surroundings& around)
      : channel_(channel),
        words_(words),
        display_(display),
        around_(around),
        read_(decode(channel, words)),
        slack_(std::max(channel.step, display.step) + around.drift) {}

  Comparison result() {
    Comparison result;
    result.read = read_.value;
    const bool has_value = read_.quality != Quality::invalid;
    if (has_value && shows(read_.value)) {
      const bool large = std::abs(display_.value) >= least_steps * slack_;
      result.agreement = large ? Agreement::agrees : Agreement::inconclusive;
      return result;
    }
    if (has_value) try_moved();
    if (!channel_.span.is_item()) try_orders();  // an item's BCD has one order and one type
    if (has_value) {
      try_ratios();
      try_sign();
      try_factors();
    }
    try_others();
    if (found_.empty())
      add(Mistake::unknown, "nothing known explains the difference: compare meter, address and register",
          "没有已知的原因能解释这个差别：请核对电表、地址和寄存器");
    result.suspicions = std::move(found_);
    return result;
  }

 private:
  bool shows(std::int64_t value) const { return std::abs(value - display_.value) <= slack_; }
  /// Noise around zero explains nothing.
  bool explains(std::int64_t value) const { return value != 0 && std::abs(value) < largest && shows(value); }

  void add(Mistake mistake, std::string en, std::string zh) {
    const auto known = [&](const Suspicion& one) { return one.mistake == mistake && one.en == en; };
    if (std::none_of(found_.begin(), found_.end(), known))
      found_.push_back({mistake, std::move(en), std::move(zh)});
  }

  bool explains_as(ProfileChannel changed) const {
    changed.min.reset();
    changed.max.reset();
    changed.sentinels.clear();
    const auto decoded = decode(changed, words_);
    return decoded.quality != Quality::invalid && explains(decoded.value);
  }

  /// The meter counts on while its display is being typed in.
  void try_moved() {
    const auto ahead = read_.value - display_.value;
    if (channel_.cumulative && display_.value > 0 && ahead > 0 && ahead <= moved_steps * slack_)
      add(Mistake::moved,
          "the meter has counted on since its display was read: read it again and verify at once",
          "读取显示后表又走字了：请重新读取显示值并立即核对");
  }

  void try_orders() {
    const auto flipped = [](Order order) {
      return order == Order::high_first ? Order::low_first : Order::high_first;
    };
    auto words = channel_;
    words.words = flipped(channel_.words);
    if (channel_.span.count > 1 && explains_as(words))
      add(Mistake::word_order,
          "the registers come in the other order: set \"order\" of the profile, or take its variant",
          "寄存器的高低字顺序相反：请改表型文件的 order，或选用对应的变体");
    auto bytes = channel_;
    bytes.bytes = flipped(channel_.bytes);
    if (explains_as(bytes))
      add(Mistake::byte_order,
          "the bytes of each register come in the other order: set \"bytes\" of the profile",
          "每个寄存器内的字节顺序相反：请改表型文件的 bytes");
    auto both = words;
    both.bytes = bytes.bytes;
    if (channel_.span.count > 1 && explains_as(both))
      add(Mistake::word_order,
          "words and bytes come in the other order: set \"order\" and \"bytes\" of the profile",
          "字序和字节序都相反：请改表型文件的 order 和 bytes");
    try_types();
  }

  void try_types() {
    constexpr std::array one_word{NumberType::u16, NumberType::i16, NumberType::bcd};
    constexpr std::array two_words{NumberType::u32, NumberType::i32, NumberType::f32, NumberType::bcd};
    constexpr std::array four_words{NumberType::u64, NumberType::i64, NumberType::f64, NumberType::bcd};
    const auto try_all = [&](const auto& types) {
      for (const auto type : types) {
        if (type != channel_.as && explains_as_type(type))
          return add(Mistake::number_type,
                     "the registers hold another type of number: set \"as\" of the profile",
                     "寄存器的数据类型不同：请改表型文件的 as");
      }
    };
    if (channel_.span.count == 1) try_all(one_word);
    if (channel_.span.count == 2) try_all(two_words);
    if (channel_.span.count == 4) try_all(four_words);
  }

  /// Another kind of number usually comes with another scale; signed and unsigned are one kind.
  bool explains_as_type(NumberType type) const {
    const bool same_kind = is_whole(type) && is_whole(channel_.as);
    for (const auto order : {Order::high_first, Order::low_first}) {
      auto changed = channel_;
      changed.as = type;
      changed.words = order;
      changed.step = 1;
      if (same_kind && order != channel_.words) continue;
      if (explains_as(changed)) return true;
      for (const std::int64_t scale : {1, 10, 100, 1000}) {
        changed.per_count = {scale, 1};
        if (!same_kind && explains_as(changed)) return true;
      }
    }
    return false;
  }

  void try_ratios() {
    std::vector<std::int64_t> ratios = around_.ratios;
    std::int64_t product = 1;
    for (const auto ratio : around_.ratios) product *= ratio > 0 && product < 100'000 ? ratio : 1;
    ratios.push_back(product);
    for (const auto ratio : ratios) {
      if (ratio <= 1 || ratio > 100'000'000) continue;
      const bool primary = std::abs(read_.value) < largest / ratio && explains_scaled(ratio, 1);
      if (primary || explains_scaled(1, ratio))
        add(Mistake::ratio,
            "the display and the register differ by the transformer ratio " + std::to_string(ratio) +
                ": the multiplier of the installation must be what leads from the register to the primary "
                "side",
            "显示值与寄存器相差互感器变比 " + std::to_string(ratio) + " 倍：安装记录的倍率必须与之一致");
    }
  }

  bool explains_scaled(std::int64_t up, std::int64_t down) const {
    if (std::abs(read_.value) >= largest / up) return false;
    // What the register's own last digit leaves open grows with the factor.
    const std::int64_t value = read_.value * up / down;
    return value != 0 && std::abs(value - display_.value) <= slack_ + channel_.step * up / down;
  }

  void try_sign() {
    if (explains(-read_.value))
      add(Mistake::sign,
          "the sign is the other one: import and export, or a current transformer, are reversed",
          "符号相反：正反向接反，或电流互感器装反");
  }

  void try_factors() {
    if (explains_scaled(1000, 1) || explains_scaled(1, 1000))
      add(Mistake::thousand,
          "the register counts in thousandths or thousands of what the profile says (Wh and kWh, litres and "
          "cubic metres): set \"per_count\"",
          "单位相差一千倍（Wh 与 kWh、升与立方米）：请改表型文件的 per_count");
    for (const std::int64_t factor : {10, 100}) {
      if (explains_scaled(factor, 1) || explains_scaled(1, factor))
        add(Mistake::ten,
            "the decimal point is elsewhere, by a factor of " + std::to_string(factor) +
                ": set \"per_count\"",
            "小数点位置不同，相差 " + std::to_string(factor) + " 倍：请改表型文件的 per_count");
    }
  }

  void try_others() {
    for (const auto& other : around_.channels) {
      if (explains(other.value))
        add(Mistake::other_channel,
            "the display shows the channel " + other.name + ": turn the display's page",
            "显示的是通道 " + other.name + "：请翻到正确的显示页");
    }
    for (const auto& other : around_.meters) {
      if (explains(other.value))
        add(Mistake::other_meter,
            "the display is what meter " + other.name + " shows: two addresses are exchanged",
            "显示值属于表 " + other.name + "：两块表的地址互换了");
    }
  }

  const ProfileChannel& channel_;
  std::span<const std::uint16_t> words_;
  const Display& display_;
  const Surroundings& around_;
  const Decoded read_;
  const std::int64_t slack_;
  std::vector<Suspicion> found_;
};

}  // namespace

std::string_view word(Mistake mistake) {
  constexpr std::array<std::string_view, 11> words{
      "word_order", "byte_order",    "number_type", "ratio", "sign",   "thousand",
      "ten",        "other_channel", "other_meter", "moved", "unknown"};
  return words[static_cast<std::size_t>(mistake)];
}

Result<Display> read_display(std::string_view text, ChannelUnit unit) {
  const Error malformed{Fault::malformed,
                        "not what a display shows: digits, one point at most, three places behind it"};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t digits = 0;
  std::optional<std::size_t> places;
  for (const char c : text) {
    if (c == '.' && !places) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9' || ++digits > most_digits) return malformed;
    if (places && ++*places > most_places) return malformed;
    value = value * 10 + (c - '0');
  }
  if (digits == 0 || places == std::optional<std::size_t>(0)) return malformed;
  std::int64_t step = shown_in_thousands(unit) ? 1000 : 1;
  for (std::size_t place = 0; place < places.value_or(0); ++place) {
    if (step == 1) return Error{Fault::malformed, "this channel has no places behind the point"};
    step /= 10;
  }
  value *= step;
  return Display{negative ? -value : value, step};
}

Comparison compare_display(const ProfileChannel& channel, std::span<const std::uint16_t> words,
                           const Display& display, const Surroundings& around) {
  assert(words.size() == channel.span.words());
  return Inquiry(channel, words, display, around).result();
}

}  // namespace steward
