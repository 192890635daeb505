#include "drivers/pulse/pulse_bus.hpp"

#include <algorithm>
#include <cassert>

#include "kit/loop/loop.hpp"

namespace steward {
namespace {

constexpr Milliseconds look_every{1'000};  // at the level, and whether the count is to be saved
constexpr Milliseconds open_every{5'000};

void put(Words& page, std::size_t at, std::uint64_t value) {
  for (std::size_t word = 0; word < 4; ++word)
    page[at + word] = static_cast<std::uint16_t>(value >> (16 * (3 - word)));
}

}  // namespace

struct PulseBus::Unit {
  Unit(PulseUnitSetup given, Loop& loop) : setup(std::move(given)), record(setup.kept), stopping(loop) {}

  PulseUnitSetup setup;
  std::optional<PulseRecord> record;
  std::unique_ptr<EdgeInput> input;
  std::optional<PulseCount> count;  // while the input is open
  std::uint64_t counted = 0;        // of `count` already in the record
  std::uint64_t unsaved = 0;
  Instant sure_until{};  // up to when nothing can have been missed
  std::string away = "its input was not opened yet";
  std::uint64_t asked = 0;
  std::uint64_t episode = 1;
  Signal stopping;
};

PulseBus::PulseBus(Loop& loop, const Clock& clock, std::vector<PulseUnitSetup> units, PulseHost& host)
    : clock_(clock), host_(host) {
  for (auto& unit : units) {
    assert(unit.per_pulse.numerator > 0 && unit.per_pulse.denominator > 0);
    units_.push_back(std::make_unique<Unit>(std::move(unit), loop));
  }
}

PulseBus::~PulseBus() = default;

std::vector<Awaitable<void>> PulseBus::runs() {
  std::vector<Awaitable<void>> runs;
  for (auto& unit : units_) {
    if (unit->record) miss(*unit, unit->record->saved_at, "the gateway was not running, so nobody counted");
    runs.push_back(run(*unit));
  }
  return runs;
}

void PulseBus::stop() {
  stopped_ = true;
  for (auto& unit : units_) {
    if (unit->record) save(*unit);
    unit->stopping.set();
  }
}

Awaitable<void> PulseBus::run(Unit& unit) {
  while (!stopped_) {
    if (!unit.input) {
      auto opened = unit.setup.open();
      Result<bool> active = opened ? (*opened)->is_active() : Result<bool>(opened.error());
      if (!active) {
        unit.away = active.error().message;
        (void)co_await unit.stopping.wait(open_every);
        continue;
      }
      unit.input = std::move(*opened);
      unit.count.emplace(unit.setup.debounce, *active, clock_.ticks());
      unit.counted = 0;
      unit.sure_until = clock_.now();
    }
    auto edges = co_await unit.input->next(look_every);
    if (stopped_) break;
    if (edges) {
      take(unit, *edges);
      continue;
    }
    unit.away = edges.error().message;
    unit.input.reset();
    unit.count.reset();
    ++unit.episode;
    miss(unit, unit.sure_until, "its input was lost: " + unit.away);
  }
}

void PulseBus::take(Unit& unit, const InputEdges& edges) {
  for (const auto& edge : edges.edges) unit.count->edge(edge);
  if (edges.full) unit.count->note_missed();
  note(unit);
}

/// Carries the count into the record.
void PulseBus::note(Unit& unit) {
  const auto now = clock_.now();
  const bool missed = unit.count->take_missed();
  const auto fresh = unit.count->pulses() - unit.counted;
  unit.counted = unit.count->pulses();
  if (unit.record) {
    unit.record->pulses += fresh;
    unit.unsaved += fresh;
    if (missed) miss(unit, unit.sure_until, "an edge of its contact was lost");
    const bool long_ago = now - unit.record->saved_at >= longest_unsaved;
    if (unit.unsaved >= most_unsaved || (unit.unsaved > 0 && long_ago)) save(unit);
  }
  unit.sure_until = now;
}

void PulseBus::miss(Unit& unit, Instant since, const std::string& why) {
  if (!unit.record) return;
  const bool known = unit.record->missed_since.has_value();
  unit.record->missed_since = known ? std::min(*unit.record->missed_since, since) : since;
  ++unit.episode;
  save(unit);
  if (!known) host_.missed(unit.setup.unit, since, why);
}

void PulseBus::save(Unit& unit) {
  unit.record->saved_at = clock_.now();
  unit.unsaved = 0;
  host_.save(unit.setup.unit, *unit.record);
}

PulseBus::Unit* PulseBus::find(UnitAddress address) const {
  const auto unit = std::find_if(units_.begin(), units_.end(),
                                 [&](const auto& candidate) { return candidate->setup.unit == address; });
  return unit == units_.end() ? nullptr : unit->get();
}

Result<void> PulseBus::ready(Unit& unit) {
  if (!unit.count) return Error{Fault::retry, unit.away};
  auto active = unit.input->is_active();
  if (!active) return std::move(active.error());
  unit.count->look(*active, clock_.ticks());
  note(unit);
  if (unit.record) return {};
  return Error{Fault::retry,
               "it counts pulses but has no base reading; read the meter's dial and say `steward-edge "
               "--config FILE pulse base METER --display VALUE` / "
               "尚无底数；请读取表盘示数，并执行 steward-edge --config 文件 pulse base 表号 --display 示数"};
}

Result<std::optional<std::int64_t>> PulseBus::set_base(UnitAddress address, std::int64_t value,
                                                       std::string by) {
  Unit* unit = find(address);
  if (unit == nullptr) return Error{Fault::refused, "no input has this unit"};
  const bool had_base = unit->record.has_value();
  if (auto open = ready(*unit); !open && had_base) return std::move(open.error());
  if (!unit->count) return Error{Fault::retry, unit->away};
  std::optional<std::int64_t> before;
  if (had_base) {
    const auto shown = pulse_reading(unit->record->base, unit->record->pulses, unit->setup.per_pulse);
    if (shown) before = *shown;
  }
  unit->record = PulseRecord{value, clock_.now(), std::move(by), 0, clock_.now(), std::nullopt};
  ++unit->episode;
  save(*unit);
  return before;
}

std::optional<PulseRecord> PulseBus::record(UnitAddress address) const {
  const Unit* unit = find(address);
  return unit == nullptr ? std::nullopt : unit->record;
}

Awaitable<Result<Words>> PulseBus::read(UnitAddress address, RegisterSpan span) {
  Unit* unit = find(address);
  if (unit == nullptr) co_return Error{Fault::refused, "no input has this unit"};
  if (span.first + span.count > page_words)
    co_return Error{Fault::unsupported, "a pulse counter has registers 0 to 15"};
  if (auto is_ready = ready(*unit); !is_ready) co_return std::move(is_ready.error());
  const auto shown = pulse_reading(unit->record->base, unit->record->pulses, unit->setup.per_pulse);
  if (!shown) co_return shown.error();
  // Never given again as less: the count is on its way to the disk before the reading is.
  if (unit->unsaved > 0 || clock_.now() - unit->record->saved_at >= longest_unsaved) save(*unit);
  ++unit->asked;
  Words page(page_words);
  put(page, 0, static_cast<std::uint64_t>(*shown));
  put(page, 4, unit->record->pulses);
  const auto begin = page.begin() + static_cast<std::ptrdiff_t>(span.first);
  co_return Words(begin, begin + static_cast<std::ptrdiff_t>(span.count));
}

Awaitable<Result<Identity>> PulseBus::identify(UnitAddress address) {
  Unit* unit = find(address);
  if (unit == nullptr) co_return Error{Fault::refused, "no input has this unit"};
  if (auto is_ready = ready(*unit); !is_ready) co_return std::move(is_ready.error());
  co_return Identity{};
}

UnitStatus PulseBus::status(UnitAddress address) const {
  const Unit* unit = find(address);
  UnitStatus status;
  if (unit == nullptr) return status;
  status.standing = unit->count && unit->record ? Standing::clean : Standing::quarantined;
  status.episode = unit->episode;
  status.pulses_missed = unit->record && unit->record->missed_since;
  return status;
}

UnitCounters PulseBus::counters(UnitAddress address) const {
  const Unit* unit = find(address);
  UnitCounters counters;
  if (unit != nullptr) counters.asked = counters.answered = unit->asked;
  return counters;
}

}  // namespace steward
