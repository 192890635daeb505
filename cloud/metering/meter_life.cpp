#include "cloud/metering/meter_life.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "cloud/metering/life_words.hpp"
#include "contract/text/meter_event_text.hpp"

namespace steward {
namespace {

using Kind = MeterEventKind;

/// One event with what was worked out about it.
struct Item {
  const LifeEvent* raw = nullptr;
  std::optional<MeterEvent> event;  // nothing: not readable
  Instant since;                    // the change lies in (since, at]; equal: at `at`
  Instant at;
  LifeState state = LifeState::open;

  bool persons() const { return event && !event->by.empty(); }
  bool falls() const {
    return event &&
           (event->kind == Kind::rollover || event->kind == Kind::reset || event->kind == Kind::fell);
  }
};

/// Went the dial past its end for certain enough?
bool plain_rollover(const MeterEvent& event) {
  if (event.kind != Kind::rollover || event.most <= 0) return false;
  const auto rise = event.modulus - *event.old_register + *event.new_register;
  return rise <= event.most && event.most <= event.modulus / plain_rollover_part;
}

/// What an event does to the stay it falls into.
struct Cut {
  std::int64_t closing = 0;
  std::optional<MeterId> next;  // who hangs there afterwards; nothing: nobody
  std::int64_t opening = 0;
  std::optional<Ratio> from_ratio;
  std::optional<Ratio> to_ratio;
  bool scales = false;  // found in the meter: the multiplier changes in the proportion of the two
};

std::optional<Cut> cut_of(const MeterEvent& event) {
  switch (event.kind) {
    case Kind::exchange:
      return Cut{*event.old_register, event.new_meter, *event.new_register, event.old_ratio, event.new_ratio};
    case Kind::rollover: return Cut{event.modulus, event.meter, 0};
    case Kind::reset:
    case Kind::fell: return Cut{*event.old_register, event.meter, *event.new_register};
    case Kind::ratio_change: {
      const auto at = event.new_register ? event.new_register : event.old_register;
      if (!at || event.channel.empty()) return std::nullopt;
      return Cut{*at, event.meter, *at, event.old_ratio, event.new_ratio, event.by.empty()};
    }
    case Kind::serial_changed: return std::nullopt;
    case Kind::sealed:
    case Kind::removed: return Cut{*event.old_register, std::nullopt, 0};
  }
  return std::nullopt;
}

/// n/d of `install` times to/from, in lowest terms; nothing when it passes the limits of installs.csv.
std::optional<Ratio> scaled(const Install& install, const Ratio& from, const Ratio& to) {
  auto n = install.multiplier_n;
  auto d = install.multiplier_d;
  for (const auto& [up, down] : {std::pair(to.n, to.d), std::pair(from.d, from.n)}) {
    n *= up;
    d *= down;
    const auto common = std::gcd(n, d);
    n /= common;
    d /= common;
    if (n > meter_event_limit::ratio * meter_event_limit::ratio) return std::nullopt;
    if (d > meter_event_limit::ratio * meter_event_limit::ratio) return std::nullopt;
  }
  if (n > meter_event_limit::ratio || d > meter_event_limit::ratio) return std::nullopt;
  return Ratio{n, d};
}

bool same_ratio(const Install& install, const Ratio& ratio) {
  return install.multiplier_n * ratio.d == ratio.n * install.multiplier_d;
}

class Life {
 public:
  Life(Estate estate, std::span<const LifeEvent> events)
      : imported_(std::move(estate.installs)), estate_(std::move(estate)) {
    estate_.installs = imported_;
    for (const auto& event : events) items_.push_back(item_of(event));
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      return std::tuple(a.since, a.at, a.raw->no) < std::tuple(b.since, b.at, b.raw->no);
    });
  }

  Lived live(std::span<const RegisterFall> falls) {
    mark_explained();
    for (auto& item : items_) take(item);
    for (const auto& fall : falls) take(fall);
    Lived out{std::move(estate_), {}};
    for (const auto& item : items_) out.states.emplace(item.raw->no, item.state);
    return out;
  }

 private:
  static Item item_of(const LifeEvent& raw) {
    Item item{&raw, std::nullopt, raw.said.at, raw.said.at};
    if (auto read = read_meter_event(raw.said)) item.event = std::move(*read);
    if (item.event && item.event->since) item.since = *item.event->since;
    if (raw.verdict == false) item.state = LifeState::rejected;
    return item;
  }

  /// A person's word about a change takes the place of what the gateway found of it.
  void mark_explained() {
    for (const auto& said : items_) {
      if (!said.persons() || said.state == LifeState::rejected) continue;
      for (auto& found : items_) {
        if (!found.event || found.persons() || found.state != LifeState::open) continue;
        if (found.event->meter != said.event->meter) continue;
        const bool inside = said.since <= found.since && found.at <= said.at;
        const bool around = found.since <= said.since && said.at <= found.at;
        if (inside || around) found.state = LifeState::explained;
      }
    }
  }

  Day day(Instant at) const { return day_of(at, estate_.offset); }

  std::set<PointId> points_of(const MeterId& meter, const std::string& channel) const {
    std::set<PointId> found;
    for (const auto& [point, stays] : estate_.installs) {
      for (const auto& stay : stays) {
        if (stay.meter == meter && (channel.empty() || stay.channel == channel)) found.insert(point);
      }
    }
    return found;
  }

  void block(const PointId& point, const Item& item, LifeWords words) {
    estate_.unexplained[point].push_back(
        {item.since, item.at, false, false, std::move(words.en), std::move(words.zh)});
  }

  void take(Item& item) {
    if (item.state != LifeState::open) return;
    const MeterId meter(item.raw->said.subject);
    const auto points = points_of(meter, item.event ? item.event->channel : std::string());
    if (points.empty()) {
      item.state = LifeState::unassigned;
      return;
    }
    if (!item.event) {
      for (const auto& point : points) block(point, item, unreadable_words(*item.raw, estate_.offset));
      return;
    }
    const bool counts = item.persons() || item.raw->verdict == true || plain_rollover(*item.event);
    if (item.raw->verdict == true && item.event->kind == Kind::serial_changed) {
      item.state = LifeState::explained;
      return;
    }
    const auto cut = cut_of(*item.event);
    if (counts && cut) return apply(item, points, *cut);
    for (const auto& point : points) settle_open(item, point);
  }

  /// The imported stay of the event's meter that installs.csv itself ends within the event's days.
  const Install* imported_end(const Item& item, const PointId& point, std::int64_t closing) const {
    const auto found = imported_.find(point);
    if (found == imported_.end()) return nullptr;
    const Install* end = nullptr;
    for (const auto& stay : found->second) {
      if (stay.meter != item.event->meter || !stay.to) continue;
      if (!item.event->channel.empty() && stay.channel != item.event->channel) continue;
      if (*stay.to < day(item.since) || *stay.to > day(item.at)) continue;
      if (end == nullptr || stay.closing == closing) end = &stay;
    }
    return end;
  }
  const Install* imported_next(const PointId& point, const Install& end) const {
    const auto& stays = imported_.at(point);
    const auto next =
        std::find_if(stays.begin(), stays.end(), [&](const Install& stay) { return &stay == &end; });
    return next + 1 == stays.end() || (next + 1)->from != *end.to ? nullptr : &*(next + 1);
  }

  /// Found by the gateway, and nobody has said what it was, unless installs.csv has.
  void settle_open(Item& item, const PointId& point) {
    const auto& event = *item.event;
    const auto* end = imported_end(item, point, event.old_register.value_or(-1));
    if (end == nullptr) {
      block(point, item, open_words(item.raw->no, event, medium_of(point), estate_.offset));
      return;
    }
    const auto* next = imported_next(point, *end);
    const bool closes = !event.old_register || !end->closing || *end->closing >= *event.old_register;
    const bool opens =
        !event.new_register || next == nullptr || !next->opening || *next->opening <= *event.new_register;
    if (closes && opens) {
      item.state = LifeState::agrees;
      return;
    }
    differ(item, point, *end, next);
  }

  void differ(Item& item, const PointId& point, const Install& stay, const Install* next) {
    item.state = LifeState::mismatch;
    block(point, item,
          mismatch_words(item.raw->no, *item.event, medium_of(point), stay, next, estate_.offset));
  }

  void apply(Item& item, const std::set<PointId>& points, const Cut& cut) {
    bool done = false;
    for (const auto& point : points) {
      if (const auto* end = imported_end(item, point, cut.closing)) {
        compare(item, point, *end, cut);
        done = true;
      } else if (auto* stay = stay_over(item, point)) {
        split(item, point, *stay, cut);
        done = true;
      }
    }
    if (done) return;
    item.state = LifeState::mismatch;
    for (const auto& point : points) {
      block(point, item, not_there_words(item.raw->no, *item.event, medium_of(point), estate_.offset));
    }
  }

  void compare(Item& item, const PointId& point, const Install& end, const Cut& cut) {
    const auto* next = imported_next(point, end);
    bool same = !end.closing || *end.closing == cut.closing;
    if (cut.next) {
      same = same && next != nullptr && next->meter == *cut.next &&
             (!next->opening || *next->opening == cut.opening);
      same = same && (!cut.to_ratio || cut.scales || same_ratio(*next, *cut.to_ratio));
    } else {
      same = same && next == nullptr;
    }
    if (!same) return differ(item, point, end, next);
    item.state = LifeState::agrees;
  }

  /// The stay of the meter, as it is by now, that the change falls into.
  Install* stay_over(const Item& item, const PointId& point) {
    const auto on = day(item.since);
    Install* found = nullptr;
    for (auto& stay : estate_.installs.at(point)) {
      if (stay.meter != item.event->meter) continue;
      if (!item.event->channel.empty() && stay.channel != item.event->channel) continue;
      if (stay.from <= on && (!stay.to || *stay.to > on)) found = &stay;
    }
    return found;
  }

  bool hangs_elsewhere(const MeterId& meter, const std::string& channel, const PointId& point, Day on) const {
    for (const auto& [other, stays] : imported_) {
      for (const auto& stay : stays) {
        if (other == point || stay.meter != meter || stay.channel != channel) continue;
        if (!stay.to || *stay.to > on) return true;
      }
    }
    return false;
  }

  void split(Item& item, const PointId& point, Install& stay, const Cut& cut) {
    const auto on = day(item.since);
    const bool another = cut.next && *cut.next != stay.meter;
    // installs.csv lets the old meter go on, or ends it later, with a register of its own.
    const bool goes_on = stay.to && (another || !cut.next);
    const bool elsewhere = another && hangs_elsewhere(*cut.next, stay.channel, point, on);
    const bool other_ratio = cut.from_ratio && !cut.scales && !same_ratio(stay, *cut.from_ratio);
    const auto ratio = ratio_after(stay, cut);
    if (goes_on || elsewhere || other_ratio || !ratio) return differ(item, point, stay, nullptr);
    auto next = stay;
    stay.to = on;
    stay.closing = cut.closing;
    item.state = LifeState::applied;
    if (cut.next) {
      next.meter = *cut.next;
      next.from = on;
      next.opening = cut.opening;
      next.multiplier_n = ratio->n;
      next.multiplier_d = ratio->d;
      auto& stays = estate_.installs.at(point);
      const auto behind =
          std::find_if(stays.begin(), stays.end(), [&](const Install& one) { return &one == &stay; });
      stays.insert(behind + 1, std::move(next));
    }
    if (item.since == item.at) return;
    auto words = boundary_words(item.raw->no, *item.event, medium_of(point), estate_.offset);
    estate_.unexplained[point].push_back(
        {item.since, item.at, true, another, std::move(words.en), std::move(words.zh)});
  }

  static std::optional<Ratio> ratio_after(const Install& stay, const Cut& cut) {
    if (!cut.to_ratio) return Ratio{stay.multiplier_n, stay.multiplier_d};
    if (cut.scales) return scaled(stay, *cut.from_ratio, *cut.to_ratio);
    return *cut.to_ratio;
  }

  /// A fall that no event is about: the event is on its way, or the gateway never said it.
  void take(const RegisterFall& fall) {
    const bool said = std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
      if (!item.event) return item.raw->said.subject == fall.meter.text && item.at == fall.at;
      const auto& event = *item.event;
      if (event.meter != fall.meter || event.channel != fall.channel) return false;
      return item.since <= fall.at && fall.at <= item.at;
    });
    if (said) return;
    for (const auto& point : points_of(fall.meter, fall.channel)) {
      if (written_for(point, fall)) continue;
      auto words = fall_words(fall, estate_.offset);
      estate_.unexplained[point].push_back(
          {fall.at - Milliseconds{1}, fall.at, false, false, std::move(words.en), std::move(words.zh)});
    }
  }

  /// Does installs.csv end a stay of the meter on that day or the one before? Each end stands for one fall.
  bool written_for(const PointId& point, const RegisterFall& fall) {
    const auto found = imported_.find(point);
    if (found == imported_.end()) return false;
    for (const auto& stay : found->second) {
      if (stay.meter != fall.meter || stay.channel != fall.channel || !stay.to) continue;
      if (*stay.to != day(fall.at) && *stay.to != day(fall.at - Milliseconds{1})) continue;
      if (spent_.insert(&stay).second) return true;
    }
    return false;
  }

  Medium medium_of(const PointId& point) const {
    const auto found = estate_.points.find(point);
    return found == estate_.points.end() ? Medium::electricity : found->second.medium;
  }

  std::map<PointId, std::vector<Install>> imported_;
  Estate estate_;
  std::vector<Item> items_;
  std::set<const Install*> spent_;  // ends in imported_ that stand for a fall
};

}  // namespace

std::string_view word(LifeState state) {
  constexpr std::string_view words[] = {"applied", "agrees",   "explained", "rejected",
                                        "open",    "mismatch", "unassigned"};
  return words[static_cast<std::size_t>(state)];
}

Lived lived(Estate estate, std::span<const LifeEvent> events, std::span<const RegisterFall> falls) {
  return Life(std::move(estate), events).live(falls);
}

}  // namespace steward
