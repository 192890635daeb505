#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"

namespace steward {

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
  std::uint32_t file_line = 0;          // where the config says it

  friend bool operator==(const BusSetup&, const BusSetup&) = default;
};

/// One row of the meter list. Its place in `SiteSetup::meters` is its meter_no.
struct MeterSetup {
  MeterId meter;  // serial plate; = installs.meter of the estate import
  ProfileId profile;
  BusId bus;
  UnitAddress unit;  // of its profile's protocol
  std::string name;  // free text, may be empty
  std::uint32_t file_line = 0;
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

struct BrokerSetup {
  std::string host;
  std::uint16_t port = 8883;

  friend bool operator==(const BrokerSetup&, const BrokerSetup&) = default;
};

struct DoorSetup {
  std::string controller;    // name, [a-z0-9-]{1,32}
  std::uint32_t serial = 0;  // printed on the board
  std::string host;
  std::uint16_t port = 60000;  // the controller's UDP port (reference: uhppote protocol)

  friend bool operator==(const DoorSetup&, const DoorSetup&) = default;
};

/// Where controllers push their newest event to. A push is a hint: it brings the
/// next sweep forward, and what it says is never stored.
struct DoorPushSetup {
  std::array<std::uint8_t, 4> host{};  // this gateway's IPv4 address as the boards reach it
  std::uint16_t port = 60001;          // what uhppoted's servers listen on; 60000 is the boards' own

  friend bool operator==(const DoorPushSetup&, const DoorPushSetup&) = default;
};

struct ReaderSetup {
  ReaderId reader;
  SerialLine line;
  std::uint32_t file_line = 0;  // where the config says it

  friend bool operator==(const ReaderSetup&, const ReaderSetup&) = default;
};

/// Everything the gateway was told, checked: a SiteSetup that exists can be started.
struct SiteSetup {
  SiteId site;
  GatewayId gateway;
  std::string data;       // folder: outbox, control socket
  std::string enrolment;  // folder: keys and certificates
  std::string meters_file;
  std::string profiles;  // folder
  BrokerSetup broker;
  RoundSetup rounds;
  std::vector<BusSetup> buses;
  std::vector<MeterSetup> meters;
  std::vector<DoorSetup> doors;
  std::optional<DoorPushSetup> door_pushes;  // none: controllers are polled, their listener is left as it is
  std::vector<ReaderSetup> readers;

  friend bool operator==(const SiteSetup&, const SiteSetup&) = default;
};

/// Limits of one gateway, checked with everything else.
inline constexpr std::size_t max_buses = 256;
inline constexpr std::size_t max_pulse_inputs = 64;  // of one bus: a coroutine and a descriptor each
inline constexpr std::size_t max_lines = 64;         // serial lines: one thread and a low descriptor each
inline constexpr std::size_t max_meters = 8000;
inline constexpr std::size_t max_doors = 64;
inline constexpr std::size_t max_readers = 16;

}  // namespace steward
