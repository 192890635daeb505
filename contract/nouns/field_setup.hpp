#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "contract/nouns/ids.hpp"

namespace steward {

// What a gateway is told of its buses, meters and rounds, by its own file
// (docs/formats/edge-config.md) or by the cloud (docs/formats/messages.md).

/// The line of a text that says a thing; 0 where none does. No part of what is said:
/// two setups are the same wherever they were read.
struct FileLine {
  std::uint32_t number = 0;

  friend constexpr bool operator==(FileLine, FileLine) { return true; }
};

inline constexpr std::size_t max_pulse_inputs = 64;  // of one bus: a coroutine and a descriptor each

/// Parity of a serial line, as the config writes it (drivers/line has the wire's own).
enum class LineParity : std::uint8_t { none, even, odd };

/// Who turns the line's transceiver, as the config writes it (drivers/line has the wire's own).
enum class LineTurn : std::uint8_t { automatic, kernel, rts, rts_inverted };

/// What is behind a Modbus TCP peer.
enum class TcpPath : std::uint8_t {
  gateway,  // a serial line of meters: the line's own rules
  native,   // a meter with a network plug of its own
};

/// Modbus TCP: one peer, which may be a gateway with many units behind it.
struct TcpPeer {
  std::string host;          // name or address, at most 253 bytes
  std::uint16_t port = 502;  // 502 is the registered port (MODBUS Messaging on TCP/IP V1.0b, 4.2)
  TcpPath path = TcpPath::gateway;

  friend bool operator==(const TcpPeer&, const TcpPeer&) = default;
};

/// Modbus RTU: one serial line. Default 9600 8N1: what most Chinese meters are shipped with.
struct SerialLine {
  std::string device;  // absolute, or made absolute against the config file's folder
  std::uint32_t baud = 9600;
  LineParity parity = LineParity::none;
  std::uint8_t stop_bits = 1;
  LineTurn turn = LineTurn::automatic;
  std::uint32_t rts_before_ms = 0;  // of `turn`: sending is on so long before the first bit
  std::uint32_t rts_after_ms = 0;   // and after the last

  friend bool operator==(const SerialLine&, const SerialLine&) = default;
};

enum class BusKind : std::uint8_t {
  modbus_tcp,
  modbus_rtu,           // a serial line, "serial" in the config or by its older name "modbus_rtu": any mix of
                        // protocols whose speed and parity agree
  modbus_rtu_over_tcp,  // RTU frames through a device server
  pulse,                // contacts on the gateway's own GPIO
};

/// How an input is biased where nothing drives it (kit/gpio has the chip's own).
enum class PulseBias : std::uint8_t { as_is, pull_up, pull_down, none };

/// A meter's pulse output on a GPIO line.
struct PulseInputSetup {
  std::uint8_t unit = 0;  // 1..247: what the meter list calls it
  std::string chip = "/dev/gpiochip0";
  std::uint32_t line = 0;
  std::array<std::int64_t, 2> per_pulse{1, 1};  // numerator, denominator; litres or Wh
  std::uint32_t debounce_ms = 20;               // a level counts when it has stood so long
  bool active_low = true;                       // a contact to ground
  PulseBias bias = PulseBias::as_is;

  friend bool operator==(const PulseInputSetup&, const PulseInputSetup&) = default;
};

/// One way to reach meters. `tcp`, `line` or `inputs` is meaningful, as `kind` says.
struct BusSetup {
  BusId bus;
  BusKind kind = BusKind::modbus_tcp;
  TcpPeer tcp;
  SerialLine line;
  std::vector<PulseInputSetup> inputs;
  std::uint32_t timeout_ms = 1000;      // a reply that has not begun by then will not come
  std::uint32_t delay_floor_ms = 3000;  // a doubtful unit is left alone for so long at least
  std::uint32_t probe_permille = 40;    // of line time, for all doubtful units together
  std::uint32_t retire_hours = 24;      // a byte count gets a new meaning only after so long
  FileLine file_line;

  friend bool operator==(const BusSetup&, const BusSetup&) = default;
};

/// One row of the meter list. Its place in `SiteSetup::meters` is its meter_no.
struct MeterSetup {
  MeterId meter;  // serial plate; = installs.meter of the estate import
  ProfileId profile;
  BusId bus;
  UnitAddress unit;  // of its profile's protocol
  std::string name;  // free text, may be empty
  FileLine file_line;
  std::string serial;  // as the meter reports it over the bus; empty: learned

  friend bool operator==(const MeterSetup&, const MeterSetup&) = default;
};

/// Which channels a round reads.
enum class RoundChannels : std::uint8_t {
  billing,  // what is billed; at a closing also the ratios (倍率) that scale it
  all,      // everything the profile describes
};

/// When meters are read. Instants are nominal: multiples of the interval from 00:00 UTC.
struct RoundSetup {
  std::uint32_t every_s = 3600;  // divides a day
  RoundChannels channels = RoundChannels::billing;
  std::uint32_t skew_limit_s = 120;       // a reading taken further from round_at is suspect
  std::uint32_t closing_minute_utc = 0;   // minute of the UTC day that also gets closing records; on a round
  std::int32_t utc_offset_minutes = 480;  // what the meters' own clocks show: the estate's time
  bool live = false;                      // all channels, on and on between rounds, as telemetry

  friend bool operator==(const RoundSetup&, const RoundSetup&) = default;
};

}  // namespace steward
