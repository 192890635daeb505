// Which device answers at an address: its serial number, copies of its replies, and the latch.
#include <string>

#include "drivers/bus/line_guard_unit.hpp"

namespace steward {
namespace {

/// Copies of a reply among so many exchanges of a unit that prove two devices at one address.
constexpr std::uint32_t twin_copies = 3;

std::string hex(std::uint16_t word) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (int shift = 12; shift >= 0; shift -= 4) text += digits[(word >> shift) & 0xF];
  return text;
}
std::string hex(const Words& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : " ") + hex(word);
  return text;
}

}  // namespace

void LineGuard::count_copy(Unit& unit) {
  if (++unit.copies == twin_copies)
    latch(unit, BusNotice::Kind::clash, "requests are answered twice: two devices at one address");
}

void LineGuard::check_identity(Unit& unit, const RegisterSpan& span, const Words& words, Ticks at) {
  unit.refusals = 0;
  unit.since_identity = 0;
  Words serial;
  if (unit.setup.serial) {
    const auto from = words.begin() + static_cast<std::ptrdiff_t>(unit.setup.serial->first - span.first);
    serial.assign(from, from + unit.setup.serial->count);
  }
  if (!unit.setup.known_serial) unit.setup.known_serial = serial;
  const bool expected = serial == *unit.setup.known_serial;
  unit.identity = {serial, expected};
  if (expected) {
    if (unit.other_serial) {
      latch(unit, BusNotice::Kind::clash,
            "answers as " + hex(*unit.other_serial) + " and as " + hex(serial) +
                ": two devices at one address");
    }
    if (!unit.setup.latched) unit.checked = at;
    return;
  }
  unit.other_serial = serial;
  latch(unit, BusNotice::Kind::exchanged,
        "answers as " + hex(serial) + " instead of " + hex(*unit.setup.known_serial));
}

void LineGuard::latch(Unit& unit, BusNotice::Kind kind, std::string detail) {
  unit.setup.latched = true;
  // Two devices take turns in being the known one and the other: that is one clash, said once.
  if (unit.latched_as == kind || unit.latched_as == BusNotice::Kind::clash) return;
  unit.latched_as = kind;
  note(kind, unit.setup.unit, unit.checked, std::move(detail));
}

void LineGuard::unlatch(UnitAddress address) {
  Unit* unit = find(address);
  if (unit == nullptr) return;
  unit->setup.latched = false;
  unit->setup.known_serial.reset();
  unit->other_serial.reset();
  unit->latched_as.reset();
  unit->copies = 0;
  unit->guard.failed();
}

Identity LineGuard::identity(UnitAddress unit) const { return find(unit)->identity; }

UnitRecord LineGuard::record(UnitAddress address) const {
  const Unit& unit = *find(address);
  return {address, unit.guard.to_keep(), unit.setup.known_serial, unit.setup.latched};
}

void LineGuard::kept(UnitAddress unit) { find(unit)->guard.kept(); }
void LineGuard::not_kept(UnitAddress unit) { find(unit)->guard.failed(); }

}  // namespace steward
