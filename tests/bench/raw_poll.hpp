#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "edge/poll/poll_plan.hpp"

namespace steward::bench {

/// One request as it goes over the wire and the length of its right answer.
struct RawRead {
  Bytes request;
  std::size_t reply = 0;
};

/// All that is asked of one Modbus TCP endpoint in a round.
struct RawLane {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::vector<RawRead> reads;
};

/// The least a poll can be: blocking sockets, one thread and one connection per
/// endpoint, one request outstanding, the edge's own requests in the edge's order.
/// Nothing is decoded, kept or sent on; only the length of a reply is looked at.
class RawPoll {
 public:
  /// The requests of `plans`, as the edge makes them of its config. TCP buses only.
  RawPoll(const SiteSetup& setup, const std::vector<BusPlan>& plans);

  /// Polls everything `rounds` times, from `start` on and then `every` apart
  /// (0 = at once). Throws std::runtime_error when an answer is missing or short.
  void run(int rounds, std::chrono::steady_clock::time_point start = {},
           std::chrono::milliseconds every = {}) const;

  std::size_t requests() const;  // per round
  std::size_t registers() const { return registers_; }
  std::size_t readings() const { return readings_; }  // that the edge makes of a round

 private:
  std::vector<RawLane> lanes_;
  std::size_t registers_ = 0;
  std::size_t readings_ = 0;
};

}  // namespace steward::bench
