#include "drivers/bus/guarded_bus.hpp"

#include "contract/text/unit_text.hpp"
#include "drivers/bus/turns.hpp"
#include "drivers/line/descriptor.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

class GuardedBus final : public RegisterBus {
 public:
  GuardedBus(Loop& loop, std::string name, std::unique_ptr<BusWire> wire, std::vector<GuardedUnit> units,
             const LineRules& rules, GuardBook& book)
      : name_(std::move(name)),
        wire_(std::move(wire)),
        guard_(std::move(units), rules, steady_ticks()),
        book_(book),
        turns_(loop, max_waiting_reads) {}

  Awaitable<Result<Words>> read(UnitAddress unit, RegisterSpan span) override {
    const auto turn = co_await turns_.take();
    if (!turn) co_return Error{Fault::full, name_ + ": too many reads wait"};
    if (guard_.identity_due(unit) || guard_.follows_itself(unit, span, steady_ticks())) {
      const auto known = co_await ask_identity(unit);
      if (!known) co_return known.error();
    }
    auto sending = guard_.open(unit, span, steady_ticks());
    while (sending) {
      const Heard heard = co_await wire_->ask(*sending);
      auto words = guard_.close(*sending, heard);
      if (!words) co_return named(unit, words.error());
      if (!words->empty()) co_return std::move(*words);
      sending = guard_.open_more(*sending, steady_ticks());
    }
    co_return named(unit, sending.error());
  }

  Awaitable<Result<Identity>> identify(UnitAddress unit) override {
    std::optional<Error> failed;
    {
      const auto turn = co_await turns_.take();
      if (!turn) co_return Error{Fault::full, name_ + ": too many reads wait"};
      const auto asked = co_await ask_identity(unit);
      if (!asked) failed = asked.error();
    }
    if (failed) co_return *failed;
    // Others have the line while the disk works; this unit waits in `answered`.
    if (guard_.status(unit).standing == Standing::answered) {
      const auto kept = co_await book_.keep(guard_.record(unit));
      if (!kept) {
        guard_.not_kept(unit);
        co_return named(unit, kept.error());
      }
      guard_.kept(unit);
    }
    co_return guard_.identity(unit);
  }

  Awaitable<Result<Surveyed>> survey(Survey survey) override {
    const auto turn = co_await turns_.take();
    if (!turn) co_return Error{Fault::full, name_ + ": too many reads wait"};
    auto surveyed = co_await wire_->survey(survey);
    guard_.surveyed(surveyed, steady_ticks());
    if (surveyed.lost) co_return Error{surveyed.lost->fault, name_ + ": " + surveyed.lost->message};
    co_return surveyed;
  }

  UnitStatus status(UnitAddress unit) const override { return guard_.status(unit); }
  std::vector<BusNotice> take_notices() override { return guard_.take_notices(); }
  UnitCounters counters(UnitAddress unit) const override { return guard_.counters(unit); }
  void unlatch(UnitAddress unit) override { guard_.unlatch(unit); }

 private:
  Awaitable<Result<void>> ask_identity(UnitAddress unit) {
    auto sending = guard_.open_identity(unit, steady_ticks());
    if (!sending) co_return named(unit, sending.error());
    const Heard heard = co_await wire_->ask(*sending);
    const auto words = guard_.close(*sending, heard);
    if (!words) co_return named(unit, words.error());
    co_return Result<void>{};
  }

  Error named(UnitAddress unit, const Error& why) const {
    return {why.fault, name_ + " unit " + unit_text(unit) + ": " + why.message};
  }

  const std::string name_;
  std::unique_ptr<BusWire> wire_;
  LineGuard guard_;
  GuardBook& book_;
  Turns turns_;
};

}  // namespace

std::unique_ptr<RegisterBus> make_guarded_bus(Loop& loop, std::string name, std::unique_ptr<BusWire> wire,
                                              std::vector<GuardedUnit> units, const LineRules& rules,
                                              GuardBook& book) {
  return std::make_unique<GuardedBus>(loop, std::move(name), std::move(wire), std::move(units), rules, book);
}

}  // namespace steward
