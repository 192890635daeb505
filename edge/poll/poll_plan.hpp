#pragma once
#include <map>
#include <optional>
#include <vector>

#include "contract/nouns/log.hpp"
#include "drivers/modbus/unit_plan.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

using Profiles = std::map<ProfileId, Profile>;

/// What is asked of one meter, worked out once at start.
struct MeterPlan {
  MeterNo meter_no;  // place in the meter list
  MeterId meter;
  UnitAddress unit;
  const Profile* profile = nullptr;
  std::vector<PlannedRead> round_reads;    // of every round
  std::vector<PlannedRead> closing_reads;  // of a round that also closes
  std::vector<PlannedRead> live_reads;     // between rounds; empty: not asked for
  Dictionary dictionary;                   // what its replies' byte counts mean
  ProbePlan probe;                         // how it is asked who it is
  std::optional<PlacedRead> clock;         // its own, for a back-fill
  std::vector<FrozenRead> frozen;          // what it kept, for a back-fill
  std::vector<ChannelNo> weak;             // channels no bill may stand on: no byte count of their own
  std::string serial;                      // as it reports it, where the list says so; else empty
};

/// One bus's share of a round: its meters in list order, asked one after the other.
struct BusPlan {
  BusId bus;
  std::vector<MeterPlan> meters;
};

/// Is it billed: energy_import in Wh, or volume in litres. These get closing records.
bool is_billed(const ProfileChannel& channel);

/// The log a channel's readings belong to: what is billed or scales a bill is
/// billing grade (readings); a voltage is telemetry.
Stream stream_of(const ProfileChannel& channel);

/// Lets `plan`'s reads and probe take the place of the meter's own.
void take_unit_plan(MeterPlan& meter, UnitPlan plan);
/// The same as one plan again: what the guard's book is held against.
UnitPlan unit_plan_of(const MeterPlan& meter);

/// One plan per bus that has meters. `setup` was checked against `profiles`,
/// whose entries the plans point into. Pure.
std::vector<BusPlan> plan_polls(const SiteSetup& setup, const Profiles& profiles);

/// Does a round of these plans give the telemetry log readings, so that it needs the catalogue? Pure.
bool polls_telemetry(const std::vector<BusPlan>& plans);

/// What each meter_no means, in list order. Pure.
std::vector<CatalogueEntry> catalogue_of(const SiteSetup& setup, const Profiles& profiles);

}  // namespace steward
