#include "edge/app/quantity_text.hpp"

namespace steward {
namespace {

struct Shown {
  std::string_view unit;
  bool thousandths;
};

Shown how(ChannelUnit unit) {
  switch (unit) {
    case ChannelUnit::wh: return {"kWh", true};
    case ChannelUnit::litre: return {"m3", true};
    case ChannelUnit::millivolt: return {"V", true};
    case ChannelUnit::milliampere: return {"A", true};
    case ChannelUnit::watt: return {"W", false};
    case ChannelUnit::millihertz: return {"Hz", true};
    case ChannelUnit::varh: return {"kvarh", true};
    case ChannelUnit::litre_per_hour: return {"l/h", false};
    case ChannelUnit::permille: return {"", true};
    case ChannelUnit::none:
    case ChannelUnit::ratio: break;
  }
  return {"", false};
}

}  // namespace

std::string_view shown_unit(ChannelUnit unit) { return how(unit).unit; }

std::string shown(std::int64_t value, ChannelUnit unit) {
  if (!how(unit).thousandths) return std::to_string(value);
  const bool negative = value < 0;
  const auto count = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  auto places = std::to_string(count % 1000);
  places.insert(0, 3 - places.size(), '0');
  return (negative ? "-" : "") + std::to_string(count / 1000) + "." + places;
}

}  // namespace steward
