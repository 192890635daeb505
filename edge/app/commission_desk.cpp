#include "edge/app/commission_desk.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "edge/app/quantity_text.hpp"
#include "edge/commission/compare_display.hpp"
#include "edge/commission/trace_reader.hpp"

namespace steward {
namespace {

constexpr Milliseconds trace_pace{50};
constexpr Milliseconds quiet_pace{5'000};
/// What USB adapters hold a frame's bytes back for; T3.5 is shorter from 1200 baud on.
constexpr std::chrono::milliseconds adapter_gap{40};

/// Ends the listening with the verb, however that ends.
class Listening {
 public:
  explicit Listening(std::shared_ptr<LineTap> tap) : tap_(std::move(tap)) {}
  ~Listening() { tap_->leave(); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  std::shared_ptr<LineTap> tap_;
};

Json line_json(const TraceLine& line, Instant at) {
  auto json = Json::object().set("at", instant_text(at)).set("kind", word(line.kind)).set("unit", line.unit);
  json.set("after_ms", std::int64_t{line.after.count()}).set("en", line.en).set("zh", line.zh);
  return json.set("hex", hex_text(line.bytes, 256));
}

std::string_view word(Agreement agreement) {
  switch (agreement) {
    case Agreement::agrees: return "accepted";
    case Agreement::differs: return "differs";
    case Agreement::inconclusive: break;
  }
  return "inconclusive";
}

std::vector<NamedValue> named(const std::vector<std::pair<std::string, std::int64_t>>& values) {
  std::vector<NamedValue> named;
  for (const auto& [name, value] : values) named.push_back({name, value});
  return named;
}

}  // namespace

CommissionDesk::CommissionDesk(const Clock& clock, RoundRunner& rounds, const Profiles& profiles,
                               std::map<BusId, DeskBus> buses, std::function<Instant()> next_round,
                               Milliseconds every)
    : clock_(clock),
      rounds_(rounds),
      profiles_(profiles),
      buses_(std::move(buses)),
      next_round_(std::move(next_round)),
      every_(every) {}

Result<DeskBus*> CommissionDesk::find(const BusId& line) {
  const auto at = buses_.find(line);
  if (at != buses_.end()) return &at->second;
  std::string names;
  for (const auto& [name, bus] : buses_) names += (names.empty() ? "" : ", ") + name.text;
  return Error{Fault::refused, "there is no line \"" + line.text + "\"; the config has " + names +
                                   " / 没有总线 \"" + line.text + "\"；配置中有 " + names};
}

CommissionDesk::Answer CommissionDesk::trace(TraceRequest request, Back back) {
  const auto found = find(request.line);
  if (!found) co_return found.error();
  const auto& bus = **found;
  if (!bus.tap->listen())
    co_return Error{Fault::refused, "somebody traces this line already / 已有人在跟踪该总线"};
  const Listening listening(bus.tap);
  const bool mbap = bus.setup->kind == BusKind::modbus_tcp;
  LineFormat format;
  format.baud = bus.setup->line.baud;
  const auto gap = std::max<std::chrono::nanoseconds>(adapter_gap, frame_silence(format));
  TraceReader reader(mbap ? TraceFraming::mbap : TraceFraming::line, gap,
                     Milliseconds(bus.setup->timeout_ms));
  const auto until = clock_.ticks() + std::chrono::seconds(request.seconds);
  auto last = clock_.ticks();
  std::int64_t lines = 0;
  back->say(Json::object().set("progress", "tracing").set("line", request.line.text));
  while (!back->cancelled() && clock_.ticks() < until) {
    for (const auto& piece : bus.tap->take()) reader.take(piece);
    const auto now = clock_.ticks();
    for (const auto& line : reader.lines(now)) {
      back->say(line_json(line, clock_.now() - std::chrono::duration_cast<Milliseconds>(now - line.at)));
      ++lines;
      last = now;
    }
    if (now - last >= quiet_pace) {
      back->say(Json::object().set("progress", "quiet"));
      last = now;
    }
    co_await back->rest(trace_pace);
  }
  co_return Json::object().set("lines", lines).set("missed", static_cast<std::int64_t>(bus.tap->missed()));
}

CommissionDesk::Answer CommissionDesk::verify(VerifyRequest request) {
  const auto asked = co_await rounds_.ask_now(request.meter, request.channel);
  if (!asked) co_return asked.error();
  const auto& channel = *asked->channel;
  const auto display = read_display(request.display, channel.unit);
  if (!display)
    co_return Error{Fault::malformed, "\"" + request.display + "\": " + display.error().message +
                                          " / 不是表上的显示值：数字，最多一个小数点和三位小数"};
  const Surroundings around{named(asked->channels), named(asked->meters), asked->ratios, 0};
  const auto comparison = compare_display(channel, asked->words, *display, around);
  auto json = Json::object();
  json.set("outcome", word(comparison.agreement)).set("meter", request.meter.text);
  json.set("channel", channel.name).set("unit", shown_unit(channel.unit));
  json.set("display", request.display).set("read", shown(comparison.read, channel.unit));
  json.set("taken_at", instant_text(asked->taken_at)).set("profile", asked->meter->profile->id.text);
  auto suspicions = Json::array();
  for (const auto& one : comparison.suspicions)
    suspicions.push(Json::object().set("mistake", word(one.mistake)).set("en", one.en).set("zh", one.zh));
  co_return json.set("suspicions", std::move(suspicions));
}

}  // namespace steward
