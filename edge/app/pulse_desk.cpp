#include "edge/app/pulse_desk.hpp"

#include <algorithm>
#include <cassert>

#include "contract/text/doubt_text.hpp"
#include "contract/text/instant_text.hpp"
#include "drivers/pulse/pulse_record_text.hpp"
#include "edge/commission/compare_display.hpp"

namespace steward {
namespace {

std::string mark_name(const BusId& bus, UnitAddress unit) {
  return "pulse/" + bus.text + "/" + std::to_string(unit.value);
}

GpioLine line_of(const PulseInputSetup& input) {
  GpioLine line;
  line.chip = input.chip;
  line.line = input.line;
  line.active_low = input.active_low;
  line.bias = static_cast<InputBias>(input.bias);
  return line;
}

constexpr const char* next_step =
    "; next: read its dial, then `steward-edge pulse base METER --display VALUE` / "
    "请读取表盘示数后执行 steward-edge pulse base";

}  // namespace

Result<KeptPulses> read_kept_pulses(Outbox& outbox, const SiteSetup& setup) {
  KeptPulses kept;
  for (const auto& bus : setup.buses) {
    for (const auto& input : bus.inputs) {
      const UnitAddress unit{input.unit};
      const auto text = outbox.mark(mark_name(bus.bus, unit));
      if (!text) return text.error();
      if (text->empty()) continue;
      auto record = read_pulse_record(*text);
      if (!record)
        return Error{Fault::broken, "unit " + std::to_string(unit.value) + " of bus " + bus.bus.text + ": " +
                                        record.error().message};
      kept.emplace(std::pair{bus.bus, unit}, std::move(*record));
    }
  }
  return kept;
}

/// One bus's way to disk and to the events.
class PulseDesk::Host final : public PulseHost {
 public:
  Host(PulseDesk& desk, BusId bus) : desk_(desk), bus_(std::move(bus)) {}

  void save(UnitAddress unit, const PulseRecord& record) override {
    Batch batch;
    batch.stream = Stream::events;
    batch.records = std::vector<EdgeEvent>{};
    batch.stamp = desk_.stamp_();
    batch.marks = {{mark_name(bus_, unit), pulse_record_text(record)}};
    // While the disk is stuck this waits in memory, and the reading behind it.
    desk_.store_.keep({std::move(batch)}, [](Result<void>) {});
  }
  void missed(UnitAddress unit, Instant since, const std::string& why) override {
    const auto& meters = desk_.site_.setup.meters;
    const auto meter = std::find_if(meters.begin(), meters.end(), [&](const MeterSetup& candidate) {
      return candidate.bus == bus_ && candidate.unit == unit;
    });
    if (meter == meters.end()) return;  // an input without a meter in the list
    desk_.say_({desk_.clock_.now(), "pulses_missed", meter->meter.text,
                doubt_detail({since, std::nullopt, why + next_step})});
  }

 private:
  PulseDesk& desk_;
  BusId bus_;
};

PulseDesk::PulseDesk(Loop& loop, const Clock& clock, StoreThread& store, const LoadedSite& site,
                     KeptPulses kept, std::function<ClockStamp()> stamp, Say say)
    : loop_(loop),
      clock_(clock),
      store_(store),
      site_(site),
      kept_(std::move(kept)),
      stamp_(std::move(stamp)),
      say_(std::move(say)) {}

PulseDesk::~PulseDesk() = default;

std::unique_ptr<RegisterBus> PulseDesk::make(const BusSetup& bus) {
  auto& host = hosts_[bus.bus];
  host = std::make_unique<Host>(*this, bus.bus);
  std::vector<PulseUnitSetup> units;
  for (const auto& input : bus.inputs) {
    PulseUnitSetup unit;
    unit.unit = UnitAddress{input.unit};
    unit.open = [this, line = line_of(input)] { return open_gpio(loop_, line); };
    unit.per_pulse = {input.per_pulse[0], input.per_pulse[1]};
    unit.debounce = Milliseconds(input.debounce_ms);
    const auto found = kept_.find({bus.bus, unit.unit});
    if (found != kept_.end()) unit.kept = found->second;
    units.push_back(std::move(unit));
  }
  auto made = std::make_unique<PulseBus>(loop_, clock_, std::move(units), *host);
  buses_[bus.bus] = made.get();
  return made;
}

std::vector<Awaitable<void>> PulseDesk::runs() {
  std::vector<Awaitable<void>> all;
  for (auto& [name, bus] : buses_) {
    for (auto& run : bus->runs()) all.push_back(std::move(run));
  }
  return all;
}

void PulseDesk::stop() {
  for (auto& [name, bus] : buses_) bus->stop();
}

const MeterSetup* PulseDesk::find(const MeterId& meter) const {
  const auto& meters = site_.setup.meters;
  const auto found = std::find_if(meters.begin(), meters.end(), [&](const MeterSetup& candidate) {
    return candidate.meter == meter && buses_.contains(candidate.bus);
  });
  return found == meters.end() ? nullptr : &*found;
}

bool PulseDesk::has(const MeterId& meter) const { return find(meter) != nullptr; }

Result<Json> PulseDesk::set_base(const PulseBaseRequest& request) {
  const auto* meter = find(request.meter);
  if (meter == nullptr)
    return Error{Fault::refused, "no meter \"" + request.meter.text +
                                     "\" of a pulse bus is in the meter list / 表清单中没有脉冲表 \"" +
                                     request.meter.text + "\""};
  const auto profile = site_.profiles.find(meter->profile);
  assert(profile != site_.profiles.end());
  const auto billed =
      std::find_if(profile->second.channels.begin(), profile->second.channels.end(), is_billed);
  if (billed == profile->second.channels.end())
    return Error{Fault::refused, "the profile " + meter->profile.text + " has no energy_import or volume"};
  const auto display = read_display(request.display, billed->unit);
  if (!display) return display.error();
  if (display->value < 0) return Error{Fault::malformed, "a dial shows nothing below 0 / 表盘示数不能为负"};
  auto before = buses_.at(meter->bus)->set_base(meter->unit, display->value, request.by);
  if (!before) return before.error();
  const auto now = clock_.now();
  const auto unit = std::string(billed->unit == ChannelUnit::wh ? " Wh" : " L");
  say_({now, "pulse_base", meter->meter.text,
        "the dial showed " + request.display + " (" + std::to_string(display->value) + unit + ") at " +
            instant_text(now) + ", read by " + request.by +
            (*before ? "; the counter stood at " + std::to_string(**before) + unit
                     : "; it had no base before")});
  auto answer = Json::object();
  answer.set("outcome", "base set").set("meter", meter->meter.text).set("value", display->value);
  if (*before) answer.set("before", **before).set("difference", display->value - **before);
  return answer;
}

}  // namespace steward
