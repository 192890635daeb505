#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/wire/command.hpp"
#include "edge/commands/command_window.hpp"
#include "edge/store/outbox.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// What carrying out a command gave: names and texts.
using CommandValues = std::vector<std::pair<std::string, std::string>>;

/// Where commands are kept and audited: marks and events in one transaction. Thread: loop.
class CommandBook {
 public:
  virtual ~CommandBook() = default;
  /// On disk when it returns success. Faults: the outbox's.
  virtual Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) = 0;
};

struct CommandDeskSetup {
  SiteId site;
  GatewayId gateway;
  /// Carries one out. Fault refused: it was not done at all; any other: it may have been.
  std::function<Awaitable<Result<CommandValues>>(CommandVerb)> perform;
  /// To the broker; may be lost: who asked asks again.
  std::function<void(const std::string& topic, ByteView bytes)> send;
};

/// Takes the cloud's commands: verifies who signs, who is meant and until when, carries each out
/// once, and answers a repeated one with the same bytes, over restarts and power cuts too.
///
/// A command is on disk before it is begun. One that was cut off is answered `unknown` and not begun
/// again: a door must not open twice. Without a clock that knows the time only what is harmless is
/// carried out (decision 0016). All else is refused, and every one is an event: `command`,
/// `command_refused`, `command_failed`, `command_interrupted`; of what nobody signed at most `most_foreign`
/// events an hour, the others are counted.
/// Thread: loop. The references must outlive it.
class CommandDesk {
 public:
  static constexpr std::size_t most_at_once = 8;  // what comes beyond is asked again by its sender
  static constexpr std::size_t most_foreign = 10;

  CommandDesk(Loop& loop, const Clock& clock, const Verifier& cloud, const Signer& gateway, CommandBook& book,
              CommandDeskSetup setup);

  /// What was found on disk: floor, and the text of each place; empty: none.
  /// Faults: broken (damaged: what was done already is not known any more).
  Result<void> found(const std::string& floor, const std::vector<std::string>& places);
  /// Answers what a power cut left open; to be spawned once, before messages are received.
  Awaitable<void> begin();
  /// A message on a command topic.
  void received(const std::string& topic, Bytes payload);

  /// Names of the marks it keeps.
  static std::string floor_mark() { return "command/floor"; }
  static std::string place_mark(std::size_t place) { return "command/" + std::to_string(place); }

 private:
  Awaitable<void> take(std::string topic, Bytes payload);
  Awaitable<void> carry_out(Command command, Digest digest);
  /// Why it is not carried out; nothing: it is.
  std::optional<std::string> objection(const Command& command) const;
  Awaitable<Result<void>> remember(const Command& command, const Digest& digest,
                                   const std::optional<std::string>& refused);
  Awaitable<void> answer(const Command& command, CommandResult result);
  EdgeEvent event_of(const Command& command, const CommandResult& result) const;
  Awaitable<void> audit_foreign(std::string why);
  std::optional<Instant> trusted_now() const;
  CommandResult result_for(const Uuid& id, CommandOutcome outcome, std::string message) const;

  Loop& loop_;
  const Clock& clock_;
  const Verifier& cloud_;
  const Signer& gateway_;
  CommandBook& book_;
  CommandDeskSetup setup_;
  CommandWindow window_;
  std::size_t at_once_ = 0;
  Ticks hour_since_ = Ticks::min();
  std::size_t foreign_ = 0;  // in this hour
};

}  // namespace steward
