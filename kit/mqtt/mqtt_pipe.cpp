#include "kit/mqtt/mqtt_pipe.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <random>
#include <thread>

#include "kit/crypto/tls_probe.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/mqtt/mqtt_session.hpp"

namespace steward {
namespace {

constexpr Milliseconds first_backoff{500};
constexpr Milliseconds longest_backoff{60'000};
/// How long an ended client is kept, so that a Paho callback under way can return.
constexpr Milliseconds retirement{5'000};

/// For connecting, and for the handshake: a broker on the other side of the world answers in one second.
constexpr Milliseconds probe_patience{3'000};

/// How far the present connection has come. Paho C++ 1.2.0 reports each success
/// twice (measured: two CONNECT and two SUBSCRIBE reports for one of each), so
/// every step is taken from the one before it only.
enum class Stage : std::uint8_t { down, dialling, subscribing, up };

}  // namespace

struct MqttPipe::Parts : std::enable_shared_from_this<MqttPipe::Parts> {
  Parts(Loop& loop_, Broker broker_, std::optional<MqttMessage> will_,
        std::vector<std::string> subscriptions_, Handlers handlers_)
      : loop(loop_),
        broker(std::move(broker_)),
        will(std::move(will_)),
        subscriptions(std::move(subscriptions_)),
        handlers(std::move(handlers_)) {}

  /// Brings a report of connection `number` to the loop, if that connection is still the one.
  template <class Handle>
  auto reporter(std::uint64_t of, Handle handle) {
    return [self = weak_from_this(), &to = loop, of, handle](auto... what) {
      to.post([self, of, handle, ... got = std::move(what)]() mutable {
        const auto parts = self.lock();
        if (parts && parts->session && parts->number == of) handle(*parts, std::move(got)...);
      });
    };
  }

  void dial() {
    if (!wanted) return;
    const auto mine = ++number;
    SessionReports reports{
        .connected = reporter(mine, [](Parts& parts) { parts.subscribe(); }),
        .subscribed = reporter(mine, [](Parts& parts) { parts.came_up(); }),
        .ended = reporter(mine, [](Parts& parts, std::string why) { parts.came_down(why); }),
        .message = reporter(mine,
                            [](Parts& parts, MqttMessage got) {
                              if (parts.handlers.message) parts.handlers.message(std::move(got));
                            }),
        .confirmed = reporter(mine, [](Parts& parts) { parts.confirm(); }),
    };
    stage = Stage::dialling;
    session = std::make_unique<MqttSession>(broker, will, subscriptions, std::move(reports));
    auto dialled = session->connect();
    if (!dialled) came_down(dialled.error().message);
  }

  void subscribe() {
    if (stage != Stage::dialling) return;
    stage = Stage::subscribing;
    auto asked = session->subscribe();
    if (!asked) came_down(asked.error().message);
  }

  void came_up() {
    if (stage != Stage::subscribing) return;
    stage = Stage::up;
    backoff = first_backoff;
    failed = 0;
    if (handlers.up) handlers.up();
  }

  void came_down(const std::string& why) {
    if (stage != Stage::up) ask_why();
    retire();
    loop.spawn(redial(weak_from_this()));
    if (handlers.down) handlers.down(why);
  }

  /// What Paho knows is a number; a probe of our own says what to do.
  void ask_why() {
    if (!std::has_single_bit(++failed) || !handlers.explained || asking) return;
    asking = true;
    const TlsSide side{broker.host,      broker.port,     broker.ca_file,
                       broker.cert_file, broker.key_file, broker.common_name};
    asker = std::jthread([side, self = weak_from_this(), &to = loop] {
      to.post([self, verdict = probe_tls(side, SystemClock().now(), probe_patience)] {
        const auto parts = self.lock();
        if (!parts) return;
        parts->asking = false;
        if (parts->wanted && parts->stage != Stage::up) parts->handlers.explained(verdict);
      });
    });
  }

  void confirm() {
    unconfirmed -= std::min<std::size_t>(unconfirmed, 1);
    if (handlers.room) handlers.room();
  }

  void retire() {
    stage = Stage::down;
    unconfirmed = 0;
    session->mute();
    ++retired;
    loop.spawn(bury(weak_from_this(), std::move(session)));
  }

  static Awaitable<void> bury(std::weak_ptr<Parts> self, std::unique_ptr<MqttSession> ended) {
    co_await pause(retirement);
    ended.reset();
    if (const auto parts = self.lock()) --parts->retired;
  }

  static Awaitable<void> redial(std::weak_ptr<Parts> self) {
    Milliseconds wait{0};
    if (const auto parts = self.lock()) wait = parts->next_backoff();
    co_await pause(wait);
    if (const auto parts = self.lock()) {
      if (!parts->session) parts->dial();
    }
  }

  Milliseconds next_backoff() {
    const auto base = backoff.count();
    backoff = std::min(backoff * 2, longest_backoff);
    // A quarter either way: after a broker's restart a hundred gateways do not knock at once.
    std::uniform_int_distribution<std::int64_t> spread(base - base / 4, base + base / 4);
    return Milliseconds{spread(chance)};
  }

  Loop& loop;
  Broker broker;
  std::optional<MqttMessage> will;
  std::vector<std::string> subscriptions;
  Handlers handlers;
  std::unique_ptr<MqttSession> session;
  std::uint64_t number = 0;
  std::size_t unconfirmed = 0;
  std::size_t retired = 0;
  bool wanted = false;
  Stage stage = Stage::down;
  Milliseconds backoff = first_backoff;
  std::mt19937_64 chance{std::random_device{}()};
  unsigned failed = 0;  // attempts since the last connection
  bool asking = false;
  std::jthread asker;  // last: it is waited for while the rest still stands
};

MqttPipe::MqttPipe(Loop& loop, Broker broker, std::optional<MqttMessage> last_will,
                   std::vector<std::string> subscriptions, Handlers handlers)
    : parts_(std::make_shared<Parts>(loop, std::move(broker), std::move(last_will), std::move(subscriptions),
                                     std::move(handlers))) {}

MqttPipe::~MqttPipe() { stop(); }

void MqttPipe::start() {
  parts_->wanted = true;
  if (!parts_->session) parts_->dial();
}

void MqttPipe::stop() {
  parts_->wanted = false;
  if (!parts_->session) return;
  if (parts_->stage == Stage::up) parts_->session->disconnect();
  parts_->retire();
}

bool MqttPipe::is_up() const { return parts_->stage == Stage::up; }
std::size_t MqttPipe::unconfirmed() const { return parts_->unconfirmed; }
std::size_t MqttPipe::retired() const { return parts_->retired; }

Result<void> MqttPipe::publish(const std::string& topic, std::span<const std::uint8_t> payload,
                               bool retained) {
  if (payload.size() > max_payload) {
    return Error{Fault::refused, topic + ": longer than " + std::to_string(max_payload) + " bytes"};
  }
  if (parts_->stage != Stage::up) return Error{Fault::retry, "not connected to the broker"};
  if (parts_->unconfirmed >= window)
    return Error{Fault::full, "the broker has not confirmed earlier messages"};
  auto sent = parts_->session->publish(topic, payload, retained);
  if (sent) ++parts_->unconfirmed;
  return sent;
}

}  // namespace steward
