#include "tests/fault/schedule.hpp"

namespace steward::fault {
namespace {

using namespace std::chrono_literals;

/// The mix that everything else comes on top of: 10 % late, 2 % lost, 1 % garbled.
Faults mix(std::chrono::nanoseconds late_most) {
  Faults faults;
  faults.late = 100;
  faults.late_least = 300ms;
  faults.late_most = late_most;
  faults.lost = 15;
  faults.request_lost = 5;
  faults.garbled = 10;
  return faults;
}

template <class Change>
Schedule with(std::string name, Faults faults, Change change) {
  Schedule schedule;
  schedule.name = std::move(name);
  schedule.faults = faults;
  change(schedule);
  return schedule;
}

void add_delays(std::vector<Schedule>& all) {
  all.push_back(with("F1 late within D", mix(2500ms), [](Schedule& s) { s.accepted_at_least = 70; }));
  all.push_back(with("F1r late within D, reordered, one reply each", mix(2700ms), [](Schedule& s) {
    s.faults.in_order = false;
    s.faults.never_after = 2700ms;
    s.accepted_at_least = 70;
  }));
  all.push_back(with("F1e late to the edge of D, reordered", mix(2700ms), [](Schedule& s) {
    s.faults.in_order = false;
    s.faults.late_least = 2600ms;
    s.faults.never_after = 2700ms;
    s.quarantine = 2700ms + 300ms;
    s.accepted_at_least = 70;
  }));
  all.push_back(with("F2 late up to 10 D", mix(30s), [](Schedule& s) { s.accepted_at_least = 70; }));
  all.push_back(with("F2+ late up to 1000 D", mix(3000s), [](Schedule&) {}));
  all.push_back(with("F3 late up to 10 D, reordered", mix(30s), [](Schedule& s) {
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(with("F4 doubled", mix(2500ms), [](Schedule& s) {
    s.faults.doubled = 100;
    s.faults.double_most = 500ms;
  }));
  all.push_back(with("F5 doubled up to 10 D, reordered", mix(2500ms), [](Schedule& s) {
    s.faults.doubled = 100;
    s.faults.double_most = 30s;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(with("F3+ late up to 1000 D, reordered", mix(3000s), [](Schedule& s) {
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(with("replies kept back and let go at the worst time, in order", {},
                     [](Schedule& s) { s.faults.adversary = Adversary::holds_back; }));
  all.push_back(with("replies kept back and let go at the worst time, shuffled", {}, [](Schedule& s) {
    s.faults.adversary = Adversary::shuffles;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
}

void add_devices(std::vector<Schedule>& all) {
  all.push_back(with("F6 exceptions, also late", mix(30s), [](Schedule& s) { s.faults.exceptions = 80; }));
  all.push_back(with("F6r exceptions, also late and reordered", mix(30s), [](Schedule& s) {
    s.faults.exceptions = 80;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(with("F6k exceptions among replies kept back, in order", {}, [](Schedule& s) {
    s.faults.exceptions = 200;
    s.faults.adversary = Adversary::holds_back;
  }));
  all.push_back(with("F7 reboots, and what was in the buffer", mix(2500ms),
                     [](Schedule& s) { s.faults.reboots = 20; }));
  all.push_back(with("F8 a converter that stalls and merges", mix(2500ms), [](Schedule& s) {
    s.faults.stalls = 40;
    s.faults.stall_most = 20s;
  }));
  all.push_back(with("frames in pieces, cut off, requests garbled", mix(2500ms), [](Schedule& s) {
    s.faults.pieces = 300;
    s.faults.truncated = 30;
    s.faults.request_garbled = 20;
  }));
  all.push_back(with("an adapter that echoes", mix(30s), [](Schedule& s) {
    s.faults.echo = true;
    s.faults.stalls = 10;
    s.faults.stall_most = 5s;
  }));
  all.push_back(
      with("a third of all replies garbled", mix(2500ms), [](Schedule& s) { s.faults.garbled = 330; }));
}

void add_edge(std::vector<Schedule>& all) {
  all.push_back(with("the edge restarts with replies under way", mix(30s), [](Schedule& s) {
    s.restarts = 25;
    s.faults.doubled = 30;
    s.faults.double_most = 10s;
  }));
  all.push_back(with("the edge restarts, reordered within D", mix(2700ms), [](Schedule& s) {
    s.restarts = 25;
    s.faults.in_order = false;
    s.faults.never_after = 2700ms;
  }));
  all.push_back(with("the plan changes with replies under way", mix(30s), [](Schedule& s) {
    s.plan_changes = 25;
    s.faults.doubled = 30;
    s.faults.double_most = 10s;
  }));
  all.push_back(with("the plan changes, late up to 10 D, reordered", mix(30s), [](Schedule& s) {
    s.plan_changes = 25;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(with("the edge restarts, replies kept back", {}, [](Schedule& s) {
    s.restarts = 25;
    s.faults.adversary = Adversary::holds_back;
  }));
  all.push_back(with("the plan changes, replies kept back and shuffled", {}, [](Schedule& s) {
    s.plan_changes = 25;
    s.faults.adversary = Adversary::shuffles;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
  all.push_back(
      with("the edge hangs, the port's buffer fills", mix(2500ms), [](Schedule& s) { s.hangs = 30; }));
  all.push_back(with("somebody else reads through the same guard", mix(30s), [](Schedule& s) {
    s.ad_hoc = 200;
    s.faults.doubled = 30;
    s.faults.double_most = 1s;
  }));
  all.push_back(with("everything at once, in order", mix(30s), [](Schedule& s) {
    s.faults.doubled = 30;
    s.faults.double_most = 10s;
    s.faults.exceptions = 20;
    s.faults.reboots = 5;
    s.faults.stalls = 10;
    s.faults.stall_most = 20s;
    s.faults.pieces = 50;
    s.faults.truncated = 10;
    s.faults.request_garbled = 5;
    s.restarts = s.plan_changes = s.hangs = 5;
    s.ad_hoc = 50;
  }));
}

void add_gateways(std::vector<Schedule>& all) {
  all.push_back(with("gateway: late up to 10 D", mix(30s), [](Schedule& s) { s.gateway = true; }));
  all.push_back(with("gateway: late within D, reordered", mix(2000ms), [](Schedule& s) {
    s.gateway = true;
    s.faults.in_order = false;
    s.faults.never_after = 2000ms;
  }));
  all.push_back(with("gateway: doubled, exceptions, restarts", mix(2500ms), [](Schedule& s) {
    s.gateway = true;
    s.faults.doubled = 50;
    s.faults.double_most = 2s;
    s.faults.exceptions = 20;
    s.restarts = 10;
  }));
  all.push_back(with("gateway: replies kept back, in order", {}, [](Schedule& s) {
    s.gateway = true;
    s.faults.adversary = Adversary::holds_back;
  }));
  all.push_back(with("gateway: replies kept back, shuffled", {}, [](Schedule& s) {
    s.gateway = true;
    s.faults.adversary = Adversary::shuffles;
    s.faults.in_order = false;
    s.time_holds = false;
  }));
}

}  // namespace

std::vector<Schedule> serial_schedules() {
  auto all = schedules();
  std::erase_if(all, [](const Schedule& schedule) { return schedule.gateway; });
  return all;
}

std::vector<Schedule> schedules() {
  std::vector<Schedule> all;
  add_delays(all);
  add_devices(all);
  add_edge(all);
  add_gateways(all);
  return all;
}

}  // namespace steward::fault
