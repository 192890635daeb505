#include "drivers/sim/fault_plan.hpp"

#include <algorithm>

#include "drivers/sim/modbus_answer.hpp"
#include "drivers/sim/seeded.hpp"

namespace steward::sim {
namespace {

constexpr std::int64_t longest_babble = 16;

}  // namespace

/// A rule that hits the request in hand, and its dice.
struct FaultPlan::Hit {
  const FaultRule* rule = nullptr;
  Draws dice;

  Milliseconds drawn() { return Milliseconds(dice.between(rule->least.count(), rule->most.count())); }
};

FaultPlan::FaultPlan(std::uint64_t seed, std::vector<FaultRule> rules)
    : seed_(seed), rules_(std::move(rules)) {}

std::vector<FaultPlan::Hit> FaultPlan::hits_of(UnitAddress unit, UnitState& state) {
  const std::uint32_t nth = state.asked++;
  state.hits.resize(rules_.size());
  std::vector<Hit> hits;
  for (std::size_t place = 0; place < rules_.size(); ++place) {
    const FaultRule& rule = rules_[place];
    if (rule.unit && *rule.unit != unit) continue;
    if (nth < rule.after || (rule.times != 0 && state.hits[place] >= rule.times)) continue;
    Draws dice(drawn_at(seed_ ^ scramble(place), (unit.value << 32U) | nth));
    if (dice.below(1000) >= rule.per_mille) continue;
    ++state.hits[place];
    hits.push_back({&rule, dice});
  }
  return hits;
}

Verdict FaultPlan::decide(Speech speech, ByteView request, const HonestAnswer& honest, Ticks now) {
  Verdict verdict;
  const ByteView asked = body_of(speech, request);
  if (asked.empty()) return verdict;
  ++asked_;
  const UnitAddress unit = unit_in(speech, asked);
  UnitState& state = units_[unit];
  std::vector<Hit> hits = hits_of(unit, state);
  verdict.keeps_order = std::ranges::any_of(
      rules_, [&](const FaultRule& rule) { return rule.keep_order && (!rule.unit || *rule.unit == unit); });
  bool silent = now < state.back;
  for (Hit& hit : hits) {
    switch (hit.rule->kind) {
      case FaultKind::dead: silent = true; break;
      case FaultKind::reboot:
        silent = verdict.forgets = true;
        state.back = now + hit.drawn();
        state.stale = hit.rule->stale && !state.last_body.empty();
        break;
      case FaultKind::value_reset:
        if (!hit.rule->registers) state.all_zero = true;
        if (hit.rule->registers &&
            std::ranges::find(state.zeroed, *hit.rule->registers) == state.zeroed.end())
          state.zeroed.push_back(*hit.rule->registers);
        break;
      case FaultKind::stall: verdict.stall = std::max(verdict.stall, hit.drawn()); break;
      case FaultKind::echo: verdict.departures.push_back({{}, {request.begin(), request.end()}}); break;
      case FaultKind::babble: {
        Departure noise{hit.drawn(), Bytes(static_cast<std::size_t>(hit.dice.between(1, longest_babble)))};
        for (auto& byte : noise.bytes) byte = static_cast<std::uint8_t>(hit.dice.below(256));
        verdict.departures.push_back(std::move(noise));
        break;
      }
      default: break;
    }
  }
  if (silent) return verdict;
  std::optional<Bytes> body = honest(unit);
  if (!body && speech == Speech::mbap) body = no_answer_exception(asked);
  if (!body) return verdict;
  for (const RegisterSpan& reset : state.zeroed) zero(speech, asked, reset, *body);
  if (state.all_zero) zero_all(speech, *body);
  if (std::exchange(state.stale, false)) body = state.last_body;
  if (is_reply(speech, *body)) state.last_body = *body;
  answer(speech, request, *body, hits, verdict);
  for (Hit& hit : hits) {
    if (hit.rule->kind != FaultKind::twin) continue;
    std::optional<Bytes> second = honest(hit.rule->other);
    if (!second) continue;
    readdress(speech, unit, *second);
    verdict.departures.push_back({hit.drawn(), wrapped(speech, request, *second)});
  }
  return verdict;
}

void FaultPlan::answer(Speech speech, ByteView request, Bytes body, const std::vector<Hit>& hits,
                       Verdict& verdict) {
  std::vector<Hit> by_kind = hits;
  std::ranges::stable_sort(by_kind, {}, [](const Hit& hit) {  // what is said, then how, then when
    return hit.rule->kind == FaultKind::exception ? 0 : hit.rule->kind == FaultKind::wrong_unit ? 1 : 2;
  });
  std::chrono::nanoseconds after{0};
  std::vector<std::chrono::nanoseconds> again;
  std::optional<std::uint64_t> flip;
  std::optional<std::uint64_t> cut;
  for (Hit& hit : by_kind) {
    switch (hit.rule->kind) {
      case FaultKind::exception: body = refusal(speech, body, hit.rule->code); break;
      case FaultKind::wrong_unit:
        readdress(speech, hit.rule->other.value != 0 ? hit.rule->other : next_unit(unit_in(speech, body)),
                  body);
        break;
      case FaultKind::preamble: set_preamble(speech, hit.rule->code, body); break;
      case FaultKind::lost: return;
      case FaultKind::bad_crc: flip = static_cast<std::uint64_t>(hit.dice.below(1 << 30)); break;
      case FaultKind::truncated: cut = static_cast<std::uint64_t>(hit.dice.below(1 << 30)); break;
      case FaultKind::late: after += hit.drawn(); break;
      case FaultKind::duplicate: again.push_back(hit.drawn()); break;
      default: break;
    }
  }
  Bytes frame = wrapped(speech, request, body);
  if (flip && speech == Speech::mbap) {
    frame[5] = static_cast<std::uint8_t>(frame[5] + 1U + *flip % 200U);  // wraps: still another length
  } else if (flip) {
    const auto bit = static_cast<std::size_t>(*flip % (frame.size() * 8));
    frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ (1U << (bit % 8)));
  }
  if (cut) frame.resize(1 + static_cast<std::size_t>(*cut % (frame.size() - 1)));
  for (const auto delay : again) verdict.departures.push_back({after + delay, frame});
  verdict.departures.push_back({after, std::move(frame)});
}

}  // namespace steward::sim
