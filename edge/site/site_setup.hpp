#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/field_setup.hpp"

namespace steward {

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
  FileLine file_line;

  friend bool operator==(const ReaderSetup&, const ReaderSetup&) = default;
};

/// Where /metrics, /healthz and /readyz are answered.
struct MonitoringSetup {
  std::array<std::uint8_t, 4> host{127, 0, 0, 1};
  std::uint16_t port = 9464;  // what OpenTelemetry's Prometheus exporters listen on
  bool beyond_loopback = false;

  friend bool operator==(const MonitoringSetup&, const MonitoringSetup&) = default;
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
  std::optional<MonitoringSetup> monitoring;  // none: nobody is answered

  friend bool operator==(const SiteSetup&, const SiteSetup&) = default;
};

/// Limits of one gateway, checked with everything else.
inline constexpr std::size_t max_buses = 256;
inline constexpr std::size_t max_lines = 64;  // serial lines: one thread and a low descriptor each
inline constexpr std::size_t max_meters = 8000;
inline constexpr std::size_t max_doors = 64;
inline constexpr std::size_t max_readers = 16;

}  // namespace steward
