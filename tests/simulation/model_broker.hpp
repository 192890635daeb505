#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"
#include "tests/fault/dice.hpp"
#include "tests/simulation/disks.hpp"
#include "tests/simulation/virtual_time.hpp"

namespace steward::simulation {

struct Message {
  std::string topic;
  Bytes payload;
  bool retained = false;
};

/// What a broker and its network do to messages all the time. Chances in a thousand.
struct Weather {
  int swallowed = 0;    // a publish that is confirmed and goes nowhere
  int doubled = 0;      // a delivery that comes twice
  int late = 0;         // a delivery that comes again, up to a day later
  int stale = 0;        // a retained ack in whose place an older one is given
  int shuffled = 0;     // a queue that is handed over in another order
  bool queues = false;  // a session outlives its connection: what came meanwhile is handed over
  Milliseconds latency{40};
};

/// What was seen to happen, by name: a run that never met a fault proves nothing about it.
using Tally = std::map<std::string, std::uint64_t>;

/// A broker and the two lines to it, as kit/mqtt's pipe shows them to its owners: a window of 32 publishes
/// without PUBACK, reconnects after 0.5 s doubled to a minute, each varied by a quarter. It keeps order
/// within one connection and promises nothing else. Thread: one.
class ModelBroker {
 public:
  struct Handlers {
    std::function<void()> up;
    std::function<void()> down;
    std::function<void(const Message&)> message;
    std::function<void()> room;
  };
  enum class Memory : std::uint8_t { kept, stale, lost };  // of a broker that was killed

  ModelBroker(VirtualTime& time, fault::Dice& dice, Tally& tally) : time_(time), dice_(dice), tally_(tally) {}

  // -- what the machines see
  void attach(Machine who, Handlers handlers);
  /// The machine's program is gone, with whatever it had on its way.
  void detach(Machine who);
  /// Faults: retry (not connected), full (32 are not confirmed).
  Result<void> publish(Machine who, const std::string& topic, ByteView payload, bool retained);
  bool is_up(Machine who) const { return line(who).up; }

  // -- what the world does
  Weather weather;
  void cut(Machine who);   // a partition: the connection breaks and none comes about
  void heal(Machine who);  // the end of a partition, and of whatever else was wrong with this line
  void reset(Machine who) { break_line(who); }
  void half_open(Machine who);  // nothing arrives any more, and only the keep-alive will tell
  void slow(Machine who, Milliseconds latency) { line(who).latency = latency; }
  void hold_confirmations(bool held) { holds_ = held; }
  void kill(Memory memory);
  void start();
  bool is_running() const { return running_; }
  /// A broker that keeps what gateways send and answers itself, in the cloud's name; empty: it does not.
  using Answer = std::function<std::optional<Message>(const Message&)>;
  void answer_itself(Answer answer) { answer_ = std::move(answer); }
  /// Someone hands a machine a message that nobody sent just now.
  void inject(Machine to, Message message);
  /// One of the newest messages that passed, `to` whom they went.
  const Message* any_past(Machine to);

 private:
  struct Line {
    Handlers owner;
    bool attached = false;
    bool up = false;
    bool cut = false;
    bool deaf = false;  // half open
    std::uint64_t number = 0;
    std::size_t unconfirmed = 0;
    Milliseconds there{};  // when the last packet to the broker arrives
    Milliseconds back{};   // ... and the last one from it
    Milliseconds latency{};
    Milliseconds backoff{};
    std::deque<Message> queue;
    std::deque<Message> past;
  };
  static Machine other(Machine who) { return who == Machine::edge ? Machine::cloud : Machine::edge; }
  Line& line(Machine who) { return lines_.at(static_cast<std::size_t>(who)); }
  const Line& line(Machine who) const { return lines_.at(static_cast<std::size_t>(who)); }

  Milliseconds hop(const Line& line);
  void dial(Machine who);
  void came_up(Machine who);
  void break_line(Machine who);
  void received(Machine from, std::uint64_t number, const Message& message);
  void confirm(Machine who, std::uint64_t number);
  void route(Machine to, const Message& message);
  void deliver(Machine to, const Message& message);
  void give_retained(Machine to);
  void count(const char* what) { ++tally_[what]; }

  VirtualTime& time_;
  fault::Dice& dice_;
  Tally& tally_;
  std::array<Line, 2> lines_;
  std::map<std::string, std::deque<Message>> retained_;  // newest last; what is older is for `stale`
  Answer answer_;
  bool running_ = true;
  bool holds_ = false;
};

}  // namespace steward::simulation
