#include "cloud/metering/estate.hpp"

namespace steward {

std::string_view word(NodeKind kind) {
  constexpr std::string_view words[] = {"estate", "building", "entrance", "floor"};
  return words[static_cast<std::size_t>(kind)];
}
std::string_view word(UnitKind kind) {
  constexpr std::string_view words[] = {"flat", "shop", "office", "parking"};
  return words[static_cast<std::size_t>(kind)];
}
std::string_view word(PointUse use) {
  constexpr std::string_view words[] = {"unit", "common", "master"};
  return words[static_cast<std::size_t>(use)];
}
std::string_view priced_unit(Medium medium) { return medium == Medium::electricity ? "kWh" : "m³"; }
ChannelUnit channel_unit(Medium medium) {
  return medium == Medium::electricity ? ChannelUnit::wh : ChannelUnit::litre;
}

std::vector<PointId> Estate::children(const PointId& point) const {
  std::vector<PointId> found;
  for (const auto& [candidate, details] : points) {
    if (details.parent == point) found.push_back(candidate);
  }
  return found;
}

bool Estate::is_under(const NodeId& node, const NodeId& above) const {
  // A tree has no cycle (read_estate saw to it), but a hand-made Estate may: the count bounds the climb.
  const NodeId* at = &node;
  for (std::size_t step = 0; step <= nodes.size(); ++step) {
    if (*at == above) return true;
    const auto found = nodes.find(*at);
    if (found == nodes.end() || found->second.parent.text.empty()) return false;
    at = &found->second.parent;
  }
  return false;
}

const AccountId& Estate::owner_of(const UnitId& unit) const {
  const auto found = units.find(unit);
  return found == units.end() || found->second.owner.text.empty() ? vacant_account : found->second.owner;
}

std::vector<UnitId> Estate::units_under(const NodeId& node) const {
  std::vector<UnitId> found;
  for (const auto& [candidate, unit] : units) {
    if (is_under(unit.node, node)) found.push_back(candidate);
  }
  return found;
}

}  // namespace steward
