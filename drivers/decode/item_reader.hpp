#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "drivers/decode/profile.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward {

/// "protocol" and "items". A meter of registers has no items.
void read_items(ProfileFields& fields, const Json& root, Profile& profile);

/// A data identifier as its standard prints it: 8 hex digits for DL/T 645 ("00010000"), 4 for
/// CJ/T 188, first byte on the wire first ("901F"). nothing: anything else. Pure.
std::optional<std::uint32_t> item_id(Protocol protocol, std::string_view text);

/// A field of a listed item: "item" and "offset".
struct ItemPlace {
  RegisterSpan span;         // the identifier, and the field's bytes
  std::uint16_t offset = 0;  // of its first byte
};
/// bytes: of the field; it must lie whole in its item, and not in one that only a probe asks for.
std::optional<ItemPlace> read_place(ProfileFields& fields, const Json& object, const Sentence& what,
                                    const Profile& profile, std::int64_t bytes);
/// The listed item under `key`, whole; nothing, and a problem, when there is none such.
std::optional<RegisterSpan> read_whole(ProfileFields& fields, const Json& object, const Sentence& what,
                                       std::string_view key, const Profile& profile);

/// "unit_codes": at most 8 bytes, each once.
void read_unit_codes(ProfileFields& fields, const Json& object, const Sentence& what,
                     std::vector<std::uint8_t>& codes);

/// "probe" of an item meter, and what it is asked where the file says nothing:
///   DL/T 645   date 04000101 (4 bytes) and time 04000102 (3 bytes)
///   CJ/T 188   the first item, SER 2 and SER 3; data is read with SER 0 and 1
void read_item_probe(ProfileFields& fields, const Json* probe, Profile& profile);

/// Keys that belong to the other kind of meter: each is a problem.
void refuse_keys(ProfileFields& fields, const Json& object, const Sentence& what,
                 std::initializer_list<std::string_view> keys, Protocol protocol);

/// "10 00 2C": bytes as a trace shows them; nothing for anything else. Pure.
std::optional<std::vector<std::uint8_t>> hex_bytes(std::string_view text);

}  // namespace steward
