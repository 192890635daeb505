#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

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

  /// marks and store: where the outbox stood when it was opened; old: epochs before this one, whose blocks
  /// are sent beside the present ones, each by an uplink of its own (the ack names the epoch).
  CloudLink(Loop& loop, const Clock& clock, const Log& log, const LoadedSite& site, const Uuid& epoch,
            const LogMarks& marks, const std::vector<OldLogs>& old, const std::optional<CloudStore>& store,
            StoreThread& outbox, State state);
  ~CloudLink();
  CloudLink(const CloudLink&) = delete;
  CloudLink& operator=(const CloudLink&) = delete;

  /// Who takes the messages on this gateway's command topics. To be set before `start`.
  void on_command(std::function<void(const std::string& topic, Bytes payload)> take) {
    command_ = std::move(take);
  }
  /// Who takes the config the cloud wants, and who is told of each connection.
  void on_desired(std::function<void(Bytes payload)> take, std::function<void()> connected) {
    desired_ = std::move(take);
    connected_ = std::move(connected);
  }
  /// Told when an ack proves the time: the cloud signed it at `at`, after `from` and before `to`.
  void on_proof(std::function<void(Ticks from, Ticks to, Instant at)> take) { proven_ = std::move(take); }
  /// One message of the gateway's own; may be lost. Faults: as MqttPipe::publish.
  Result<void> publish(const std::string& topic, ByteView payload, bool retained) {
    return pipe_.publish(topic, payload, retained);
  }

  void start();
  /// Wakes the uplink when an ack is late and renews the state message; ends after `stop`.
  Awaitable<void> run();
  /// What the outbox has committed. To be called after each commit.
  void committed(const LogMarks& marks);
  /// See Uplink::send_again.
  void send_again(Stream stream, Seq from);
  /// Something in the state message changed.
  void state_changed();

  /// Waits until the cloud has signed for everything; at most `limit`, and not at
  /// all longer once `give_up` is true (asked whenever something happens).
  Awaitable<bool> everything_acked(Milliseconds limit, std::function<bool()> give_up);
  /// Says offline, waits shortly for the broker to take it, and disconnects.
  Awaitable<void> say_goodbye();
  void stop();

  const LogMarks& marks() const { return uplink_.marks(); }
  std::uint64_t unacked() const;
  bool is_connected() const { return uplink_.is_connected(); }
  /// Has the broker been tried and not reached since the last connection?
  bool is_known_down() const { return said_down_; }
  /// Why it cannot be reached, once that was found out; nothing while it is.
  const std::optional<TlsVerdict>& trouble() const { return trouble_; }

 private:
  class Source;
  struct OldEpoch;

  void say(const UplinkNotice& notice);
  void each_uplink(const std::function<void(Uplink&)>& call);
  void publish_state(bool online);
  Ticks due_at() const;
  void reckon();
  void on_up();
  void on_down(const std::string& why);
  void on_explained(const TlsVerdict& why);
  void on_message(const MqttMessage& message);

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  State state_;
  std::string ack_topic_;
  std::string state_topic_;
  std::string command_prefix_;
  std::string desired_topic_;
  std::function<void(Bytes)> desired_;
  std::function<void()> connected_;
  std::function<void(const std::string&, Bytes)> command_;
  std::unique_ptr<Source> source_;
  MqttPipe pipe_;
  MqttTransport transport_;
  Uplink uplink_;
  std::vector<std::unique_ptr<OldEpoch>> old_;
  /// A place in a log that did not exist before `at`: an ack that covers it was signed after that.
  struct Witness {
    Stream stream = Stream::readings;
    Seq seq;
    Ticks at{};
  };
  void prove_time();

  std::function<void(Ticks, Ticks, Instant)> proven_;
  std::optional<Witness> witness_;
  Signal changed_;     // for `run`: the next deadline may be another
  Signal progressed_;  // for whoever waits on acks
  Ticks state_due_ = Ticks::max();
  Ticks sleeps_until_ = Ticks::min();
  bool said_down_ = false;
  std::optional<TlsVerdict> trouble_;
  bool stopped_ = false;
};

}  // namespace steward
