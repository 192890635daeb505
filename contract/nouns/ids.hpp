#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace steward {

/// A name that cannot be taken for another kind of name. Ordered by its bytes,
/// so "lowest id first" means the same on every machine and in every language.
template <class Tag>
struct Id {
  std::string text;

  Id() = default;
  explicit Id(std::string value) : text(std::move(value)) {}

  friend auto operator<=>(const Id&, const Id&) = default;
};

using SiteId = Id<struct SiteTag>;        // the estate's code, [a-z0-9-]{1,32}
using GatewayId = Id<struct GatewayTag>;  // [a-z0-9-]{1,32}, unique within its site
using MeterId = Id<struct MeterTag>;      // serial plate, as printed; = installs.meter
using PointId = Id<struct PointTag>;      // a metering point of the estate's tree
using UnitId = Id<struct UnitTag>;        // flat, shop or office
using NodeId = Id<struct NodeTag>;        // building, entrance, floor: groups units
using AccountId = Id<struct AccountTag>;  // who is billed
using PoolId = Id<struct PoolTag>;        // a shared quantity (公摊)
using TariffId = Id<struct TariffTag>;
using BillId = Id<struct BillTag>;
using ProfileId = Id<struct ProfileTag>;  // "<name>/<version>"
using BusId = Id<struct BusTag>;
using DoorId = Id<struct DoorTag>;      // controller name and door, e.g. "gate-1"
using ReaderId = Id<struct ReaderTag>;  // a patrol reader
using CheckpointId = Id<struct CheckpointTag>;

/// A small number that is an index into something named, not a quantity.
template <class Tag, class Int>
struct Number {
  Int value = 0;
  friend constexpr auto operator<=>(Number, Number) = default;
};

using MeterNo = Number<struct MeterNoTag, std::uint16_t>;     // place in the log's catalogue
using ChannelNo = Number<struct ChannelNoTag, std::uint8_t>;  // place in the meter's channel list
using Seq = Number<struct SeqTag, std::uint64_t>;             // place in a log, from 1

/// The language a meter speaks on its line.
enum class Protocol : std::uint8_t {
  modbus,  // RTU or TCP
  dlt645,  // DL/T 645-2007, electricity meters
  cjt188,  // CJ/T 188, water, heat and gas meters
};

/// Where a meter is on its line. Kept as a number; contract/text/unit_text.hpp writes and reads it.
///   modbus  1..247                       "7"
///   dlt645  the 12 digits                "000000000001"
///   cjt188  type x 10^14 + the 14 digits "10:00000000000012", the type in hex (0x10: cold water)
struct UnitAddress {
  std::uint64_t value = 0;
  Protocol protocol = Protocol::modbus;

  /// What stands in a Modbus frame.
  constexpr std::uint8_t byte() const { return static_cast<std::uint8_t>(value); }

  friend constexpr auto operator<=>(UnitAddress, UnitAddress) = default;
};

/// 16 random bytes (RFC 4122 version 4), kept as bytes and printed as usual.
using Uuid = std::array<std::uint8_t, 16>;
/// SHA-256 (FIPS 180-4).
using Digest = std::array<std::uint8_t, 32>;
/// Ed25519 (RFC 8032, 5.1): public key and signature.
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

}  // namespace steward

template <class Tag>
struct std::hash<steward::Id<Tag>> {
  std::size_t operator()(const steward::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text);
  }
};
