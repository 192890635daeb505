#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/problem.hpp"
#include "drivers/sim/estate_registers.hpp"

namespace steward {
class Loop;
}

namespace steward::sim {

/// What `steward-sim serve` was asked for.
struct ServeRequest {
  EstateSetup estate;
  std::string folder;     // edge.json, meters.csv and the serial links are put here
  std::string clock;      // the shared stepped clock's file; empty: the machine's own clock
  std::string profiles;   // folder
  std::string enrolment;  // folder the gateway's keys are in
  std::string broker_host;
  std::uint16_t broker_port = 0;
  std::set<std::string> dead;  // plates of meters that do not answer
  int slow_ms = 0;             // each Modbus reply waits that long
  std::string scenario;        // file of faults (docs/formats/scenario.md); empty: none
};

/// The simulated estate on this machine's loopback: Modbus TCP endpoints, one
/// serial line (two with Chinese meters), a door controller and a QR reader, with people who come and go.
///
/// Meters answer from the model at the clock's now; doors and the guard's round
/// follow the same clock, beginning when it is first seen. Nothing listens
/// beyond 127.0.0.1. Thread: loop; destroy before the loop.
class EstateServer {
 public:
  /// Opens everything, then writes meters.csv and edge.json: when this returns, a
  /// gateway may start. All problems are added, and nothing stays open, when
  /// anything is wrong.
  static std::unique_ptr<EstateServer> start(Loop& loop, const ServeRequest& request, Problems& problems);
  /// Closes the endpoints and removes the serial links.
  ~EstateServer();

  std::string config() const;  // edge.json's path
  std::size_t meters() const;
  std::uint64_t answered() const;  // requests
  bool begun() const;              // the clock was seen: people come and go from then on

  struct Parts;

 private:
  explicit EstateServer(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward::sim
