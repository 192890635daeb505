#pragma once
#include <cstdint>
#include <vector>

#include "drivers/decode/profile.hpp"
#include "drivers/line/wire_time.hpp"

namespace steward {

/// Which of a profile's channels are wanted, in any order, without repeats.
using ChannelSelection = std::vector<ChannelNo>;

/// Every channel of the profile.
ChannelSelection all_channels(const Profile& profile);

/// Where one channel lies in a planned read.
struct PlannedChannel {
  ChannelNo channel;
  std::uint16_t offset = 0;  // of its first word in the read's words; of an item: byte

  friend bool operator==(const PlannedChannel&, const PlannedChannel&) = default;
};

/// One request and the channels its reply carries, in address order.
struct PlannedRead {
  RegisterSpan span;
  std::vector<PlannedChannel> channels;

  friend bool operator==(const PlannedRead&, const PlannedRead&) = default;
};

/// What the wire takes, in microseconds: reading a gap is right as long as it
/// costs less than another request.
struct ReadCost {
  std::int64_t per_request_us = 0;  // request, reply's frame, silences, the device's own delay
  std::int64_t per_word_us = 0;     // each register in the reply
};

/// Of an RTU line: 8 + 5 characters and two silences per request, two characters
/// per register. turnaround_ms: what the device takes to think (10 is common).
ReadCost rtu_read_cost(const LineFormat& format, std::int64_t turnaround_ms = 10);
/// Of a serial line in any protocol. DL/T 645: 4 waking bytes, 12 of frame and 4 of identifier
/// each way, the data, a device that thinks for 20 ms at least; CJ/T 188: 2, 13 and 3.
ReadCost line_read_cost(Protocol protocol, const LineFormat& format);
/// Of Modbus TCP: a round trip per request, registers nearly free.
ReadCost tcp_read_cost();

/// The cheapest set of requests that reads the selection.
///
/// Of an item meter: one per item that has a selected channel. Of registers:
/// every selected channel lies whole in exactly one read; selected channels of one
/// group lie in one read; no read is longer than the profile's max_span, contains
/// a forbidden register, or mixes holding and input registers. Among the cheapest,
/// the one with the fewest requests, then with the earliest cuts: the same input gives the same plan.
/// The profile was read by `read_profile`, so that a plan exists (asserted).
/// Pure. Thread: any.
std::vector<PlannedRead> plan_reads(const Profile& profile, const ChannelSelection& selection,
                                    const ReadCost& cost);
/// The same, with the cost of the line the profile hints at.
std::vector<PlannedRead> plan_reads(const Profile& profile, const ChannelSelection& selection);

}  // namespace steward
