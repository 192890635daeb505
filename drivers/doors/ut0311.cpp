#include "drivers/doors/ut0311.hpp"

#include <utility>

#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace steward {
namespace {

// The vendor's client numbers its requests within these.
constexpr std::uint32_t first_xid = 0x40000001;
constexpr std::uint32_t last_xid = 0x4ffffffe;

/// One socket and its deadline. Shared with the deadline's handler, which may
/// run after the coroutine that waited has gone.
struct Attempt {
  explicit Attempt(asio::io_context& context) : socket(context), deadline(context) {}
  udp::socket socket;
  asio::steady_timer deadline;
  bool over = false;
};

void give_up_after(const std::shared_ptr<Attempt>& attempt, Milliseconds limit) {
  attempt->deadline.expires_after(limit);
  attempt->deadline.async_wait([attempt](const error_code& stopped) {
    if (stopped) return;
    attempt->over = true;
    error_code ignored;
    attempt->socket.cancel(ignored);
  });
}

/// A socket that talks to `board` alone. Any port but 60000, on which a board's
/// broadcast or another client's question would pass for a reply.
error_code connect(udp::socket& socket, const udp::endpoint& board, std::uint16_t local_port) {
  error_code failed;
  socket.open(udp::v4(), failed);
  if (failed) return failed;
  socket.bind({udp::v4(), local_port}, failed);
  if (failed) return failed;
  if (socket.local_endpoint(failed).port() == ut0311::controller_port) {
    udp::socket other(socket.get_executor());  // while this one holds 60000, the other cannot get it
    failed = connect(other, board, 0);
    socket = std::move(other);
    return failed;
  }
  socket.connect(board, failed);
  return failed;
}

}  // namespace

class Ut0311::Body {
 public:
  Body(Loop& loop, Ut0311Setup setup, std::uint8_t doors, udp::endpoint board)
      : setup_(std::move(setup)), doors_(doors), context_(loop.context()), board_(std::move(board)) {}

  const Ut0311Setup& setup() const { return setup_; }
  std::uint8_t doors() const { return doors_; }
  const Ut0311Counters& counters() const { return counters_; }

  /// Asks until there is an answer or the tries are used up.
  Awaitable<Result<ut0311::Reply>> ask(ut0311::Request request) {
    Error last{Fault::retry, "never asked"};
    for (const Milliseconds limit : setup_.tries) {
      Asked asked = co_await ask_once(request, limit);
      if (asked.reply || asked.reply.error().fault == Fault::refused) co_return std::move(asked.reply);
      last = asked.reply.error();
      if (!asked.waited) break;  // nobody there: the next poll is soon enough
    }
    co_return last;
  }

  /// ask() for the functions that answer with a bool.
  Awaitable<Result<bool>> ask_done(ut0311::Request request) {
    Result<ut0311::Reply> reply = co_await ask(std::move(request));
    if (!reply) co_return reply.error();
    co_return std::get<ut0311::DoneReply>(*reply).ok;
  }

  Awaitable<Result<OpenOutcome>> open_door(std::uint8_t door) {
    const ut0311::Request request = ut0311::OpenDoorRequest{door};
    Asked asked = co_await ask_once(request, setup_.open_wait);
    if (asked.reply) {
      co_return std::get<ut0311::DoneReply>(*asked.reply).ok ? OpenOutcome::opened : OpenOutcome::refused;
    }
    if (asked.sent) co_return OpenOutcome::unknown;
    co_return asked.reply.error();
  }

 private:
  struct Asked {
    Result<ut0311::Reply> reply;
    bool sent = false;    // the packet has left
    bool waited = false;  // a board may be there, only slow
  };

  std::uint32_t next_xid() {
    xid_ = xid_ >= last_xid ? first_xid : xid_ + 1;
    return xid_;
  }

  std::string place() const { return setup_.host + ":" + std::to_string(setup_.port); }

  Awaitable<Asked> ask_once(ut0311::Request request, Milliseconds limit) {
    const ut0311::Question question{setup_.serial, next_xid(), setup_.xid, std::move(request)};
    const Result<ut0311::Packet> packet =
        ut0311::encode_request(question.serial, question.xid, question.request);
    if (!packet) co_return Asked{packet.error()};

    const auto attempt = std::make_shared<Attempt>(context_);
    error_code failed = connect(attempt->socket, board_, setup_.local_port);
    if (!failed) attempt->socket.send(asio::buffer(*packet), 0, failed);  // 64 bytes never wait for room
    if (failed) co_return Asked{Error{Fault::retry, place() + ": " + failed.message()}};
    ++counters_.asked;

    give_up_after(attempt, limit);
    std::array<std::uint8_t, ut0311::packet_bytes + 1> bytes{};  // +1: a longer packet is not one of 64
    while (!attempt->over) {
      const std::size_t length = co_await attempt->socket.async_receive(
          asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::operation_aborted) break;
      if (failed) {
        attempt->deadline.cancel();
        co_return Asked{Error{Fault::retry, place() + ": " + failed.message()}, true};
      }
      Result<ut0311::Reply> reply = ut0311::decode_reply(ByteView(bytes.data(), length), question);
      if (!reply && reply.error().fault == Fault::refused) {
        ++counters_.passed_over;
        continue;
      }
      attempt->deadline.cancel();
      ++(reply ? counters_.answered : counters_.malformed);
      co_return Asked{std::move(reply), true, true};
    }
    ++counters_.silent;
    co_return Asked{Error{Fault::retry, place() + ": no reply in " + std::to_string(limit.count()) + " ms"},
                    true, true};
  }

  Ut0311Setup setup_;
  std::uint8_t doors_;
  asio::io_context& context_;
  udp::endpoint board_;
  std::uint32_t xid_ = last_xid;
  Ut0311Counters counters_;
};

Ut0311::Ut0311(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Ut0311::~Ut0311() = default;

Result<std::unique_ptr<Ut0311>> Ut0311::make(Loop& loop, Ut0311Setup setup) {
  const auto doors = ut0311::doors_of(setup.serial);
  if (!doors) return Error{Fault::refused, "no controller has the serial " + std::to_string(setup.serial)};
  if (setup.local_port == ut0311::controller_port) {
    return Error{Fault::refused, "local port 60000 is the controllers' own: leave it out or choose another"};
  }
  if (setup.tries.empty()) return Error{Fault::refused, "a controller must be asked at least once"};
  error_code failed;
  const auto address = asio::ip::make_address_v4(setup.host, failed);
  if (failed) return Error{Fault::refused, "'" + setup.host + "' is not an IPv4 address"};
  const udp::endpoint board(address, setup.port);
  return std::unique_ptr<Ut0311>(new Ut0311(std::make_unique<Body>(loop, std::move(setup), *doors, board)));
}

std::uint32_t Ut0311::serial() const { return body_->setup().serial; }
std::uint8_t Ut0311::doors() const { return body_->doors(); }
const Ut0311Counters& Ut0311::counters() const { return body_->counters(); }

Awaitable<Result<ControllerStatus>> Ut0311::status() {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::StatusRequest{});
  if (!reply) co_return reply.error();
  co_return std::get<ut0311::StatusReply>(*reply).status;
}

Awaitable<Result<EventLookup>> Ut0311::event(std::uint32_t index) {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::EventRequest{index});
  if (!reply) co_return reply.error();
  co_return std::move(std::get<ut0311::EventReply>(*reply).event);
}

Awaitable<Result<void>> Ut0311::put_card(DoorCard card) {
  const Result<bool> done = co_await body_->ask_done(ut0311::PutCardRequest{card});
  if (!done) co_return done.error();
  if (!*done) co_return Error{Fault::refused, "the controller refused card " + std::to_string(card.number)};
  co_return Result<void>();
}

Awaitable<Result<bool>> Ut0311::delete_card(std::uint32_t number) {
  return body_->ask_done(ut0311::DeleteCardRequest{number});
}

Awaitable<Result<std::optional<DoorCard>>> Ut0311::card(std::uint32_t number) {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::CardRequest{number});
  if (!reply) co_return reply.error();
  co_return std::get<ut0311::CardReply>(*reply).card;
}

Awaitable<Result<OpenOutcome>> Ut0311::open_door(std::uint8_t door) { return body_->open_door(door); }

Awaitable<Result<std::optional<ControllerTime>>> Ut0311::clock() {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::TimeRequest{});
  if (!reply) co_return reply.error();
  co_return std::get<ut0311::TimeReply>(*reply).time;
}

Awaitable<Result<void>> Ut0311::set_clock(ControllerTime time) {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::SetTimeRequest{time});
  if (!reply) co_return reply.error();
  // The reply repeats what was kept.
  if (std::get<ut0311::TimeReply>(*reply).time != time) {
    co_return Error{Fault::refused, "the controller kept another time"};
  }
  co_return Result<void>();
}

Awaitable<Result<EventListener>> Ut0311::listener() {
  Result<ut0311::Reply> reply = co_await body_->ask(ut0311::ListenerRequest{});
  if (!reply) co_return reply.error();
  co_return std::get<ut0311::ListenerReply>(*reply).listener;
}

Awaitable<Result<void>> Ut0311::set_listener(EventListener listener) {
  const Result<bool> done = co_await body_->ask_done(ut0311::SetListenerRequest{listener});
  if (!done) co_return done.error();
  if (!*done) co_return Error{Fault::refused, "the controller refused the listener"};
  co_return Result<void>();
}

Awaitable<Result<void>> Ut0311::record_special_events(bool on) {
  const Result<bool> done = co_await body_->ask_done(ut0311::SpecialEventsRequest{on});
  if (!done) co_return done.error();
  if (!*done) co_return Error{Fault::refused, "the controller refused to record special events"};
  co_return Result<void>();
}

}  // namespace steward
