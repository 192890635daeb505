// Meters with a network plug of their own: the transaction id names the request.
#include <algorithm>
#include <map>

#include "drivers/modbus/buses.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/tcp_link.hpp"
#include "kit/loop/deadlines.hpp"
#include "kit/loop/loop.hpp"
#include "kit/loop/wakeup.hpp"

namespace steward {
namespace {

constexpr std::size_t length_bytes = 6;   // transaction, protocol, length: what follows is `length` bytes
constexpr std::size_t most_length = 254;  // unit and PDU: MODBUS Messaging on TCP/IP V1.0b, 4.1

Ticks now() { return Ticks(std::chrono::steady_clock::now().time_since_epoch()); }

/// A request that is open on the connection.
struct Pending {
  OpenRequest open;
  Wakeup done;
  std::optional<Result<Words>> words;
  bool broke = false;  // the connection ended without a byte for it
};

/// What is known of a unit; a fresh connection has to be told who it reaches.
struct NativeUnit {
  GuardedUnit setup;
  std::uint64_t identified_on = 0;  // connection number; 0: never
  std::uint64_t episode = 1;
  Identity identity;
  Ticks checked;
  UnitCounters counters;
};

class TcpBus final : public RegisterBus {
 public:
  TcpBus(Loop& loop, TcpBusSetup setup, GuardBook* book)
      : loop_(loop),
        setup_(std::move(setup)),
        book_(book),
        turns_(loop, max_waiting_reads, std::max<std::size_t>(1, setup_.pipeline)),
        link_(loop, setup_.place(),
              {.bytes = [this](ByteView bytes, Ticks) { take(bytes); },
               .lost = [this](const std::string& why) { lost(why); }}),
        transaction_(setup_.first_transaction) {
    for (auto& unit : setup_.units) {
      const auto address = unit.unit.byte();
      NativeUnit known;
      known.setup = std::move(unit);
      known.checked = now();
      units_.emplace(address, std::move(known));
    }
  }
  ~TcpBus() override { fail_all({Fault::retry, "the bus is closed"}); }

  Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) override {
    auto words = co_await ask(unit, span, nullptr);
    if (!words) co_return named(unit, words.error());
    co_return std::move(*words);
  }

  Awaitable<Result<Identity>> identify(UnitAddress address) override {
    NativeUnit* unit = find(address);
    if (unit == nullptr) co_return named(address, {Fault::refused, "the plan has no such unit"});
    const RegisterSpan span = unit->setup.probes[0];
    std::uint64_t heard_on = 0;
    const auto words = co_await ask(address, span, &heard_on);
    if (!words) co_return named(address, words.error());
    const bool news = check(*unit, span, *words);
    if (news && book_ != nullptr) {
      // Named: GCC 12 destroys a temporary made of braces inside a co_await twice.
      UnitRecord record{address, unit->setup.memory, unit->setup.known_serial, unit->setup.latched};
      const auto kept = co_await book_->keep(std::move(record));
      if (!kept) co_return named(address, kept.error());
    }
    unit->identified_on = heard_on;  // the disk takes its time: there may be another connection by now
    co_return unit->identity;
  }

  UnitStatus status(UnitAddress address) const override {
    const auto* unit = find(address);
    if (unit == nullptr) return {Standing::clean, {}, 0, false, false};
    return {is_identified(*unit) ? Standing::clean : Standing::quarantined,
            {},
            unit->episode + link_.number(),  // what two connections gave does not belong together
            unit->setup.latched,
            false};
  }
  std::vector<BusNotice> take_notices() override { return std::exchange(notices_, {}); }
  UnitCounters counters(UnitAddress address) const override {
    const auto* unit = find(address);
    return unit == nullptr ? UnitCounters{} : unit->counters;
  }
  void unlatch(UnitAddress address) override {
    NativeUnit* unit = find(address);
    if (unit == nullptr) return;
    unit->setup.latched = false;
    unit->setup.known_serial.reset();
    unit->identified_on = 0;
    ++unit->episode;
  }

 private:
  NativeUnit* find(UnitAddress unit) {
    const auto at = units_.find(unit.byte());
    return at == units_.end() ? nullptr : &at->second;
  }
  const NativeUnit* find(UnitAddress unit) const {
    const auto at = units_.find(unit.byte());
    return at == units_.end() ? nullptr : &at->second;
  }
  bool is_identified(const NativeUnit& unit) const {
    return link_.is_open() && unit.identified_on == link_.number();
  }

  /// heard_on: an identity's connection; nullptr: data, only of a unit known on the connection in use.
  Awaitable<Result<Words>> ask(UnitAddress unit, RegisterSpan span, std::uint64_t* heard_on) {
    const auto turn = co_await turns_.take();
    if (!turn) co_return Error{Fault::full, "too many reads wait"};
    const bool known = find(unit) != nullptr;
    while (true) {
      if (known && heard_on == nullptr && !is_identified(*find(unit)))
        co_return Error{Fault::refused, "its identity is to be read first"};
      const bool fresh = !link_.is_open();
      if (fresh) {
        const auto opened = co_await link_.open();
        if (!opened) co_return opened.error();
      }
      const auto pending = std::make_shared<Pending>();
      pending->open = {Framing::mbap, transaction_++, unit, span};
      if (NativeUnit* counted = find(unit)) ++counted->counters.asked;
      const auto sent = link_.send(encode_request(pending->open));
      if (!sent) {
        if (!fresh && !known) continue;  // closed while idle: the next connection is fresh
        co_return fault(unit, sent.error());
      }
      pending_.push_back(pending);
      if (heard_on != nullptr) *heard_on = link_.number();
      const auto limit = loop_.deadlines().set(setup_.reply_timeout,
                                               [this, late = std::weak_ptr(pending)] { expire(late); });
      co_await pending->done.wait();
      // A unit that must be identified on each connection is told, not served, by a new one.
      if (pending->broke && !fresh && !known) continue;
      if (!*pending->words) co_return fault(unit, pending->words->error());
      if (NativeUnit* counted = find(unit)) ++counted->counters.answered;
      co_return std::move(*pending->words);
    }
  }

  /// Counts a failed exchange. Exceptions do not end an episode: the id says whose they are.
  Error fault(UnitAddress unit, Error why) {
    if (NativeUnit* counted = find(unit)) {
      auto& counters = counted->counters;
      ++(why.message.starts_with("exception") ? counters.exceptions
         : why.fault == Fault::malformed      ? counters.garbled
                                              : counters.silent);
      ++counted->episode;
    }
    return why;
  }

  /// Frames may come in pieces and several at once.
  void take(ByteView bytes) {
    if (stream_.empty()) {
      take_frames(bytes);
      stream_.assign(bytes.begin(), bytes.end());
    } else {
      stream_.insert(stream_.end(), bytes.begin(), bytes.end());
      ByteView all(stream_);
      take_frames(all);
      stream_.erase(stream_.begin(), stream_.end() - static_cast<std::ptrdiff_t>(all.size()));
    }
  }

  void take_frames(ByteView& bytes) {
    while (bytes.size() >= length_bytes) {
      const auto length = static_cast<std::size_t>((bytes[4] << 8) | bytes[5]);
      if (length < 2 || length > most_length || bytes[2] != 0 || bytes[3] != 0) {
        bytes = {};
        return give_up({Fault::malformed, "not a Modbus TCP header"});
      }
      if (bytes.size() < length_bytes + length) return;
      const bool fits = take_frame(bytes.first(length_bytes + length));
      if (!fits) {
        bytes = {};
        return;
      }
      bytes = bytes.subspan(length_bytes + length);
    }
  }

  /// False when the connection had to go: what follows on it cannot be told apart.
  bool take_frame(ByteView frame) {
    const auto transaction = static_cast<std::uint16_t>((frame[0] << 8) | frame[1]);
    const auto at = std::find_if(pending_.begin(), pending_.end(),
                                 [&](const auto& one) { return one->open.transaction == transaction; });
    if (at == pending_.end()) {
      give_up({Fault::malformed,
               "a reply to transaction " + std::to_string(transaction) + ", which is not open"});
      return false;
    }
    const auto pending = *at;
    auto words = accept_reply(pending->open, frame);
    const bool malformed = !words && words.error().fault == Fault::malformed;
    pending_.erase(at);
    pending->words.emplace(std::move(words));
    pending->done.set();
    if (malformed) give_up({Fault::malformed, "the reply before did not fit its request"});
    return !malformed;
  }

  void expire(const std::weak_ptr<Pending>& late) {
    const auto pending = late.lock();
    if (!pending || pending->words) return;
    std::erase(pending_, pending);
    const std::string limit = std::to_string(setup_.reply_timeout.count());
    const bool half = !stream_.empty();
    pending->words.emplace(Error{Fault::retry, (half ? "half a reply in " : "no reply in ") + limit + " ms"});
    pending->done.set();
    if (half) give_up({Fault::retry, "half a reply held the connection up"});
  }

  void lost(const std::string& why) {
    for (const auto& pending : pending_) pending->broke = stream_.empty();
    fail_all({Fault::retry, why});
  }
  void give_up(const Error& why) {
    link_.drop();
    fail_all(why);
  }
  void fail_all(const Error& why) {
    stream_.clear();
    for (const auto& pending : std::exchange(pending_, {})) {
      pending->words.emplace(why);
      pending->done.set();
    }
  }

  /// True when there is something to keep.
  bool check(NativeUnit& unit, const RegisterSpan& span, const Words& words) {
    auto& setup = unit.setup;
    Words serial;
    if (setup.serial) {
      const auto from = words.begin() + static_cast<std::ptrdiff_t>(setup.serial->first - span.first);
      serial.assign(from, from + setup.serial->count);
    }
    const bool first = !setup.known_serial;
    if (first) setup.known_serial = serial;
    unit.identity = {serial, serial == *setup.known_serial};
    if (unit.identity.expected) {
      if (!setup.latched) unit.checked = now();
      return first;
    }
    if (setup.latched) return false;
    setup.latched = true;
    notices_.push_back({BusNotice::Kind::exchanged, setup.unit, unit.checked,
                        "another serial number than before answers: the meter was exchanged"});
    return true;
  }

  Error named(UnitAddress unit, const Error& why) const {
    return {why.fault, link_.where() + " unit " + std::to_string(unit.value) + ": " + why.message};
  }

  Loop& loop_;
  TcpBusSetup setup_;
  GuardBook* book_;
  Turns turns_;
  TcpLink link_;
  std::uint16_t transaction_;
  std::vector<std::shared_ptr<Pending>> pending_;  // at most `pipeline`
  Bytes stream_;                                   // a frame that has begun
  std::map<std::uint8_t, NativeUnit> units_;
  std::vector<BusNotice> notices_;
};

}  // namespace

std::unique_ptr<RegisterBus> make_tcp_bus(Loop& loop, TcpBusSetup setup, GuardBook* book) {
  return std::make_unique<TcpBus>(loop, std::move(setup), book);
}

}  // namespace steward
