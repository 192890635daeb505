#include "drivers/doors/ut0311_limits.hpp"

#include <string>
#include <utility>

#include "drivers/doors/match.hpp"

namespace steward::ut0311 {
namespace {

constexpr std::uint32_t max_pin = 999'999;
constexpr int first_year = 2002;  // the vendor: a date must be later than 2001
constexpr int last_year = 2099;   // a status packet carries two digits of the year

Error refused(std::string message) { return {Fault::refused, std::move(message)}; }

bool year_fits(const CardDate& date) {
  return date.ok() && static_cast<int>(date.year()) >= first_year &&
         static_cast<int>(date.year()) <= last_year;
}

Result<void> check_time(ControllerTime time) {
  if (!year_fits(CardDate{std::chrono::floor<std::chrono::days>(time)})) {
    return refused("clock must be set to a year from 2002 to 2099");
  }
  return {};
}

}  // namespace

std::optional<std::uint8_t> doors_of(std::uint32_t serial) {
  switch (serial / 100'000'000) {
    case 1: return std::uint8_t{1};
    case 2: return std::uint8_t{2};
    case 4: return std::uint8_t{4};
    default: return std::nullopt;
  }
}

bool is_card_number(std::uint32_t number) {
  return number != 0 && number != 0x00FFFFFF && number != 0xFFFFFFFF;
}

Result<void> check_card(const DoorCard& card, std::uint8_t doors) {
  if (!is_card_number(card.number)) {
    return refused("card number " + std::to_string(card.number) + " is reserved");
  }
  const std::string name = "card " + std::to_string(card.number) + ": ";
  if (!year_fits(card.from) || !year_fits(card.to)) {
    return refused(name + "both dates must be days of the years 2002 to 2099");
  }
  if (card.to < card.from) return refused(name + "the last day is before the first");
  if (card.pin > max_pin) return refused(name + "the PIN is above 999999");
  for (std::size_t door = 0; door < card.permission.size(); ++door) {
    const std::string door_name = name + "door " + std::to_string(door + 1);
    if (card.permission[door] == 255) return refused(door_name + ": there is no time profile 255");
    if (door >= doors && card.permission[door] != 0)
      return refused(door_name + " of " + std::to_string(doors));
  }
  return {};
}

Result<void> check_request(const Request& request, std::uint8_t doors) {
  const auto card_number = [](std::uint32_t number) -> Result<void> {
    if (!is_card_number(number)) return refused("card number " + std::to_string(number) + " is reserved");
    return {};
  };
  return std::visit(
      Match{[](const auto&) { return Result<void>(); },
            [&](const PutCardRequest& put) { return check_card(put.card, doors); },
            [&](const DeleteCardRequest& gone) { return card_number(gone.card); },
            [&](const CardRequest& asked) { return card_number(asked.card); },
            [&](const OpenDoorRequest& open) -> Result<void> {
              if (open.door >= 1 && open.door <= doors) return {};
              return refused("door " + std::to_string(open.door) + " of " + std::to_string(doors));
            },
            [](const SetTimeRequest& set) { return check_time(set.time); },
            [](const SetListenerRequest& set) -> Result<void> {
              const bool off = set.listener.address == EventListener{}.address;
              if (off == (set.listener.port == 0)) return {};
              return refused("a listener is an address and a port, or neither");
            }},
      request);
}

}  // namespace steward::ut0311
