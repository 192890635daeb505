#include "edge/app/backfill_desk.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "edge/app/log_marks.hpp"
#include "edge/app/quantity_text.hpp"

namespace steward {
namespace {

constexpr unsigned most_tries = 3;
constexpr std::chrono::days usual_look_back{7};
constexpr std::chrono::seconds ask_patience{30};  // several quarantines of 3 s
constexpr Milliseconds glance{100};

/// One caller at a time asks the meters.
class AtWork {
 public:
  explicit AtWork(bool& flag) : flag_(flag) { flag_ = true; }
  ~AtWork() { flag_ = false; }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  bool& flag_;
};

}  // namespace

BackfillDesk::BackfillDesk(RecordWriter& writer, const Clock& clock, const SiteSetup& setup,
                           const Profiles& profiles, GapBook gaps)
    : writer_(writer), clock_(clock), setup_(setup), gaps_(std::move(gaps)) {
  rules_.utc_offset = std::chrono::minutes(setup.rounds.utc_offset_minutes);
  for (std::size_t at = 0; at < setup.meters.size(); ++at) {
    const auto profile = profiles.find(setup.meters[at].profile);
    profile_of_.push_back(profile == profiles.end() ? nullptr : &profile->second);
    number_of_[setup.meters[at].meter.text] = MeterNo{static_cast<std::uint16_t>(at)};
  }
}

void BackfillDesk::add(RegisterBus& bus, const BusPlan& plan) {
  for (const auto& meter : plan.meters)
    if (!meter.frozen.empty()) meters_.push_back({&bus, meter, {}, 0});
}

void BackfillDesk::reading(Stream stream, Reading reading) {
  const auto* profile =
      reading.meter_no.value < profile_of_.size() ? profile_of_[reading.meter_no.value] : nullptr;
  const bool counts = stream == Stream::readings && reading.quality == Quality::good && profile != nullptr &&
                      reading.channel_no.value < profile->channels.size() &&
                      is_billed(profile->channels[reading.channel_no.value]);
  if (counts) gaps_.read(reading.meter_no, reading.channel_no, {reading.value, reading.taken_at});
  writer_.reading(stream, std::move(reading));
}

void BackfillDesk::closing(Closing closing) {
  const auto number = number_of_.find(closing.meter.text);
  const auto* profile = number == number_of_.end() ? nullptr : profile_of_[number->second.value];
  const auto* channel = profile == nullptr ? nullptr : profile->channel(closing.channel);
  if (channel != nullptr && closing.quality == Quality::good)
    gaps_.closed(number->second, channel->no, closing.round_at);
  writer_.closing(std::move(closing));
}

Awaitable<void> BackfillDesk::run(std::function<bool()> go_on) {
  if (at_work_) co_return;  // a technician's question; the next round's gap serves as well
  const AtWork at_work(at_work_);
  for (auto& meter : meters_) {
    auto wish = gaps_.wish(meter.plan.meter_no);
    if (!wish || !go_on()) continue;
    co_await fill(meter, std::move(*wish), go_on);
  }
}

Awaitable<BackfillReport> BackfillDesk::fetch(Meter& meter, const BackfillWish& wish,
                                              const std::function<bool()>& go_on, const Give& also) {
  const Give give = [&](FrozenReading one) {
    also(one);
    writer_.frozen(std::move(one));
  };
  auto report = co_await backfill(*meter.bus, clock_, meter.plan, wish, rules_, go_on, meter.unserved, give);
  co_return report;
}

Awaitable<void> BackfillDesk::fill(Meter& meter, BackfillWish wish, const std::function<bool()>& go_on) {
  const Give nobody_else = [](FrozenReading) {};
  const auto known = meter.unserved.size();
  const auto report = co_await fetch(meter, wish, go_on, nobody_else);
  // What it says it does not have is passed over the next time: that was no vain try.
  if (!report.whole && meter.unserved.size() > known) co_return;
  if (!report.whole && ++meter.tries < most_tries) co_return;
  meter.tries = 0;
  gaps_.asked(meter.plan.meter_no);
  if (!report.whole) {
    say(meter, "backfill_failed", "what it kept of an outage could not be read: " + report.why);
  } else {
    say(meter, "backfilled",
        std::to_string(report.given) + " values it kept of an outage were read, " +
            std::to_string(report.suspect) + " of them doubtful; no bill stands on one by itself");
  }
}

/// The event, what was given and that it was asked are committed together.
void BackfillDesk::say(const Meter& meter, std::string kind, std::string detail) {
  const auto now = clock_.now();
  const auto& place = setup_.meters[meter.plan.meter_no.value];
  writer_.event({now, std::move(kind), meter.plan.meter.text, std::move(detail)},
                {word_mark(WordKind::backfilled, place, {meter.plan.meter, now, std::nullopt})});
}

BackfillDesk::Meter* BackfillDesk::find(const MeterId& meter, Error& wrong) {
  const auto found =
      std::find_if(meters_.begin(), meters_.end(), [&](const Meter& one) { return one.plan.meter == meter; });
  if (found != meters_.end()) return &*found;
  std::string names;
  for (const auto& one : meters_) {
    if (names.size() > 400) break;
    names += (names.empty() ? "" : ", ") + one.plan.meter.text;
  }
  const bool listed = number_of_.contains(meter.text);
  wrong = {Fault::refused, (listed ? "meter \"" + meter.text + "\" keeps nothing that its profile knows of"
                                   : "the meter list has no meter \"" + meter.text + "\"") +
                               (names.empty() ? std::string("; no meter of this gateway does")
                                              : "; those that keep totals are " + names) +
                               (listed ? " / 该表的表型没有可补抄的冻结数据" : " / 表清单中没有该表") +
                               (names.empty() ? std::string() : "；可补抄的表：" + names)};
  return nullptr;
}

Json BackfillDesk::told(const Meter& meter, const FrozenReading& reading) const {
  const auto& channel = meter.plan.profile->channels[reading.channel_no.value];
  auto json = Json::object().set("freeze", word(reading.freeze));
  json.set("at",
           instant_text(instant_from_ms(std::max<std::int64_t>(reading.frozen_at_ms, 0))).substr(0, 16));
  json.set("channel", channel.name).set("value", shown(reading.value, channel.unit));
  json.set("unit", shown_unit(channel.unit)).set("quality", word(reading.quality));
  return json.set("reason", word(reading.reason));
}

Awaitable<Result<Json>> BackfillDesk::ask(BackfillRequest request, std::function<bool()> go_on) {
  Error wrong;
  auto* const meter = find(request.meter, wrong);
  if (meter == nullptr) co_return wrong;
  if (at_work_)
    co_return Error{Fault::retry, "a back-fill is under way; ask again in a moment / 正在补抄，请稍后再试"};
  const AtWork at_work(at_work_);
  const auto number = meter->plan.meter_no;
  auto from = clock_.now() - usual_look_back;
  if (const auto missing = gaps_.wish(number)) from = missing->from;
  if (request.from)
    from = Instant(std::chrono::sys_days(*request.from).time_since_epoch()) - rules_.utc_offset;
  std::vector<FrozenReading> given;
  const Give note = [&](FrozenReading one) { given.push_back(std::move(one)); };
  const auto wish = gaps_.wish_from(number, from);
  const auto until = clock_.ticks() + ask_patience;
  auto report = co_await fetch(*meter, wish, go_on, note);
  // In quarantine, or refused an item it does not have: it is asked again when it may be.
  while (!report.whole && go_on() && clock_.ticks() < until) {
    const auto status = meter->bus->status(meter->plan.unit);
    if (status.standing == Standing::clean) break;
    co_await pause(glance);
    if (status.ready_at <= clock_.ticks()) report = co_await fetch(*meter, wish, go_on, note);
  }
  if (!report.whole)
    co_return Error{Fault::retry, "meter \"" + request.meter.text + "\" gave nothing: " + report.why +
                                      " / 该表未能补抄：" + report.why};
  say(*meter, "backfilled",
      std::to_string(report.given) + " values it kept were read for a technician, " +
          std::to_string(report.suspect) + " of them doubtful; no bill stands on one by itself");
  gaps_.asked(number);
  auto values = Json::array();
  const auto first = given.size() > most_told ? given.size() - most_told : 0;
  for (std::size_t at = first; at < given.size(); ++at) values.push(told(*meter, given[at]));
  co_return Json::object()
      .set("meter", request.meter.text)
      .set("from", instant_text(from))
      .set("given", std::int64_t{report.given})
      .set("doubtful", std::int64_t{report.suspect})
      .set("empty", std::int64_t{report.empty})
      .set("values", std::move(values));
}

}  // namespace steward
