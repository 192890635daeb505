#pragma once
#include <map>
#include <string>
#include <vector>

#include "cloud/ingest/admission.hpp"
#include "cloud/store/store.hpp"
#include "contract/nouns/clock.hpp"
#include "kit/log/log.hpp"

namespace steward {

/// A message on its way to one gateway.
struct OutgoingMessage {
  SiteId site;
  std::string topic;
  Bytes payload;
  bool retained = false;
};

/// Carries commands from the books to the gateways and results back. The books are the outbox: a
/// command is sent again every two seconds until its result is in them or it has expired, so
/// that a broker or a gateway that was away costs nothing; a gateway answers a repeated one with the
/// same bytes. What a gateway is to be is published retained, once per connection and again when it changes.
/// Thread: store (one).
class CommandPost {
 public:
  static constexpr Milliseconds again{2'000};

  CommandPost(Store& store, const Clock& clock, const Log& log) : store_(store), clock_(clock), log_(log) {}

  /// What is to be sent now.
  std::vector<OutgoingMessage> due();
  /// A message on a reported topic: kept, the newest one of each enrolled gateway.
  void take_report(const Arrival& arrival);
  /// The broker has forgotten what was retained, or may have: everything is published again.
  void publish_again() { published_.clear(); }
  /// A message on a result topic: kept when its gateway signed it and the command waits for it.
  void take(const Arrival& arrival);

 private:
  Result<void> keep(const Arrival& arrival);

  Store& store_;
  const Clock& clock_;
  const Log& log_;
  std::map<Uuid, Ticks> sent_;                                       // of those that are still open
  std::map<std::pair<SiteId, GatewayId>, std::uint64_t> published_;  // configs, since the last connection
};

}  // namespace steward
