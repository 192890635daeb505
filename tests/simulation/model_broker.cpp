#include "tests/simulation/model_broker.hpp"

#include <algorithm>

namespace steward::simulation {
namespace {

constexpr std::size_t window = 32;  // kit/mqtt/mqtt_pipe.hpp
constexpr Milliseconds first_backoff{500};
constexpr Milliseconds longest_backoff{60'000};
constexpr Milliseconds keep_alive{90'000};  // one and a half of 60 s: when a silent line is given up
constexpr std::size_t queue_length = 1000;  // mosquitto's max_queued_messages
constexpr std::size_t past_length = 64;

}  // namespace

Milliseconds ModelBroker::hop(const Line& line) {
  const auto most = std::max(weather.latency, line.latency).count();
  return Milliseconds(1 + static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(most))));
}

void ModelBroker::attach(Machine who, Handlers handlers) {
  auto& line = this->line(who);
  line.owner = std::move(handlers);
  line.attached = true;
  line.backoff = first_backoff;
  dial(who);
}

void ModelBroker::detach(Machine who) {
  auto& line = this->line(who);
  ++line.number;
  line.attached = line.up = line.deaf = false;
  line.owner = {};
}

/// Tries to connect, now or when the line is good again: what failed tries cost is the last back-off.
void ModelBroker::dial(Machine who) {
  auto& line = this->line(who);
  const auto mine = ++line.number;
  const auto quarter = line.backoff / 4;
  const auto wait = line.backoff - quarter +
                    Milliseconds(static_cast<std::int64_t>(
                        dice_.below(static_cast<std::uint64_t>(2 * quarter.count() + 1))));
  line.backoff = std::min(line.backoff * 2, longest_backoff);
  time_.after(wait, [this, &line, who, mine] {
    if (!line.attached || line.number != mine || line.up) return;
    if (line.cut || !running_) {
      line.backoff = longest_backoff;  // heal() or start() dials again
      return;
    }
    came_up(who);
  });
}

void ModelBroker::came_up(Machine who) {
  auto& line = this->line(who);
  line.up = true;
  line.deaf = false;
  line.unconfirmed = 0;
  line.there = line.back = time_.now();
  line.backoff = first_backoff;
  count("connected");
  auto queue = std::exchange(line.queue, {});
  if (queue.size() > 1 && dice_.rolls(weather.shuffled)) {
    count("queue handed over in another order");
    for (std::size_t at = queue.size() - 1; at > 0; --at) std::swap(queue[at], queue[dice_.place(at + 1)]);
  }
  for (const auto& message : queue) deliver(who, message);
  if (who == Machine::edge) give_retained(who);
  line.owner.up();
}

void ModelBroker::give_retained(Machine to) {
  for (const auto& [topic, messages] : retained_) {
    if (messages.empty()) continue;
    if (messages.size() > 1 && dice_.rolls(weather.stale)) {
      count("retained ack replayed, an old one");
      deliver(to, messages[dice_.place(messages.size() - 1)]);
      continue;
    }
    deliver(to, messages.back());
  }
}

void ModelBroker::break_line(Machine who) {
  auto& line = this->line(who);
  if (!line.attached) return;
  const bool was_up = std::exchange(line.up, false);
  line.deaf = false;
  if (line.unconfirmed > 0) count("publish lost with its connection, or its confirmation");
  if (was_up && line.owner.down) line.owner.down();
  dial(who);
}

void ModelBroker::cut(Machine who) {
  line(who).cut = true;
  break_line(who);
}

void ModelBroker::half_open(Machine who) {
  auto& line = this->line(who);
  if (!line.up) return;
  line.deaf = true;
  time_.after(keep_alive, [this, who, mine = line.number] {
    if (this->line(who).number == mine && this->line(who).deaf) break_line(who);
  });
}

void ModelBroker::heal(Machine who) {
  auto& line = this->line(who);
  line.latency = {};
  const bool was_cut = std::exchange(line.cut, false);
  if (was_cut && line.attached && !line.up) dial(who);
}

void ModelBroker::kill(Memory memory) {
  running_ = false;
  for (auto& [topic, messages] : retained_) {
    if (memory == Memory::lost) messages.clear();
    // What it wrote down is as old as its last save (mosquitto: every half an hour).
    if (memory == Memory::stale && messages.size() > 1) messages.pop_back();
  }
  for (const auto who : {Machine::edge, Machine::cloud}) {
    if (memory != Memory::kept) line(who).queue.clear();
    break_line(who);
  }
}

void ModelBroker::start() {
  running_ = true;
  for (const auto who : {Machine::edge, Machine::cloud}) {
    if (line(who).attached && !line(who).up) dial(who);
  }
}

Result<void> ModelBroker::publish(Machine who, const std::string& topic, ByteView payload, bool retained) {
  auto& line = this->line(who);
  if (!line.up) return Error{Fault::retry, "not connected"};
  if (line.unconfirmed >= window) {
    count("window full");
    return Error{Fault::full, "not confirmed"};
  }
  ++line.unconfirmed;
  line.there = std::max(line.there, time_.now() + hop(line));
  time_.at(line.there, [this, who, mine = line.number,
                        message = Message{topic, Bytes(payload.begin(), payload.end()), retained}] {
    received(who, mine, message);
  });
  return {};
}

void ModelBroker::received(Machine from, std::uint64_t number, const Message& message) {
  auto& line = this->line(from);
  // A packet of a broken connection may have arrived before it broke; its PUBACK finds nobody.
  const bool is_live = line.number == number && line.up && !line.deaf;
  if (!running_ || line.deaf || (!is_live && dice_.rolls(500))) return count("publish lost");
  if (is_live && !holds_) {
    line.back = std::max(line.back, time_.now() + hop(line));
    time_.at(line.back, [this, from, number] { confirm(from, number); });
  }
  if (message.retained) {
    auto& kept = retained_[message.topic];
    kept.push_back(message);
    if (kept.size() > past_length) kept.pop_front();
  }
  if (answer_ && from == Machine::edge) {
    if (auto answer = answer_(message)) deliver(from, *answer);
    return;
  }
  if (dice_.rolls(weather.swallowed)) return count("confirmed, not delivered");
  route(other(from), message);
}

void ModelBroker::confirm(Machine who, std::uint64_t number) {
  auto& line = this->line(who);
  if (line.number != number || !line.up || line.deaf) return;
  line.unconfirmed -= std::min<std::size_t>(line.unconfirmed, 1);
  if (line.owner.room) line.owner.room();
}

void ModelBroker::route(Machine to, const Message& message) {
  auto& line = this->line(to);
  line.past.push_back(message);
  if (line.past.size() > past_length) line.past.pop_front();
  if (dice_.rolls(weather.late)) {
    count("delivered again, late");
    time_.after(Milliseconds(static_cast<std::int64_t>(dice_.below(86'400'000))),
                [this, to, message] { inject(to, message); });
  }
  if (line.up) {
    deliver(to, message);
    if (!dice_.rolls(weather.doubled)) return;
    count("delivered twice");
    return deliver(to, message);
  }
  if (!weather.queues || line.queue.size() >= queue_length || to == Machine::edge)
    return count("confirmed, its reader's session was gone");
  line.queue.push_back(message);
}

void ModelBroker::deliver(Machine to, const Message& message) {
  auto& line = this->line(to);
  line.back = std::max(line.back, time_.now() + hop(line));
  time_.at(line.back, [this, &line, mine = line.number, message] {
    if (line.number == mine && line.up && !line.deaf && running_) line.owner.message(message);
  });
}

void ModelBroker::inject(Machine to, Message message) {
  if (line(to).up && running_) deliver(to, message);
}

const Message* ModelBroker::any_past(Machine to) {
  auto& past = line(to).past;
  return past.empty() ? nullptr : &past[dice_.place(past.size())];
}

}  // namespace steward::simulation
