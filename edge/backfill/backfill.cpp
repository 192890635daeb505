#include "edge/backfill/backfill.hpp"

#include <algorithm>

#include "drivers/decode/cut.hpp"

namespace steward {
namespace {

/// One meter's back-fill on its way.
class Backfiller {
 public:
  Backfiller(RegisterBus& bus, const Clock& clock, const MeterPlan& meter, const BackfillWish& wish,
             const FrozenRules& rules, const std::function<bool()>& go_on, std::set<RegisterSpan>& unserved)
      : bus_(bus),
        clock_(clock),
        meter_(meter),
        wish_(wish),
        rules_(rules),
        go_on_(go_on),
        unserved_(unserved) {}

  Awaitable<BackfillReport> run(const std::function<void(FrozenReading)>& give) {
    const bool ready = co_await identified();
    if (!ready) co_return report_;
    const bool timed = co_await read_clock();
    if (!timed) co_return report_;
    for (std::size_t list = 0; list < meter_.profile->frozen.size(); ++list) {
      const bool settles = !meter_.profile->frozen[list].settles.empty();
      const bool went_well = settles ? co_await read_settled(list) : co_await read_list(list);
      if (!went_well) co_return report_;
    }
    report_.whole = true;
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) hand_out(*block, give);
    co_return report_;
  }

 private:
  struct Listed {
    std::size_t list = 0;
    FrozenBlock block;
  };
  enum class Got : std::uint8_t { words, not_served, failed };

  Awaitable<bool> identified() {
    if (bus_.status(meter_.unit).standing == Standing::clean) co_return true;
    const auto identity = co_await bus_.identify(meter_.unit);
    if (identity && identity->expected) co_return true;
    report_.why = identity ? "another meter answers at its address" : identity.error().message;
    co_return false;
  }

  Awaitable<Got> read(RegisterSpan span, Words& into) {
    if (unserved_.contains(span)) co_return Got::not_served;
    if (!go_on_()) {
      report_.why = "no time is left before the next round";
      co_return Got::failed;
    }
    auto words = co_await bus_.read(meter_.unit, span);
    if (words) {
      into = std::move(*words);
      co_return Got::words;
    }
    if (words.error().fault == Fault::unsupported) unserved_.insert(span);
    report_.why = words.error().message;
    co_return Got::failed;
  }

  /// A meter that does not tell its time can still tell what it kept; that is doubtful then.
  Awaitable<bool> read_clock() {
    if (!meter_.clock || !meter_.profile->clock) co_return true;
    const auto& field = *meter_.profile->clock;
    Words words;
    const auto got = co_await read(meter_.clock->span, words);
    if (got == Got::failed) co_return false;
    if (got == Got::not_served) co_return true;
    const auto calendar = calendar_ms(field, cut(words, field.span, meter_.clock->offset));
    if (calendar) clock_error_ = clock_error(*calendar, clock_.now(), rules_);
    co_return true;
  }

  Awaitable<bool> read_list(std::size_t list) {
    const auto& blocks = meter_.profile->frozen[list];
    std::optional<Words> newest;
    for (const auto& planned : meter_.frozen) {
      if (planned.list != list || blocks.bytes.empty()) continue;
      FrozenBlock block;
      if (planned.time) {
        const auto got = co_await read(*planned.time, block.time);
        if (got == Got::failed) co_return false;
        if (got == Got::not_served) break;
        if (!newest) newest = block.time;
      }
      const auto got = co_await read(planned.span, block.words);
      if (got == Got::failed) co_return false;
      if (got == Got::not_served) break;
      block.read_at = clock_.now();
      const auto calendar = frozen_ms(blocks, block);
      if (!calendar) {
        ++report_.empty;
        if (blocks.time) break;  // the newest comes first: behind an empty one is nothing
        continue;
      }
      block.calendar = *calendar;
      const bool wanted = instant_from_ms(*calendar - offset_ms()) >= wish_.from;
      if (!wanted && blocks.time) break;
      if (wanted) blocks_.push_back({list, std::move(block)});
    }
    if (!newest) co_return true;
    const bool still = co_await unmoved(list, *newest);
    co_return still;
  }

  /// Blocks of a meter that tells its settlement days and not when each block was frozen: the last of those
  /// days is the newest block's. A day that passes meanwhile moves every block by one.
  Awaitable<bool> read_settled(std::size_t list) {
    const auto& blocks = meter_.profile->frozen[list];
    if (!std::any_of(meter_.frozen.begin(), meter_.frozen.end(),
                     [&](const FrozenRead& one) { return one.list == list; }))
      co_return true;
    std::vector<SettleDay> days;
    for (const auto& span : blocks.settles) {
      Words words;
      const auto got = co_await read(span, words);
      // A meter without the first has none: each further refusal would cost a quarantine.
      if (got == Got::failed && unserved_.contains(span))
        unserved_.insert(blocks.settles.begin(), blocks.settles.end());
      if (got == Got::failed) co_return false;
      if (got == Got::not_served) continue;
      if (const auto day = settle_day(blocks, words)) days.push_back(*day);
    }
    const auto instants = settled_at(days, calendar_now(), blocks.entries);
    for (const auto& planned : meter_.frozen) {
      if (planned.list != list || planned.entry >= instants.size()) continue;
      FrozenBlock block;
      block.calendar = instants[planned.entry];
      block.unsure = std::any_of(days.begin(), days.end(), [](const SettleDay& day) { return !day.hour; });
      if (instant_from_ms(block.calendar - offset_ms()) < wish_.from) break;
      const auto got = co_await read(planned.span, block.words);
      if (got == Got::failed) co_return false;
      if (got == Got::not_served) break;
      block.read_at = clock_.now();
      if (is_empty(blocks, block)) {
        ++report_.empty;
        break;
      }
      blocks_.push_back({list, std::move(block)});
    }
    if (settled_at(days, calendar_now(), instants.size()) == instants) co_return true;
    report_.why = "the meter settled meanwhile";
    co_return false;
  }

  /// What the meter's own calendar shows now; ours where it does not tell.
  std::int64_t calendar_now() const {
    return ms_of(clock_.now()) + offset_ms() + clock_error_.value_or(Milliseconds{0}).count();
  }

  /// Whether the newest block is still the one it was when we began.
  Awaitable<bool> unmoved(std::size_t list, const Words& newest) {
    const auto first = std::find_if(meter_.frozen.begin(), meter_.frozen.end(),
                                    [&](const FrozenRead& one) { return one.list == list; });
    Words now;
    const auto got = co_await read(*first->time, now);
    if (got == Got::words && now == newest) co_return true;
    if (got != Got::failed) report_.why = "the meter froze its registers meanwhile";
    co_return false;
  }

  std::int64_t offset_ms() const {
    return std::chrono::duration_cast<Milliseconds>(rules_.utc_offset).count();
  }

  void hand_out(const Listed& listed, const std::function<void(FrozenReading)>& give) {
    const auto& blocks = meter_.profile->frozen[listed.list];
    for (const auto& part : blocks.parts) {
      const auto live = wish_.live.find(part.channel);
      static const std::vector<LiveValue> none;
      auto reading = frozen_reading(*meter_.profile, meter_.meter_no, blocks, part, listed.block,
                                    clock_error_, live == wish_.live.end() ? none : live->second, rules_);
      ++report_.given;
      if (reading.quality != Quality::good) ++report_.suspect;
      give(std::move(reading));
    }
  }

  RegisterBus& bus_;
  const Clock& clock_;
  const MeterPlan& meter_;
  const BackfillWish& wish_;
  const FrozenRules& rules_;
  const std::function<bool()>& go_on_;
  std::set<RegisterSpan>& unserved_;
  std::optional<Milliseconds> clock_error_;
  std::vector<Listed> blocks_;
  BackfillReport report_;
};

}  // namespace

Awaitable<BackfillReport> backfill(RegisterBus& bus, const Clock& clock, const MeterPlan& meter,
                                   const BackfillWish& wish, const FrozenRules& rules,
                                   const std::function<bool()>& go_on, std::set<RegisterSpan>& unserved,
                                   const std::function<void(FrozenReading)>& give) {
  Backfiller filler(bus, clock, meter, wish, rules, go_on, unserved);
  auto report = co_await filler.run(give);
  co_return report;
}

}  // namespace steward
