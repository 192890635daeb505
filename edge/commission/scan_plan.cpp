#include "edge/commission/scan_plan.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "drivers/decode/identity.hpp"
#include "drivers/modbus/frame.hpp"
#include "edge/commission/frame_words.hpp"

namespace steward {
namespace {

constexpr RegisterSpan presence_span{RegisterKind::holding, 0, 1};
constexpr RegisterSpan again_span{RegisterKind::input, 0, 1};
/// Garbled addresses are asked so often again, unless there are too many of them to be clashes.
constexpr unsigned doubts = 3;
constexpr std::size_t most_doubted = 8;
/// Meters that differ in their highest digits alone collide six times in a row; noise always.
constexpr unsigned most_collisions = 20;
constexpr std::size_t shortest_reply = 5;
constexpr std::uint8_t exception_bit = 0x80;

ByteView without_echo(ByteView request, ByteView burst) {
  const bool echoed =
      burst.size() >= request.size() && std::equal(request.begin(), request.end(), burst.begin());
  return echoed ? burst.subspan(request.size()) : burst;
}

std::string cjt188_unit(const cjt188::Address& address) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  return std::string{hex[address.type >> 4], hex[address.type & 0xF]} + ":" + cjt188::text(address);
}

}  // namespace

std::size_t scan_whole(const ScanAsk& ask, ByteView so_far) {
  const auto rest = without_echo(ask.request, so_far);
  const auto passed = so_far.size() - rest.size();
  if (ask.protocol == Protocol::dlt645) return passed + dlt645::burst_length(rest);
  if (ask.protocol == Protocol::cjt188) return passed + cjt188::burst_length(rest);
  if (rest.size() < 3 || (rest[1] & exception_bit) != 0)
    return std::max(so_far.size(), passed + shortest_reply);
  return std::max(so_far.size(), passed + shortest_reply + rest[2]);
}

ScanPlan::ScanPlan(ScanScope scope) : scope_(std::move(scope)) {
  for (const auto& format : scope_.formats) {
    const auto place = courses_.size();
    courses_.push_back({});
    courses_.back().format = format;
    if (wants(Protocol::modbus))
      for (const auto stage : {Stage::presence, Stage::doubt, Stage::identity})
        steps_.push_back({stage, place});
    if (wants(Protocol::dlt645)) steps_.push_back({Stage::dlt645, place});
    if (wants(Protocol::cjt188)) steps_.push_back({Stage::cjt188, place});
  }
  if (!steps_.empty()) load();
}

bool ScanPlan::wants(Protocol protocol) const {
  return std::find(scope_.protocols.begin(), scope_.protocols.end(), protocol) != scope_.protocols.end();
}

bool ScanPlan::alive(const Course& course) const {
  return std::any_of(found_.begin(), found_.end(), [&](const ScanFound& found) {
    return found.protocol == Protocol::modbus && found.format == course.format;
  });
}

std::optional<ScanAsk> ScanPlan::next() {
  while (todo_.empty() && at_ < steps_.size()) {
    if (++at_ >= steps_.size() && !std::exchange(again_planned_, true)) plan_again();
    if (at_ < steps_.size()) load();
  }
  if (todo_.empty()) return std::nullopt;
  return todo_.front();
}

void ScanPlan::skip(const LineFormat& format) {
  for (auto& course : courses_)
    if (course.format == format) course.skipped = true;
  std::erase_if(todo_, [&](const ScanAsk& ask) { return ask.format == format; });
}

/// The silent once more, where somebody answered; when nobody did anywhere, everywhere.
void ScanPlan::plan_again() {
  if (!wants(Protocol::modbus)) return;
  const bool any =
      std::any_of(courses_.begin(), courses_.end(), [&](const Course& one) { return alive(one); });
  for (std::size_t place = 0; place < courses_.size(); ++place) {
    if (any && !alive(courses_[place])) continue;
    steps_.push_back({Stage::again, place});
    steps_.push_back({Stage::again_identity, place});
  }
}

void ScanPlan::load() {
  todo_.clear();
  auto& now = course();
  if (now.skipped) return;
  switch (steps_[at_].stage) {
    case Stage::presence: {
      std::vector<std::uint8_t> units;
      for (unsigned unit = scope_.from; unit <= scope_.to; ++unit) {
        const auto address = static_cast<std::uint8_t>(unit);
        if (now.format == scope_.service && scope_.planned.contains(address)) continue;
        units.push_back(address);
      }
      now.asked = units;
      now.fresh = found_.size();
      return load_presence(units, false);
    }
    case Stage::again: {
      now.fresh = found_.size();
      return load_presence(std::exchange(now.silent, {}), true);
    }
    case Stage::doubt:
      if (now.garbled.size() > most_doubted) return;
      for (const auto& [unit, times] : now.garbled) {
        const auto known = scope_.planned.find(unit);
        const auto span = known == scope_.planned.end() ? presence_span : known->second;
        for (unsigned time = 0; time < doubts; ++time)
          todo_.push_back(modbus_ask(ScanAsk::Kind::doubt, unit, span, long_wait));
      }
      return;
    case Stage::identity:
    case Stage::again_identity: return load_identity();
    case Stage::dlt645:
      dlt645_.emplace();
      collisions_ = 0;
      return load_search();
    case Stage::cjt188:
      cjt188_.emplace();
      collisions_ = 0;
      return load_search();
  }
}

void ScanPlan::load_presence(const std::vector<std::uint8_t>& units, bool again) {
  for (const auto unit : units) {
    const auto known = scope_.planned.find(unit);
    const auto span = known != scope_.planned.end() ? known->second : again ? again_span : presence_span;
    todo_.push_back(modbus_ask(ScanAsk::Kind::presence, unit, span, again ? long_wait : short_wait));
  }
}

void ScanPlan::load_identity() {
  std::vector<RegisterSpan> spans;
  const auto add = [&](const RegisterSpan& span) {
    if (spans.size() < most_guesses && std::find(spans.begin(), spans.end(), span) == spans.end())
      spans.push_back(span);
  };
  for (const auto& guess : scope_.guesses) {
    if (guess.span.is_item()) continue;
    add(guess.span);
    if (guess.variant) add(guess.variant->span);
  }
  for (auto at = course().fresh; at < found_.size(); ++at) {
    const auto& found = found_[at];
    if (found.protocol != Protocol::modbus || found.format != course().format) continue;
    const auto unit = static_cast<std::uint8_t>(std::stoi(found.unit));
    if (scope_.planned.contains(unit)) continue;  // its own probe is all it may be asked
    for (const auto& span : spans)
      todo_.push_back(modbus_ask(ScanAsk::Kind::identity, unit, span, long_wait));
  }
}

void ScanPlan::load_search() {
  ScanAsk ask;
  ask.kind = ScanAsk::Kind::search;
  ask.format = course().format;
  ask.wait = item_wait;
  if (steps_[at_].stage == Stage::dlt645) {
    const auto pattern = dlt645_->next();
    if (!pattern) return;
    ask.protocol = Protocol::dlt645;
    ask.request =
        dlt645::encode({*pattern, static_cast<std::uint8_t>(dlt645::Control::read_address), Bytes{}});
  } else {
    const auto pattern = cjt188_->next();
    if (!pattern) return;
    ask.protocol = Protocol::cjt188;
    // DI 810A asks for the address (CJ/T 188); the SER is any.
    ask.request = cjt188::encode(
        {*pattern, static_cast<std::uint8_t>(cjt188::Control::read_address), Bytes{0x81, 0x0A, 0x00}}, 4);
  }
  todo_.push_back(std::move(ask));
}

ScanAsk ScanPlan::modbus_ask(ScanAsk::Kind kind, std::uint8_t unit, const RegisterSpan& span,
                             std::chrono::nanoseconds wait) const {
  ScanAsk ask;
  ask.kind = kind;
  ask.unit = unit;
  ask.span = span;
  const auto& now = courses_[steps_[at_].course];
  ask.format = now.format;
  // A line whose devices are slow shows it early; nobody is waited for beyond long_wait.
  ask.wait = std::clamp<std::chrono::nanoseconds>(2 * now.slowest, wait, long_wait);
  ask.request = encode_request({Framing::rtu, 0, UnitAddress{unit}, span});
  return ask;
}

void ScanPlan::heard(const ScanHeard& heard) {
  assert(!todo_.empty());
  const ScanAsk ask = std::move(todo_.front());
  todo_.pop_front();
  ++asked_;
  const auto burst = without_echo(ask.request, heard.burst);
  if (ask.kind == ScanAsk::Kind::search) return heard_search(ask, burst);
  heard_modbus(ask, burst, heard);
}

void ScanPlan::heard_modbus(const ScanAsk& ask, ByteView burst, const ScanHeard& heard) {
  auto& now = course();
  const auto answer = burst.empty() ? std::nullopt : frame_words(TraceFraming::line, false, burst);
  const bool frame = answer && answer->kind != FrameWords::Kind::request;
  if (heard.went_out && !frame && burst.empty()) {
    if (ask.kind == ScanAsk::Kind::presence) now.silent.push_back(ask.unit);
    return;
  }
  if (!frame) {
    if (ask.kind != ScanAsk::Kind::identity) ++now.garbled[ask.unit];
    return;
  }
  auto& found = note(ask, answer->unit, heard.delay);
  if (answer->unit != std::to_string(ask.unit)) {  // late, to an earlier request
    if (ask.kind == ScanAsk::Kind::presence) now.silent.push_back(ask.unit);
    return;
  }
  now.slowest = std::max(now.slowest, heard.delay);
  if (answer->bytes != burst.size()) ++now.garbled[ask.unit];
  if (answer->kind == FrameWords::Kind::exception && ask.kind != ScanAsk::Kind::identity)
    found.refuses = true;
  if (ask.kind == ScanAsk::Kind::identity) heard_identity(found, ask, burst);
}

ScanFound& ScanPlan::note(const ScanAsk& ask, std::string unit, std::chrono::nanoseconds delay) {
  const auto known = std::find_if(found_.begin(), found_.end(), [&](const ScanFound& one) {
    return one.protocol == ask.protocol && one.unit == unit && one.format == ask.format;
  });
  if (known != found_.end()) return *known;
  ScanFound found;
  found.protocol = ask.protocol;
  found.unit = std::move(unit);
  found.format = ask.format;
  found.delay = std::chrono::duration_cast<std::chrono::milliseconds>(delay);
  found_.push_back(std::move(found));
  return found_.back();
}

void ScanPlan::heard_identity(ScanFound& found, const ScanAsk& ask, ByteView burst) const {
  const auto words = accept_reply({Framing::rtu, 0, UnitAddress{ask.unit}, ask.span}, burst);
  if (!words) return;
  const auto fit_of = [&](const std::string& profile) -> ScanFit& {
    auto& fits = found.fits;
    const auto known =
        std::find_if(fits.begin(), fits.end(), [&](const ScanFit& fit) { return fit.profile == profile; });
    if (known != fits.end()) return *known;
    fits.push_back({profile, "", false});
    return fits.back();
  };
  for (const auto& guess : scope_.guesses) {
    if (guess.variant && guess.variant->span == ask.span) {
      if (is_variant(*guess.variant, *words)) fit_of(guess.profile).proven = true;
    }
    if (guess.span != ask.span) continue;
    auto& fit = fit_of(guess.profile);
    if (!guess.serial) continue;
    const auto offset = guess.serial->span.first - ask.span.first;
    const auto mine = std::span(*words).subspan(offset, guess.serial->span.count);
    if (const auto serial = serial_text(*guess.serial, mine)) {
      fit.serial = *serial;
      fit.proven = fit.proven || !guess.variant;
    }
  }
  std::stable_sort(found.fits.begin(), found.fits.end(),
                   [](const ScanFit& a, const ScanFit& b) { return a.proven && !b.proven; });
}

void ScanPlan::heard_search(const ScanAsk& ask, ByteView burst) {
  std::string unit;
  const auto feed = [&](auto& search, const auto& frames, std::size_t rest, const auto& name) {
    using Address = std::decay_t<decltype(search.found().front())>;
    std::optional<Address> from;
    if (frames.size() == 1 && rest == 0) from = frames.front().address;
    if (from) unit = name(*from);
    collisions_ = burst.empty() || from ? 0 : collisions_ + 1;
    search.heard(from ? bcd::Heard::one : burst.empty() ? bcd::Heard::nothing : bcd::Heard::collision, from);
  };
  if (ask.protocol == Protocol::dlt645) {
    const auto heard = dlt645::read_burst(burst);
    feed(*dlt645_, heard.frames, heard.rest, [](const dlt645::Address& one) { return dlt645::text(one); });
  } else {
    const auto heard = cjt188::read_burst(burst);
    feed(*cjt188_, heard.frames, heard.rest, cjt188_unit);
  }
  if (!unit.empty()) note(ask, unit, std::chrono::nanoseconds{0});
  if (collisions_ >= most_collisions) {
    course().noise = true;
    return;
  }
  load_search();
}

std::chrono::nanoseconds ScanPlan::cost(const LineFormat& format, std::chrono::nanoseconds wait) const {
  return characters(format, 8) + wait + frame_silence(format) + std::chrono::milliseconds{2};
}

ScanProgress ScanPlan::progress() const {
  ScanProgress progress;
  progress.asked = asked_;
  progress.found = found_.size();
  std::chrono::nanoseconds eta{0};
  for (const auto& ask : todo_) eta += cost(ask.format, ask.wait);
  progress.left = todo_.size();
  const auto add = [&](std::size_t count, std::chrono::nanoseconds each) {
    progress.left += count;
    eta += static_cast<std::int64_t>(count) * each;
  };
  if (dlt645_ && steps_[std::min(at_, steps_.size() - 1)].stage == Stage::dlt645)
    add(dlt645_->left(), cost(courses_[steps_[std::min(at_, steps_.size() - 1)].course].format, item_wait));
  for (auto step = at_ + 1; step < steps_.size(); ++step) {
    const auto& ahead = courses_[steps_[step].course];
    if (ahead.skipped) continue;
    const auto stage = steps_[step].stage;
    if (stage == Stage::presence) add(scope_.to - scope_.from + 1U, cost(ahead.format, short_wait));
    if (stage == Stage::dlt645 || stage == Stage::cjt188) add(1, cost(ahead.format, item_wait));
    if (stage == Stage::again) add(ahead.silent.size(), cost(ahead.format, long_wait));
  }
  if (!again_planned_)
    for (const auto& one : courses_)
      if (alive(one)) add(one.silent.size(), cost(one.format, long_wait));
  progress.eta = std::chrono::ceil<std::chrono::milliseconds>(eta);
  return progress;
}

}  // namespace steward
