#include "tests/simulation/ledger.hpp"

#include <algorithm>
#include <unordered_set>

namespace steward::simulation {

std::string meter_name(std::size_t meter) { return "E-010" + std::to_string(meter + 1); }

Ledger::Verdict& Ledger::Verdict::operator+=(const Verdict& other) {
  promised += other.promised;
  let_off += other.let_off;
  found += other.found;
  lost += other.lost;
  doubled += other.doubled;
  wrong += other.wrong;
  if (first_flaw.empty()) first_flaw = other.first_flaw;
  return *this;
}

Fact Ledger::read(Kind kind, std::size_t meter, Instant round_at, Instant taken_at) {
  auto& counter = kind == Kind::door ? door_index_ : registers_.at(meter);
  counter += kind == Kind::door ? 1 : 1 + static_cast<std::int64_t>(dice_.below(900));
  return {kind, meter, counter, round_at, taken_at, next_++};
}

void Ledger::handed(const Fact& fact, Stream stream) {
  auto& state = facts_.at(at(fact.kind, fact.meter))[fact.value];
  state.fact = fact;
  state.stream = stream;
}

void Ledger::promised(const Fact& fact, Seq seq) {
  auto& state = facts_.at(at(fact.kind, fact.meter)).at(fact.value);
  state.seq = seq;
  state.is_promised = state.is_on_disk = true;
}

void Ledger::disk_put_back(std::uint64_t number, const std::array<Seq, std::size(all_streams)>& acked) {
  for (auto& facts : facts_) {
    for (auto& [value, state] : facts) {
      if (!state.is_on_disk || state.fact.number < number) continue;
      state.is_on_disk = false;
      if (state.seq <= acked.at(static_cast<std::size_t>(state.stream))) continue;
      state.is_promised = false;
      state.was_let_off = true;
    }
  }
}

void Ledger::cloud_put_back() {
  for (auto& facts : facts_) {
    for (auto& [value, state] : facts) {
      if (state.is_on_disk || !state.is_promised) continue;
      state.is_promised = false;
      state.was_let_off = true;
    }
  }
}

Ledger::Verdict Ledger::judge(Store& books, const SiteId& site, Instant from, Instant to) const {
  Verdict verdict;
  const auto flaw = [&](std::uint64_t& count, const std::string& what) {
    ++count;
    if (verdict.first_flaw.empty()) verdict.first_flaw = what;
  };
  std::array<std::unordered_set<std::int64_t>, kinds * meters> seen;
  const auto take = [&](Kind kind, const std::string& meter, std::int64_t value, Instant round_at,
                        Instant taken_at) {
    const auto said = meter + " " + std::to_string(value) + " of kind " +
                      std::to_string(static_cast<int>(kind)) + " at " + std::to_string(ms_of(round_at));
    std::size_t which = 0;
    while (kind != Kind::door && which < meters && meter_name(which) != meter) ++which;
    if (which == meters) return flaw(verdict.wrong, "of no meter: " + said);
    const auto& facts = facts_.at(at(kind, which));
    const auto fact = facts.find(value);
    if (fact == facts.end() || fact->second.fact.round_at != round_at ||
        fact->second.fact.taken_at != taken_at)
      return flaw(verdict.wrong, "never was so: " + said);
    if (!seen.at(at(kind, which)).insert(value).second) return flaw(verdict.doubled, "twice: " + said);
    ++verdict.found;
  };
  const auto unreadable = [&](const Error& error) {
    flaw(verdict.wrong, "unreadable books: " + error.message);
  };

  constexpr auto piece = std::chrono::hours(24 * 30);  // a list gives at most 10,000 rows
  for (auto begin = from; begin < to; begin += piece) {
    const ListQuery query{site, begin, begin + piece, 10'000};
    const auto readings = books.readings(query);
    const auto doors = books.door_events(query);
    const auto closings = books.closings(site, begin, begin + piece);
    if (!readings) return unreadable(readings.error()), verdict;
    if (!doors) return unreadable(doors.error()), verdict;
    if (!closings) return unreadable(closings.error()), verdict;
    for (const auto& row : *readings) {
      const auto kind = row.reading.channel_no.value == 0 ? Kind::reading : Kind::telemetry;
      take(kind, row.meter.text, row.reading.value, row.reading.round_at, row.reading.taken_at);
    }
    for (const auto& row : *doors)
      take(Kind::door, row.event.controller, row.event.index, row.event.received_at, row.event.received_at);
    for (const auto& row : *closings)
      take(Kind::closing, row.closing.meter.text, row.closing.value, row.closing.round_at,
           row.closing.taken_at);
  }
  for (std::size_t place = 0; place < facts_.size(); ++place) {
    for (const auto& [value, state] : facts_[place]) {
      if (state.is_promised) ++verdict.promised;
      const bool there = seen[place].contains(value);
      if (state.was_let_off && !there) ++verdict.let_off;
      if (state.is_promised && !there)
        flaw(verdict.lost, "lost: " + meter_name(state.fact.meter) + " " + std::to_string(value) + ", fact " +
                               std::to_string(state.fact.number) + ", place " +
                               std::to_string(state.seq.value) + " of " + std::string(word(state.stream)));
    }
  }
  return verdict;
}

}  // namespace steward::simulation
