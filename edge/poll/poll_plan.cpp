#include "edge/poll/poll_plan.hpp"

#include <algorithm>
#include <cassert>
#include <map>

namespace steward {
namespace {

ReadCost cost_on(const BusSetup& bus, Protocol protocol) {
  // Behind a gateway or a device server the line is what costs, at the rate most are set to.
  if (bus.kind == BusKind::modbus_tcp && bus.tcp.path == TcpPath::native) return tcp_read_cost();
  LineFormat format;
  format.baud = bus.line.baud;
  return line_read_cost(protocol, format);
}

ChannelSelection billed_channels(const Profile& profile) {
  ChannelSelection wanted;
  for (const auto& channel : profile.channels) {
    if (is_billed(channel)) wanted.push_back(channel.no);
  }
  return wanted;
}

/// What is billed and the ratios that the cloud multiplies it by.
ChannelSelection closing_channels(const Profile& profile) {
  auto wanted = billed_channels(profile);
  for (const auto& channel : profile.channels) {
    const bool scales =
        std::any_of(profile.channels.begin(), profile.channels.end(), [&](const auto& billed) {
          return is_billed(billed) &&
                 std::find(billed.times.begin(), billed.times.end(), channel.name) != billed.times.end();
        });
    if (scales && !is_billed(channel)) wanted.push_back(channel.no);
  }
  std::sort(wanted.begin(), wanted.end());
  return wanted;
}

}  // namespace

bool is_billed(const ProfileChannel& channel) {
  return (channel.name == "energy_import" && channel.unit == ChannelUnit::wh) ||
         (channel.name == "volume" && channel.unit == ChannelUnit::litre);
}

Stream stream_of(const ProfileChannel& channel) {
  const bool billing_grade = channel.cumulative || is_billed(channel) || channel.unit == ChannelUnit::ratio;
  return billing_grade ? Stream::readings : Stream::telemetry;
}

void take_unit_plan(MeterPlan& meter, UnitPlan plan) {
  assert(plan.reads.size() == 3);
  meter.round_reads = std::move(plan.reads[0]);
  meter.closing_reads = std::move(plan.reads[1]);
  meter.live_reads = std::move(plan.reads[2]);
  meter.dictionary = std::move(plan.dictionary);
  meter.probe = plan.probe;
  meter.clock = plan.clock;
  meter.frozen = std::move(plan.frozen);
  meter.weak.clear();
  for (const auto& channel : meter.profile->channels) {
    if (!plan.strong(channel.no) || !plan.probe.distinct) meter.weak.push_back(channel.no);
  }
}

UnitPlan unit_plan_of(const MeterPlan& meter) {
  UnitPlan plan;
  plan.dictionary = meter.dictionary;
  plan.probe = meter.probe;
  plan.clock = meter.clock;
  plan.frozen = meter.frozen;
  plan.reads = {meter.round_reads, meter.closing_reads, meter.live_reads};
  for (const auto channel : meter.weak) plan.weak.push_back({{}, {channel}, Weakness::no_alternate});
  return plan;
}

std::vector<BusPlan> plan_polls(const SiteSetup& setup, const Profiles& profiles) {
  std::vector<BusPlan> plans;
  const bool all = setup.rounds.channels == RoundChannels::all;
  for (const auto& bus : setup.buses) {
    BusPlan plan{bus.bus, {}};
    std::map<ProfileId, UnitPlan> units;  // meters of one model on one bus are asked alike
    for (std::size_t at = 0; at < setup.meters.size(); ++at) {
      const auto& meter = setup.meters[at];
      if (meter.bus != bus.bus) continue;
      const auto found = profiles.find(meter.profile);
      assert(found != profiles.end());
      const auto& profile = found->second;
      auto unit = units.find(profile.id);
      if (unit == units.end()) {
        const auto billed = billed_channels(profile);
        // A meter that is not billed at all is read for what it has.
        const bool whole = all || billed.empty();
        const auto every = whole ? all_channels(profile) : billed;
        const auto closing = whole ? every : closing_channels(profile);
        const auto live = setup.rounds.live ? all_channels(profile) : ChannelSelection{};
        const auto cost = cost_on(bus, profile.protocol);
        unit = units.emplace(profile.id, plan_unit(profile, {every, closing, live}, cost)).first;
      }
      MeterPlan planned;
      planned.meter_no = MeterNo{static_cast<std::uint16_t>(at)};
      planned.meter = meter.meter;
      planned.unit = meter.unit;
      planned.profile = &profile;
      planned.serial = meter.serial;
      take_unit_plan(planned, unit->second);
      plan.meters.push_back(std::move(planned));
    }
    if (!plan.meters.empty()) plans.push_back(std::move(plan));
  }
  return plans;
}

bool polls_telemetry(const std::vector<BusPlan>& plans) {
  const auto gives = [](const MeterPlan& meter) {
    const auto& reads = meter.live_reads.empty() ? meter.round_reads : meter.live_reads;
    return std::any_of(reads.begin(), reads.end(), [&](const PlannedRead& read) {
      return std::any_of(read.channels.begin(), read.channels.end(), [&](const auto& planned) {
        return stream_of(meter.profile->channels[planned.channel.value]) == Stream::telemetry;
      });
    });
  };
  return std::any_of(plans.begin(), plans.end(), [&](const BusPlan& plan) {
    return std::any_of(plan.meters.begin(), plan.meters.end(), gives);
  });
}

std::vector<CatalogueEntry> catalogue_of(const SiteSetup& setup, const Profiles& profiles) {
  std::vector<CatalogueEntry> entries;
  for (std::size_t at = 0; at < setup.meters.size(); ++at) {
    const auto& meter = setup.meters[at];
    const auto profile = profiles.find(meter.profile);
    assert(profile != profiles.end());
    CatalogueEntry entry{
        MeterNo{static_cast<std::uint16_t>(at)}, meter.meter, meter.profile, profile->second.hash, {}};
    for (const auto& channel : profile->second.channels) entry.channels.push_back(catalogue_channel(channel));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace steward
