#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/bus/dictionary.hpp"
#include "drivers/modbus/plan.hpp"

namespace steward {

/// What a doubtful unit is asked before it is believed again: two requests for one start,
/// whose byte counts no data read has, so that neither can be answered by a late reply to one.
struct ProbePlan {
  std::array<RegisterSpan, 2> spans{};  // P0, P1
  std::optional<SerialField> serial;    // lies whole in both; nothing: answers, but proves no identity
  bool from_profile = false;            // false: a canary the planner found
  bool distinct = true;  // false: the device left no two counts; nothing of it is billing grade
};

/// Why a block is not what it should be.
enum class Weakness : std::uint8_t {
  no_count,      // every byte count it could have belongs to another: it is not read at all
  no_alternate,  // read, but has no second count for consecutive requests: the time of its
                 // values cannot be proven, they are never billing grade
};

/// Registers the planner could not give what the guard needs.
struct WeakBlock {
  RegisterSpan span;  // what the channels need
  std::vector<ChannelNo> channels;
  Weakness why = Weakness::no_count;
};

/// A read and where in it something lies: registers count words, items bytes.
struct PlacedRead {
  RegisterSpan span;
  std::uint16_t offset = 0;

  friend bool operator==(const PlacedRead&, const PlacedRead&) = default;
};

/// One block that the meter froze: what a back-fill asks for.
struct FrozenRead {
  std::size_t list = 0;   // of the profile's `frozen`
  std::size_t entry = 0;  // 0: the first; of items the newest
  RegisterSpan span;
  std::optional<RegisterSpan> time;  // its instant, where that is an item of its own

  friend bool operator==(const FrozenRead&, const FrozenRead&) = default;
};

/// All that is ever asked of one unit.
struct UnitPlan {
  Dictionary dictionary;                        // every span below, and the alternates
  ProbePlan probe;                              // both spans are in the dictionary
  std::vector<std::vector<PlannedRead>> reads;  // one list per selection, address order
  std::vector<WeakBlock> weak;
  std::optional<PlacedRead> clock;  // the meter's own, where it is served
  std::vector<FrozenRead> frozen;   // of each list in order; what the dictionary had room for
  std::int64_t wire_us = 0;         // of all lists once, as the cost model counts
  std::int64_t ideal_us = 0;        // of the same if every count were free: no plan is shorter

  /// Whether the alternates and the proof hold for this channel.
  bool strong(ChannelNo channel) const;
};

/// The cheapest requests for several selections of one unit's channels, under the rule
/// that within the unit each (function, byte count) belongs to one start address.
///
/// As `plan_reads`, and: counts are multiples of the profile's count_step; a read is
/// padded (never into forbidden registers, never beyond max_span, at the front only
/// where the end cannot grow or leaves the profile's map) or moved to the twin function
/// (double_fc) until its tag is its own over all lists and the probe. Blocks alone in
/// their list, then those a bill stands on, then the others get a second, longer count
/// for the same start, so that consecutive requests can differ. Consecutive reads of a
/// list, its last and first included, have different tags or such an alternate.
///
/// Ways to cut are tried in order of unpadded wire time, each matched with the cheapest
/// tags, until no other way can be cheaper (then the plan is the optimum) or 200 ways
/// were tried; tests hold it within 1.05 x of the optimum on small maps.
///
/// A meter of items is planned by `plan_items`. What it froze comes last (`plan_history`).
///
/// selections: at most 8, each without repeats. Same input, same plan. Pure. Thread: any.
UnitPlan plan_unit(const Profile& profile, const std::vector<ChannelSelection>& selections,
                   const ReadCost& cost);

}  // namespace steward
