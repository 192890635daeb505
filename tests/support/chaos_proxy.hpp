#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

namespace steward {

/// What a link between two programs can be like. Nothing here looks into the bytes: behind TLS a changed,
/// doubled or reordered byte is only a broken connection (tests/chaos/evil_relay.hpp doubles messages).
enum class Weather : std::uint8_t {
  clear,
  refused,    // new connections are turned away; those there are stay
  held,       // a partition: nothing passes either way, nothing is lost, both ends believe in the connection
  swallowed,  // half-open: what either end sends is taken and never arrives; both ends believe
  one_way,    // half-open the other way: the server's bytes arrive, the client's are swallowed
  slow,       // a few kilobytes at a time, with pauses
  pieces,     // one to seven bytes at a time: no message arrives whole
};
std::string_view word(Weather weather);

/// Stands between clients and one server on loopback and makes the weather, on a thread of its own.
/// Bytes that were swallowed are gone, so links that had any are reset when the weather clears: TLS would
/// not survive the hole, and on the wire TCP would have given up too.
/// Thread: any.
class ChaosProxy {
 public:
  /// Listens on a port of its own; each connection is carried on to 127.0.0.1:`server`.
  explicit ChaosProxy(std::uint16_t server);
  ~ChaosProxy();
  ChaosProxy(const ChaosProxy&) = delete;
  ChaosProxy& operator=(const ChaosProxy&) = delete;

  std::uint16_t port() const;
  void set(Weather weather);
  /// Ends every link with RST on both sides, as a NAT that forgot or a device that lost its power does.
  void reset();

  std::uint64_t accepted() const;  // connections so far, those turned away left out
  std::uint64_t turned_away() const;
  std::uint64_t carried() const;    // bytes that arrived
  std::uint64_t swallowed() const;  // bytes that did not
  std::uint64_t held() const;       // bytes that were read while nothing passes

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace steward
