#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "contract/nouns/meter_event.hpp"
#include "contract/wire/ack.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/command.hpp"
#include "contract/wire/site_config.hpp"
#include "contract/wire/state.hpp"

namespace steward::test {

/// Makes messages that keep every rule and are otherwise as odd as they come:
/// empty and longest texts, numbers at their ends, runs of one and of all.
/// The same seed makes the same messages on every machine.
class RandomMessages {
 public:
  explicit RandomMessages(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  std::size_t size_below(std::size_t limit) { return static_cast<std::size_t>(below(limit)); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// Any 63-bit number with its sign, small ones and ends more often than not.
  std::int64_t number();
  Instant instant();
  /// Plain UTF-8 of `least` to `most` bytes.
  std::string text(std::size_t least, std::size_t most);
  std::string code();
  template <std::size_t N>
  std::array<std::uint8_t, N> octets() {
    std::array<std::uint8_t, N> out{};
    for (auto& octet : out) octet = static_cast<std::uint8_t>(engine_());
    return out;
  }

  Block block();
  Closing closing();
  Ack ack();
  EdgeState state();
  SiteConfigDocument site_config();
  Command command();
  CommandResult command_result();
  /// Sound, of any kind.
  MeterEvent meter_event();

 private:
  Words words();
  FrozenReading frozen_reading();
  Records records(Stream stream, Seq first, Seq last);
  std::vector<Reading> readings(std::size_t count);
  CatalogueEntry catalogue_entry();
  DoorEvent door_event();
  BusSetup bus_setup(std::size_t at);

  std::mt19937_64 engine_;
};

}  // namespace steward::test
