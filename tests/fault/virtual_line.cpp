#include "tests/fault/virtual_line.hpp"

#include <algorithm>
#include <bit>

namespace steward::fault {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds foreign_every = 20s;

std::chrono::nanoseconds wire_time(std::size_t bytes) {
  return characters(VirtualLine::format, static_cast<std::int64_t>(bytes));
}

}  // namespace

VirtualLine::VirtualLine(std::vector<Device>& devices, const Faults& faults, std::uint64_t seed, bool parity)
    : devices_(devices),
      faults_(faults),
      parity_(parity),
      dice_(seed),
      foreign_at_(now_ + foreign_every),
      states_(devices.size(), State{now_, now_, {}, false, {}, now_}) {}

bool VirtualLine::strikes(int per_mille) {
  if (!dice_.rolls(per_mille)) return false;
  ++faults_done_;
  return true;
}

Result<void> VirtualLine::send(ByteView bytes) {
  const Ticks left = now_ + wire_time(bytes.size());
  if (faults_.echo) launch(all, Bytes(bytes.begin(), bytes.end()), now_);
  if (strikes(faults_.stalls)) stalled_until_ = left + dice_.between(0ns, faults_.stall_most);
  deliver_request(Bytes(bytes.begin(), bytes.end()), left);
  return {};
}

void VirtualLine::deliver_request(Bytes bytes, Ticks at) {
  if (strikes(faults_.request_lost)) return;
  bool garbled = strikes(faults_.request_garbled);
  if (garbled) {
    const Bytes whole = bytes;
    garble(bytes);
    garbled = bytes != whole;  // a 0 that is garbled may arrive as 0
  }
  if (faults_.twins != Twins::none && devices_[0].hears(bytes)) return twins_answer(bytes, at, garbled);
  for (std::size_t device = 0; device < devices_.size(); ++device) {
    State& state = states_[device];
    if (!devices_[device].hears(bytes) || at < state.dead_until) continue;
    const Ticks read = at + dice_.between(5ms, 15ms);
    if (strikes(faults_.reboots)) {
      state.dead_until = at + dice_.between(100ms, 5s);
      state.stale = !state.buffer.empty();
      continue;
    }
    if (state.stale) {
      state.stale = false;
      fly(device, state.buffer, at, read);
      if (dice_.rolls(500)) continue;  // instead of the right one
    }
    if (strikes(faults_.exceptions)) {
      state.last_refusal = read;
      reply(device, devices_[device].refuse(bytes, dice_.rolls(500) ? 6 : 2), at, read);
    } else {
      reply(device, devices_[device].answer(bytes, read, garbled), at, read);
    }
  }
}

void VirtualLine::twins_answer(ByteView request, Ticks asked, bool garbled) {
  const Ticks read = asked + dice_.between(5ms, 15ms);
  const bool first = faults_.twins != Twins::each_at_random || dice_.rolls(750);
  const bool second = faults_.twins == Twins::each_at_random ? dice_.rolls(750)
                      : faults_.twins == Twins::rarely       ? dice_.rolls(100)
                                                             : true;
  if (faults_.twins == Twins::one_at_random) {
    const std::size_t device = dice_.rolls(500) ? 0 : 1;
    return reply(device, devices_[device].answer(request, read, garbled), asked, read);
  }
  const bool collide = faults_.twins == Twins::collide_always || faults_.twins == Twins::each_at_random ||
                       (faults_.twins == Twins::collide && dice_.rolls(750));
  if (first && second && collide) {
    Bytes both = devices_[0].answer(request, read, garbled);
    const Bytes other = devices_[1].answer(request, read, garbled);
    for (std::size_t at = 0; at < std::min(both.size(), other.size()); ++at) both[at] &= other[at];
    garble(both);
    return launch(all, std::move(both), read);
  }
  if (first) reply(0, devices_[0].answer(request, read, garbled), asked, read);
  if (second) {
    const Ticks then = read + dice_.between(20ms, 90ms);
    reply(1, devices_[1].answer(request, read, garbled), asked, then);
  }
}

/// As many short delays as long ones: what a guard learns from most does not cover all.
std::chrono::nanoseconds VirtualLine::delay(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  return dice_.between(least, std::max(least, most / (std::int64_t{1} << dice_.below(6))));
}

/// A device has something to say: what becomes of it.
void VirtualLine::reply(std::size_t device, Bytes frame, Ticks asked, Ticks at) {
  State& state = states_[device];
  state.buffer = frame;
  if (faults_.adversary != Adversary::none) {
    if (strikes(100)) return;  // lost
    if (strikes(150)) state.held.push_back(frame);
    state.held.push_back(std::move(frame));
    release(device, at);
    return;
  }
  if (strikes(faults_.lost)) return;
  if (strikes(faults_.garbled)) garble(frame);
  if (strikes(faults_.forged) && frame.size() > 5) devices_[device].forge(frame, dice_);
  if (strikes(faults_.truncated)) frame.resize(dice_.place(frame.size()));
  if (frame.empty()) return;
  if (strikes(faults_.late)) at += delay(faults_.late_least, faults_.late_most);
  const int copies = strikes(faults_.doubled) ? 1 + static_cast<int>(dice_.below(2)) : 0;
  Bytes copy = copies > 0 ? frame : Bytes{};
  fly(device, std::move(frame), asked, at);
  for (int one = 0; one < copies; ++one) {
    at += delay(0ns, faults_.double_most);
    fly(device, copy, asked, at);
  }
}

/// The adversary lets go of none, one or all of what it holds, now or at a time of its liking.
void VirtualLine::release(std::size_t device, Ticks at) {
  auto& held = states_[device].held;
  const auto choice = dice_.below(100);
  std::size_t count = held.size();
  if (choice < 25) {
    count = 0;
  } else if (choice < 50) {
    count = 1;
  } else if (choice < 60) {
    at += dice_.between(0ns, 30s);
  }
  if (count < held.size() || held.size() > 1) ++faults_done_;
  for (; count > 0; --count) {
    const auto which = faults_.adversary == Adversary::shuffles ? dice_.below(held.size()) : 0;
    const auto one = held.begin() + static_cast<std::ptrdiff_t>(which);
    fly(device, std::move(*one), at, at);
    held.erase(one);
  }
}

void VirtualLine::fly(std::size_t device, Bytes frame, Ticks asked, Ticks start) {
  State& state = states_[device];
  if (faults_.in_order) start = std::max(start, state.last_start);
  const Ticks end = start + wire_time(frame.size());
  if (faults_.never_after > 0ns && end > asked + faults_.never_after) return;
  state.last_start = std::max(start, state.last_start);
  launch(static_cast<std::uint8_t>(device), std::move(frame), start);
}

void VirtualLine::launch(std::uint8_t device, Bytes bytes, Ticks start) {
  const auto later = [](const Flight& a, const Flight& b) {
    return a.start > b.start || (a.start == b.start && a.order > b.order);
  };
  if (faults_.pieces > 0 && bytes.size() > 1 && strikes(faults_.pieces)) {
    const auto cut = static_cast<std::ptrdiff_t>(1 + dice_.below(bytes.size() - 1));
    Bytes rest(bytes.begin() + cut, bytes.end());
    bytes.resize(static_cast<std::size_t>(cut));
    // The rest keeps its place in the order: nothing of this device comes between.
    const Ticks rest_at = start + wire_time(bytes.size()) + dice_.between(0ns, 20ms);
    if (device != all) states_[device].last_start = std::max(states_[device].last_start, rest_at);
    flights_.push_back({rest_at, launched_ + 1, device, std::move(rest)});
    std::push_heap(flights_.begin(), flights_.end(), later);
    flights_.push_back({start, launched_, device, std::move(bytes)});
    launched_ += 2;
  } else {
    flights_.push_back({start, launched_++, device, std::move(bytes)});
  }
  std::push_heap(flights_.begin(), flights_.end(), later);
}

void VirtualLine::garble(Bytes& bytes) {
  const Bytes whole = bytes;
  const auto how = dice_.below(3);
  if (how == 0) {  // some bits
    for (auto flips = 1 + dice_.below(8); flips > 0; --flips)
      bytes[dice_.place(bytes.size())] ^= static_cast<std::uint8_t>(1U << dice_.below(8));
  } else if (how == 1) {  // a run of bytes
    for (auto at = dice_.place(bytes.size()), end = at + 1 + dice_.place(6); at < std::min(end, bytes.size());
         ++at)
      bytes[at] = static_cast<std::uint8_t>(dice_.next());
  } else {  // all but what a receiver looks at first
    for (std::size_t at = bytes.size() > 8 ? 3 : 1; at < bytes.size(); ++at)
      bytes[at] = static_cast<std::uint8_t>(dice_.next());
  }
  if (bytes == whole) bytes[dice_.place(bytes.size())] ^= 0x10;
  if (!parity_) return;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (std::popcount(static_cast<unsigned>(bytes[at] ^ whole[at])) % 2 != 0) bytes[at] = 0;
  }
}

/// A second master asks one of the devices for registers of its own liking, and all hear it.
void VirtualLine::meet_foreign_master(Ticks until) {
  if (faults_.foreign == 0) return;
  while (foreign_at_ <= until) {
    const Ticks at = foreign_at_;
    foreign_at_ += dice_.between(foreign_every / 10, foreign_every);
    if (!strikes(faults_.foreign)) continue;
    const auto& device = devices_[dice_.place(devices_.size())];
    const auto first = static_cast<std::uint8_t>(dice_.below(20));
    Bytes request = device.asked_for(first, static_cast<std::uint8_t>(1 + dice_.below(16)));
    launch(all, request, at);
    const auto took = wire_time(request.size());
    deliver_request(std::move(request), at + took);
  }
}

VirtualLine::Flight VirtualLine::take() {
  std::pop_heap(flights_.begin(), flights_.end(), [](const Flight& a, const Flight& b) {
    return a.start > b.start || (a.start == b.start && a.order > b.order);
  });
  Flight flight = std::move(flights_.back());
  flights_.pop_back();
  return flight;
}

/// Bytes are handed over in frames, at the end of each, as adapters with a latency timer do;
/// after a stall all at once.
Result<bool> VirtualLine::receive(Bytes& into, Ticks deadline) {
  meet_foreign_master(deadline);
  if (flights_.empty()) {
    now_ = std::max(now_, deadline);
    return false;
  }
  const Flight& next = flights_.front();
  const Ticks begin = std::max({next.start, wire_free_, stalled_until_});
  const Ticks end = begin + wire_time(next.bytes.size());
  if (end > deadline && end > now_) {
    now_ = std::max(now_, deadline);
    return false;
  }
  const bool all_at_once = stalled_until_ > next.start;
  now_ = std::max(now_, end);
  wire_free_ = std::max(wire_free_, end);
  do {
    const Flight flight = take();
    into.insert(into.end(), flight.bytes.begin(), flight.bytes.end());
  } while (all_at_once && !flights_.empty() && flights_.front().start <= stalled_until_);
  return true;
}

void VirtualLine::pass(std::chrono::nanoseconds time, bool deaf) {
  const Ticks until = now_ + time;
  Bytes lost;
  while (deaf && *receive(lost, until)) lost.clear();
  now_ = std::max(now_, until);
}

}  // namespace steward::fault
