#include "edge/app/cloud_link.hpp"

#include <algorithm>

#include "contract/wire/topics.hpp"

namespace steward {
namespace {

constexpr Milliseconds state_every{60'000};  // while nothing happens: "still here", with the backlog
constexpr Milliseconds state_again{1'000};   // the pipe's window was full
constexpr Milliseconds goodbye_patience{1'000};
constexpr Milliseconds witness_life{10'000};  // an ack that came later proves too little

Broker broker_of(const LoadedSite& site) {
  return {site.setup.broker.host,
          site.setup.broker.port,
          site.setup.site.text + "/" + site.setup.gateway.text,
          site.enrolment.ca_file,
          site.enrolment.identity_file,
          site.enrolment.identity_file,
          site.setup.site.text + "/" + site.setup.gateway.text};
}

Bytes bytes_copy(std::string_view text) {
  const auto view = bytes_of(text);
  return {view.begin(), view.end()};
}

}  // namespace

/// The store thread as the uplink sees it. Blocks that came may have been sent,
/// and then an ack is due: `answered` is called after each answer.
class CloudLink::Source : public BlockSource {
 public:
  Source(StoreThread& store, const Uuid& epoch, bool is_old, std::function<void()> answered)
      : store_(store), epoch_(epoch), is_old_(is_old), answered_(std::move(answered)) {}
  void read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Done done) override {
    store_.read_after(epoch_, stream, after, blocks, bytes,
                      [this, done = std::move(done)](Result<std::vector<StoredBlock>> found) {
                        done(std::move(found));
                        answered_();
                      });
  }
  void acknowledge(Stream stream, Seq upto) override { store_.acknowledge(epoch_, stream, upto); }
  void note_store(const CloudStore& store) override { store_.note_store(store); }
  void note_fork(Stream stream, Seq first) override {
    if (is_old_) return;  // it has ended already; asked again after a restart, the cloud says so again
    // Kept with the records: what is due then is due after a restart as well.
    const SavedMark mark{"fork/" + std::string(word(stream)), std::to_string(first.value)};
    store_.append({{stream, std::vector<EdgeEvent>(), {}, {mark}}}, {});
  }

 private:
  StoreThread& store_;
  Uuid epoch_;
  bool is_old_;
  std::function<void()> answered_;
};

/// Sends what is left of an epoch that has ended. What the cloud has of it beyond what is known here was lost
/// with a damaged file. What an ack means to every epoch is said once, by the present one.
struct CloudLink::OldEpoch {
  OldEpoch(CloudLink& link, StoreThread& outbox, const LoadedSite& site, const OldLogs& logs,
           const std::optional<CloudStore>& store)
      : source(outbox, logs.epoch, true, [&link] { link.reckon(); }),
        uplink(setup_of(site, logs, store), link.transport_, source, site.enrolment.cloud_key, link.clock_,
               [&link](const UplinkNotice& notice) {
                 if (notice.kind == "fork" || notice.kind == "outbox_unreadable") link.say(notice);
               }) {}
  static UplinkSetup setup_of(const LoadedSite& site, const OldLogs& logs,
                              const std::optional<CloudStore>& store) {
    UplinkSetup setup{site.setup.site, site.setup.gateway, logs.epoch, logs.marks, store, {}, {}};
    for (std::size_t at = 0; at < logs.marks.size(); ++at) setup.ends.at(at) = logs.marks.at(at).last;
    return setup;
  }
  Source source;
  Uplink uplink;
};

CloudLink::CloudLink(Loop& loop, const Clock& clock, const Log& log, const LoadedSite& site,
                     const Uuid& epoch, const LogMarks& marks, const std::vector<OldLogs>& old,
                     const std::optional<CloudStore>& store, StoreThread& outbox, State state)
    : loop_(loop),
      clock_(clock),
      log_(log),
      state_(std::move(state)),
      ack_topic_(ack_topic(site.setup.site, site.setup.gateway)),
      state_topic_(state_topic(site.setup.site, site.setup.gateway)),
      command_prefix_(command_topics(site.setup.site, site.setup.gateway)),
      desired_topic_(desired_topic(site.setup.site, site.setup.gateway)),
      source_(std::make_unique<Source>(outbox, epoch, false, [this] { reckon(); })),
      pipe_(loop, broker_of(site), MqttMessage{state_topic_, bytes_copy(last_will(state_())), true},
            {ack_topic_, command_prefix_, desired_topic_},
            {[this] { on_up(); }, [this](const std::string& why) { on_down(why); },
             [this](const MqttMessage& message) { on_message(message); },
             [this] {
               each_uplink([](Uplink& uplink) { uplink.room(); });
               reckon();
               progressed_.set();
             },
             [this](const TlsVerdict& why) { on_explained(why); }}),
      transport_(pipe_),
      uplink_({site.setup.site, site.setup.gateway, epoch, marks, store, {}}, transport_, *source_,
              site.enrolment.cloud_key, clock, [this](const UplinkNotice& notice) { say(notice); }),
      changed_(loop),
      progressed_(loop) {
  for (const auto& logs : old) old_.push_back(std::make_unique<OldEpoch>(*this, outbox, site, logs, store));
}

CloudLink::~CloudLink() = default;

void CloudLink::say(const UplinkNotice& notice) {
  log_.warning("uplink", {{"kind", notice.kind}, {"detail", notice.detail}});
}

void CloudLink::start() {
  command_prefix_.pop_back();  // the wildcard: from here on it is what such a topic begins with
  pipe_.start();
}

void CloudLink::on_up() {
  log_.info("broker_up", {{"backlog", static_cast<std::int64_t>(unacked())}});
  said_down_ = false;
  trouble_.reset();
  publish_state(true);
  each_uplink([](Uplink& uplink) { uplink.connected(); });
  if (connected_) connected_();
  reckon();
  progressed_.set();
}

void CloudLink::on_down(const std::string& why) {
  if (!said_down_ && !stopped_) {
    log_.warning("broker_down", {{"why", why}});
  }
  said_down_ = true;
  each_uplink([](Uplink& uplink) {
    if (uplink.is_connected()) uplink.disconnected();
  });
  progressed_.set();
}

void CloudLink::on_explained(const TlsVerdict& why) {
  const bool said = trouble_ && trouble_->trouble == why.trouble;
  if (stopped_ || said) return;
  trouble_ = why;
  if (why.trouble == TlsTrouble::none)
    return;  // the network is in order; what MQTT said stands in `broker_down`
  log_.warning("broker_trouble",
               {{"trouble", std::string(word(why.trouble))}, {"why", why.en}, {"why_zh", why.zh}});
}

void CloudLink::on_message(const MqttMessage& message) {
  if (command_ && message.topic.starts_with(command_prefix_)) return command_(message.topic, message.payload);
  if (desired_ && message.topic == desired_topic_) return desired_(message.payload);
  if (message.topic != ack_topic_) return;  // subscribed to nothing else; not ours
  each_uplink([&](Uplink& uplink) { uplink.ack_received(message.payload); });
  prove_time();
  reckon();
  progressed_.set();
}

/// An ack says when it was signed. That was after the block it covers was committed here, which nobody
/// else knew before, and before it arrived: no replay can say another time.
void CloudLink::prove_time() {
  if (!witness_ || !uplink_.store()) return;
  if (uplink_.marks()[static_cast<std::size_t>(witness_->stream)].acked < witness_->seq) return;
  if (proven_) proven_(witness_->at, clock_.ticks(), uplink_.store()->at);
  witness_.reset();
}

void CloudLink::committed(const LogMarks& marks) {
  const bool stale = witness_ && clock_.ticks() - witness_->at > witness_life;
  for (const auto stream : all_streams) {
    const auto at = static_cast<std::size_t>(stream);
    if ((witness_ && !stale) || !uplink_.is_connected() || marks[at].last <= uplink_.marks()[at].last)
      continue;
    witness_ = Witness{stream, marks[at].last, clock_.ticks()};
    break;
  }
  for (const auto stream : all_streams)
    uplink_.appended(stream, marks[static_cast<std::size_t>(stream)].last);
}

void CloudLink::send_again(Stream stream, Seq from) { uplink_.send_again(stream, from); }

void CloudLink::state_changed() {
  state_due_ = clock_.ticks();
  reckon();
}

void CloudLink::publish_state(bool online) {
  auto state = state_();
  state.online = online;
  for (const auto stream : all_streams) {
    const auto at = static_cast<std::size_t>(stream);
    state.backlog[at] = uplink_.marks()[at].backlog();
    for (const auto& old : old_) state.backlog[at] += old->uplink.marks()[at].backlog();
  }
  const auto sent = pipe_.publish(state_topic_, bytes_of(encode_state(state)), true);
  const bool window_full = !sent && sent.error().fault == Fault::full;
  state_due_ = clock_.ticks() + (window_full ? state_again : state_every);
}

/// When something must be done although nothing happens: nothing while there is no connection.
Ticks CloudLink::due_at() const {
  if (!uplink_.is_connected()) return Ticks::max();
  auto due = std::min(uplink_.wake_at(), state_due_);
  for (const auto& old : old_) due = std::min(due, old->uplink.wake_at());
  return due;
}

void CloudLink::each_uplink(const std::function<void(Uplink&)>& call) {
  for (const auto& old : old_) call(old->uplink);  // what is older first, where a window is shared
  call(uplink_);
}

std::uint64_t CloudLink::unacked() const {
  auto sum = uplink_.unacked();
  for (const auto& old : old_) sum += old->uplink.unacked();
  return sum;
}

/// Wakes `run` if it sleeps past what is due now.
void CloudLink::reckon() {
  if (due_at() < sleeps_until_) changed_.set();
}

Awaitable<void> CloudLink::run() {
  while (!stopped_) {
    const auto now = clock_.ticks();
    sleeps_until_ = due_at();
    if (sleeps_until_ > now) {
      const auto left = std::min<std::chrono::nanoseconds>(sleeps_until_ - now, std::chrono::hours(1));
      (void)co_await changed_.wait(std::chrono::ceil<Milliseconds>(left));
      continue;
    }
    each_uplink([](Uplink& uplink) { uplink.wake(); });
    if (clock_.ticks() >= state_due_) publish_state(true);
  }
}

Awaitable<bool> CloudLink::everything_acked(Milliseconds limit, std::function<bool()> give_up) {
  const auto until = clock_.ticks() + limit;
  while (unacked() > 0 && !give_up()) {
    const auto left = std::chrono::ceil<Milliseconds>(until - clock_.ticks());
    if (left <= Milliseconds{0}) break;
    (void)co_await progressed_.wait(std::min(left, Milliseconds(1'000)));
  }
  co_return unacked() == 0;
}

Awaitable<void> CloudLink::say_goodbye() {
  if (uplink_.is_connected()) {
    publish_state(false);
    const auto until = clock_.ticks() + goodbye_patience;
    while (pipe_.unconfirmed() > 0 && clock_.ticks() < until && uplink_.is_connected()) {
      (void)co_await progressed_.wait(Milliseconds(100));
    }
  }
  stop();
}

void CloudLink::stop() {
  if (stopped_) return;
  stopped_ = true;
  pipe_.stop();
  each_uplink([](Uplink& uplink) {
    if (uplink.is_connected()) uplink.disconnected();
  });
  changed_.set();
  progressed_.set();
}

}  // namespace steward
