#pragma once
#include <functional>
#include <memory>
#include <string>

#include "edge/app/load_site.hpp"
#include "edge/store/store_thread.hpp"
#include "edge/sync/mqtt_transport.hpp"
#include "edge/sync/uplink.hpp"
#include "kit/log/log.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"

#include "contract/wire/state.hpp"

namespace steward {

/// The gateway's whole acquaintance with the cloud: the pipe, the uplink on top
/// of it, the retained state message and its last will.
///
/// While the broker is away the rest of the gateway goes on; that is said once,
/// and once when it is back. Thread: loop.
class CloudLink {
 public:
  /// What the state message says beside the backlog, which the link knows itself.
  using State = std::function<EdgeState()>;

  /// marks and store: where the outbox stood when it was opened.
  CloudLink(Loop& loop, const Clock& clock, const Log& log, const LoadedSite& site, const Uuid& epoch,
            const LogMarks& marks, const std::optional<CloudStore>& store, StoreThread& outbox, State state);
  ~CloudLink();
  CloudLink(const CloudLink&) = delete;
  CloudLink& operator=(const CloudLink&) = delete;

  void start();
  /// Wakes the uplink when an ack is late and renews the state message; ends after `stop`.
  Awaitable<void> run();
  /// What the outbox has committed. To be called after each commit.
  void committed(const LogMarks& marks);
  /// Something in the state message changed.
  void state_changed();

  /// Waits until the cloud has signed for everything; at most `limit`, and not at
  /// all longer once `give_up` is true (asked whenever something happens).
  Awaitable<bool> everything_acked(Milliseconds limit, std::function<bool()> give_up);
  /// Says offline, waits shortly for the broker to take it, and disconnects.
  Awaitable<void> say_goodbye();
  void stop();

  const LogMarks& marks() const { return uplink_.marks(); }
  std::uint64_t unacked() const { return uplink_.unacked(); }
  bool is_connected() const { return uplink_.is_connected(); }
  /// Has the broker been tried and not reached since the last connection?
  bool is_known_down() const { return said_down_; }

 private:
  class Source;

  void publish_state(bool online);
  Ticks due_at() const;
  void reckon();
  void on_up();
  void on_down(const std::string& why);
  void on_message(const MqttMessage& message);

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  State state_;
  std::string ack_topic_;
  std::string state_topic_;
  std::unique_ptr<Source> source_;
  MqttPipe pipe_;
  MqttTransport transport_;
  Uplink uplink_;
  Signal changed_;     // for `run`: the next deadline may be another
  Signal progressed_;  // for whoever waits on acks
  Ticks state_due_ = Ticks::max();
  Ticks sleeps_until_ = Ticks::min();
  bool said_down_ = false;
  bool stopped_ = false;
};

}  // namespace steward
