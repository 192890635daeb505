#include <algorithm>
#include <cassert>
#include <memory>

#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_codec.hpp"
#include "tests/fault/billing_gate.hpp"
#include "tests/fault/gateway.hpp"
#include "tests/fault/lying.hpp"
#include "tests/fault/schedule.hpp"
#include "tests/fault/site.hpp"

namespace steward::fault {
namespace {

using namespace std::chrono_literals;

/// A technician looks at a latched unit after so many of its exchanges; never where the latch is what is
/// tested.
constexpr std::uint64_t technician_after = 300;

/// A reading round ends with an identity, so that what it read can become billing grade.
constexpr int reads_between_identities = 6;

const LineCodec& codec_of(Tongue tongue) {
  static const MixedCodec all({{Protocol::modbus, &rtu_codec()},
                               {Protocol::dlt645, &dlt645_codec()},
                               {Protocol::cjt188, &cjt188_codec()}});
  switch (tongue) {
    case Tongue::modbus: return rtu_codec();
    case Tongue::dlt645: return dlt645_codec();
    case Tongue::cjt188: return cjt188_codec();
    case Tongue::mixed: break;
  }
  return all;
}

/// One edge with one line: asks in turn, keeps on its disk what the guard wants kept, and is
/// killed, hung and replanned as the schedule says. The oracle looks over its shoulder.
class GuardedRun {
 public:
  GuardedRun(const Schedule& schedule, Shape shape, std::uint64_t seed, Removed removed, Tongue tongue)
      : schedule_(schedule),
        shape_(shape),
        tongue_(tongue),
        removed_(removed),
        dice_(seed),
        devices_(devices_of(shape, schedule.faults.twins, tongue)),
        line_(devices_, schedule.faults, seed ^ 0x5DEECE66DU, tongue != Tongue::modbus),
        oracle_{devices_},
        lying_(removed),
        gateway_(line_, seed ^ 0xB5026F5AU, schedule.faults.in_order || !schedule.time_holds),
        units_(units_of(shape)) {
    // What was put up is known: a meter's serial number is on its plate.
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
      if (address(unit).protocol != Protocol::modbus) continue;  // the address itself is the number
      const auto& meter = devices_[device(unit)];
      units_[unit].disk =
          UnitRecord{address(unit),
                     {},
                     Words{meter.word(serial_register, 0), meter.word(serial_register + 1, 0)},
                     false};
    }
    start();
  }

  Tally run(std::uint64_t exchanges) {
    while (tally_.exchanges < exchanges) round();
    tally_.faults = line_.faults_done();
    tally_.billing_wrong = bad_bills_.size();
    tally_.first_unit_exchanges = units_[0].exchanges;
    return tally_;
  }

 private:
  struct UnitState {
    UnitPlan plan;
    std::size_t next_block = 0;
    int reads_since_identity = 0;
    std::optional<UnitRecord> disk;
    std::optional<UnitRecord> to_be_kept;  // of an answered unit, on its way to the disk
    Tag probe;                             // the one that is repeated,
    Ticks probe_since;                     // and its first sending
    BillingGate gate;
    std::uint64_t exchanges = 0;
    std::uint64_t latched_at = 0;
    Ticks last_clean_check;  // as an onlooker sees it
  };
  struct BadBill {
    UnitAddress unit;
    Ticks at;
  };
  UnitAddress address(std::size_t unit) const { return address_of(tongue_, unit); }
  std::size_t index_of(UnitAddress unit) const {
    std::size_t at = 0;
    while (at < units_.size() && address(at) != unit) ++at;
    return at;
  }
  std::size_t device(std::size_t unit) const {
    return unit == 0 || schedule_.faults.twins == Twins::none ? unit : unit + 1;
  }
  LineGuard& guard() { return *guard_; }

  void start();
  void round();
  bool ask(std::size_t unit);
  bool ask_identity(std::size_t unit);
  void read_next(std::size_t unit, std::size_t block);
  void read(std::size_t unit, std::size_t block, RegisterSpan span);
  void ad_hoc(std::size_t unit);
  Result<Words> exchange(std::size_t unit, const Sending& sending, Ticks& first_sent);
  Result<Words> exchange_once(std::size_t unit, const Sending& sending, Ticks& first_sent);
  void take_notices();
  void trouble();
  Verdict judge(std::size_t unit, const Sending& sending, const Words& words, Ticks first_sent) const;
  Verdict dial_verdict(Verdict whole, std::size_t unit, const Sending& sending, const Words& words,
                       Ticks first_sent) const;
  std::uint16_t name_of(const Sending& sending);
  void count(Verdict verdict, bool identity);

  const Schedule schedule_;
  const Shape shape_;
  const Tongue tongue_;
  const Removed removed_;
  Dice dice_;
  std::vector<Device> devices_;
  VirtualLine line_;
  const Oracle oracle_;
  Lying lying_;
  VirtualGateway gateway_;
  std::vector<UnitState> units_;
  std::optional<LineExchange> exchange_;
  std::unique_ptr<LineGuard> guard_;
  int plan_version_ = 0;
  std::uint16_t reads_ = 0;
  std::vector<BadBill> bad_bills_;
  Tally tally_;
};

/// The program starts: plans and what is on disk, nothing else.
void GuardedRun::start() {
  std::vector<GuardedUnit> given;
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    auto& state = units_[unit];
    const auto protocol = address(unit).protocol;
    state.plan = plan_of(shape_, unit, plan_version_, removed_ == Removed::retire_rule, protocol);
    state.next_block = 0;
    state.gate.forget();
    state.gate.open = removed_ == Removed::gate;
    if (state.to_be_kept) {
      // Killed between the answer and the disk: before or after the write.
      if (dice_.rolls(500)) state.disk = state.to_be_kept;
      state.to_be_kept.reset();
    }
    GuardedUnit one{
        address(unit), state.plan.dictionary, probes_of(protocol), serial, schedule_.quarantine, {}, {},
        false};
    if (protocol != Protocol::modbus) one.serial.reset();
    if (removed_ == Removed::quarantine) one.delay_floor = 0ns;
    if (state.disk) {
      one.memory = removed_ == Removed::kept_bit ? UnitMemory{} : state.disk->memory;
      one.known_serial = state.disk->serial;
      one.latched = state.disk->latched;
    }
    given.push_back(std::move(one));
  }
  exchange_.emplace(line_, VirtualLine::format, 0ns);
  gateway_.reconnect();
  LineRules rules;
  rules.reply_timeout = 300ms;
  guard_ = std::make_unique<LineGuard>(std::move(given), rules, line_.ticks());
}

/// What happens to the edge itself.
void GuardedRun::trouble() {
  if (dice_.rolls(schedule_.restarts)) {
    ++tally_.restarts;
    line_.pass(dice_.between(10ms, 4s), dice_.rolls(500));
    start();
  }
  if (dice_.rolls(schedule_.plan_changes)) {
    ++tally_.plan_changes;
    plan_version_ ^= 1;
    // What the guard knows goes over into the next one.
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
      units_[unit].disk = guard().record(address(unit));
      units_[unit].to_be_kept.reset();
    }
    start();
  }
  if (dice_.rolls(schedule_.hangs)) line_.pass(dice_.between(10ms, 20s), false);
}

void GuardedRun::round() {
  trouble();
  bool any = false;
  for (std::size_t unit = 0; unit < units_.size(); ++unit) any = ask(unit) || any;
  if (any) return;
  Ticks next = Ticks::max();
  for (std::size_t unit = 0; unit < units_.size(); ++unit)
    next = std::min(next, guard().status(address(unit)).ready_at);
  next = std::max(next, line_.ticks() + 1ms);
  if (schedule_.gateway) {
    gateway_.idle(next);
  } else {
    (void)exchange_->listen(next);
  }
}

/// returns: whether a request of this unit went out.
bool GuardedRun::ask(std::size_t unit) {
  auto& state = units_[unit];
  const auto before = tally_.exchanges;
  if (state.to_be_kept) {
    // The disk takes its time, and other units are asked meanwhile.
    if (dice_.rolls(200)) return false;
    state.disk = std::exchange(state.to_be_kept, std::nullopt);
    guard().kept(address(unit));
  }
  const auto status = guard().status(address(unit));
  const bool again = state.gate.wants_repeat(state.next_block);
  const auto block = again ? state.next_block : (state.next_block + 1) % state.plan.blocks.size();
  if (status.standing == Standing::quarantined || state.reads_since_identity >= reads_between_identities ||
      guard().identity_due(address(unit)) ||
      guard().follows_itself(address(unit), state.plan.blocks[block], line_.ticks())) {
    state.reads_since_identity = 0;
    if (ask_identity(unit) && removed_ == Removed::identity_between) read_next(unit, block);
  } else if (dice_.rolls(schedule_.ad_hoc)) {
    ad_hoc(unit);
  } else {
    read_next(unit, block);
  }
  take_notices();
  if (state.latched_at != 0 && schedule_.faults.twins == Twins::none &&
      state.exchanges > state.latched_at + technician_after) {
    state.latched_at = 0;
    state.gate.forget();
    guard().unlatch(address(unit));
  }
  return tally_.exchanges != before;
}

void GuardedRun::read_next(std::size_t unit, std::size_t block) {
  auto& state = units_[unit];
  state.next_block = block;
  ++state.reads_since_identity;
  read(unit, block, state.plan.blocks[block]);
}

Result<Words> GuardedRun::exchange(std::size_t unit, const Sending& sending, Ticks& first_sent) {
  auto words = exchange_once(unit, sending, first_sent);
  if (!words || !words->empty()) return words;
  const auto more = guard().open_more(sending, line_.ticks());
  if (!more) return more.error();
  Ticks sent;  // of what follows: the item was read for the first request
  return exchange_once(unit, *more, sent);
}

Result<Words> GuardedRun::exchange_once(std::size_t unit, const Sending& sending, Ticks& first_sent) {
  auto& state = units_[unit];
  const bool probing = guard().status(address(unit)).standing == Standing::quarantined;
  Heard heard = schedule_.gateway ? gateway_.hear(sending)
                                  : lying_.hear(*exchange_, codec_of(tongue_), sending, probing);
  first_sent = heard.sent - characters(VirtualLine::format, 8);
  if (probing) {
    const auto tag = tag_of(sending.asked.span);
    if (state.probe != tag) state.probe_since = first_sent;
    state.probe = tag;
    first_sent = state.probe_since;
  }
  if (heard.went_out && !lying_.made_up()) {
    ++tally_.exchanges;
    ++state.exchanges;
  }
  auto words = guard().close(sending, heard);
  if (words) ++tally_.accepted;
  if (!words && !sending.identity && words.error().fault == Fault::unsupported) {
    ++tally_.refusals;
    if (line_.last_refusal(device(unit)) < heard.sent) ++tally_.refusals_old;
  }
  return words;
}

/// returns: whether it was told, and not really asked.
bool GuardedRun::ask_identity(std::size_t unit) {
  auto& state = units_[unit];
  const auto sending = guard().open_identity(address(unit), line_.ticks());
  if (!sending) return false;
  Ticks first_sent;
  const auto words = exchange(unit, *sending, first_sent);
  if (!words) return false;
  if (lying_.made_up()) return true;
  count(judge(unit, *sending, *words, first_sent), true);
  const auto status = guard().status(address(unit));
  if (status.standing == Standing::answered) state.to_be_kept = guard().record(address(unit));
  const bool same = guard().identity(address(unit)).expected;
  if (same && !status.latched) state.last_clean_check = line_.ticks();
  for (const auto& value : state.gate.identity(same, status.latched || status.foreign, status.episode)) {
    ++tally_.billing;
    if (value.verdict == Verdict::right) continue;
    bad_bills_.push_back({address(unit), value.at});
    // Graded after the latch: there is nothing left to call it back.
    if (status.latched) ++tally_.billed_since_clean_check;
  }
  return false;
}

void GuardedRun::read(std::size_t unit, std::size_t block, RegisterSpan span) {
  auto& state = units_[unit];
  const auto sending = guard().open(address(unit), span, line_.ticks());
  if (!sending) {
    // The same block again has nothing to alternate with only where a plan gave it one length.
    return;
  }
  Ticks first_sent;
  const auto words = exchange(unit, *sending, first_sent);
  if (!words) return;
  const auto verdict = judge(unit, *sending, *words, first_sent);
  ++tally_.values;
  count(verdict, false);
  const auto episode = guard().status(address(unit)).episode;
  state.gate.value(block,
                   {dial_of(*words), name_of(*sending), line_.ticks(),
                    dial_verdict(verdict, unit, *sending, *words, first_sent)},
                   episode);
}

/// What tells two replies apart: their byte counts; SER; for a meter that has neither, that each is
/// read after an identity of its own.
std::uint16_t GuardedRun::name_of(const Sending& sending) {
  const auto& span = sending.asked.span;
  if (span.kind == RegisterKind::cjt188_item) return static_cast<std::uint16_t>(span.first >> 16);
  return span.is_item() ? ++reads_ : span.count;
}

/// A sum lets more through than a CRC: noise behind the dial does not make the dial wrong.
Verdict GuardedRun::dial_verdict(Verdict whole, std::size_t unit, const Sending& sending, const Words& words,
                                 Ticks first_sent) const {
  if (whole != Verdict::chance || !sending.asked.span.is_item()) return whole;
  auto dial = sending.asked.span;
  dial.count = 4;
  return oracle_.judge(device(unit), dial, Words(words.begin(), words.begin() + 2), first_sent);
}

/// Somebody asks in between: for registers of the dictionary, which are read, and for others,
/// which must not go out.
void GuardedRun::ad_hoc(std::size_t unit) {
  ++tally_.ad_hoc;
  auto& state = units_[unit];
  RegisterSpan other{RegisterKind::holding, 2, static_cast<std::uint16_t>(6 + dice_.below(10))};
  if (state.plan.blocks[0].is_item()) {
    const bool electric = state.plan.blocks[0].kind == RegisterKind::dlt645_item;
    other.kind = state.plan.blocks[0].kind;
    other.first = electric ? dlt645_item_base + 2 * 0x100 : cjt188_item_base + 2;
  }
  if (guard().open(address(unit), other, line_.ticks())) ++tally_.outside;
  const auto& entries = state.plan.dictionary.entries();
  const auto span = entries[dice_.place(entries.size())];
  const auto sending = guard().open(address(unit), span, line_.ticks());
  if (!sending) return;
  Ticks first_sent;
  const auto words = exchange(unit, *sending, first_sent);
  if (!words) return;
  ++tally_.values;
  count(judge(unit, *sending, *words, first_sent), false);
}

Verdict GuardedRun::judge(std::size_t unit, const Sending& sending, const Words& words,
                          Ticks first_sent) const {
  auto span = lying_.asked_on_wire(sending);
  const auto told = std::min(std::size_t{span.words()}, words.size());
  if (!span.is_item()) span.count = static_cast<std::uint16_t>(told);
  return oracle_.judge(device(unit), span,
                       Words(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(told)), first_sent);
}

void GuardedRun::count(Verdict verdict, bool identity) {
  switch (verdict) {
    case Verdict::right: break;
    case Verdict::too_old: ++(identity ? tally_.identities_old : tally_.too_old); break;
    case Verdict::wrong_unit:
      if (schedule_.faults.twins != Twins::none) {
        if (!identity) ++tally_.twin_values;
        break;
      }
      [[fallthrough]];
    case Verdict::wrong_register: ++(identity ? tally_.identities_wrong : tally_.wrong_register); break;
    case Verdict::chance: ++tally_.chance; break;
  }
}

void GuardedRun::take_notices() {
  for (const auto& notice : guard().take_notices()) {
    const bool latch = notice.kind == BusNotice::Kind::clash || notice.kind == BusNotice::Kind::exchanged;
    if (latch) {
      auto& state = units_[index_of(notice.unit)];
      if (state.latched_at == 0) state.latched_at = std::max<std::uint64_t>(state.exchanges, 1);
      if (notice.unit == address(0) && tally_.latched_after == 0) {
        tally_.latched_after = state.exchanges;
        tally_.latch_names_clean_check =
            notice.since <= line_.ticks() && notice.since >= state.last_clean_check - 1s;
      }
    }
    if (!latch && notice.kind != BusNotice::Kind::beyond && notice.kind != BusNotice::Kind::foreign_master)
      continue;
    const auto suspect = [&](const BadBill& bill) {
      return (bill.unit == notice.unit || notice.unit.value == 0) && bill.at >= notice.since;
    };
    tally_.called_back +=
        static_cast<std::uint64_t>(std::count_if(bad_bills_.begin(), bad_bills_.end(), suspect));
    std::erase_if(bad_bills_, suspect);
  }
}

}  // namespace

Tally run_guarded(const Schedule& schedule, Shape shape, std::uint64_t seed, std::uint64_t exchanges,
                  Removed removed, Tongue tongue) {
  return GuardedRun(schedule, shape, seed, removed, tongue).run(exchanges);
}

}  // namespace steward::fault
