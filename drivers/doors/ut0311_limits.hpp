#pragma once
#include <cstdint>
#include <optional>

#include "contract/nouns/result.hpp"
#include "drivers/doors/ut0311_messages.hpp"

/// What no board of this family can do as it is meant, whoever asks for it. Held
/// before a request is sent and, in the simulator, before one is obeyed: boards
/// themselves take most of it and keep garbage.
namespace steward::ut0311 {

/// How many doors a board with this serial has: its first of nine digits says 1,
/// 2 or 4. Nothing for any other number: it is not a serial of this family.
std::optional<std::uint8_t> doors_of(std::uint32_t serial);

/// False for 0, 0x00FFFFFF and 0xFFFFFFFF, which boards use as "none" and "deleted".
bool is_card_number(std::uint32_t number);

/// Whether a board of `doors` doors can hold this card as it is meant. Fault
/// refused, naming the field. A PIN above 999999 would be kept as garbage.
Result<void> check_card(const DoorCard& card, std::uint8_t doors);

/// The same for any request to a board of `doors` doors. Fault refused.
Result<void> check_request(const Request& request, std::uint8_t doors);

}  // namespace steward::ut0311
