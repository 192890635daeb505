#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// A command that was taken, and what was answered. No answer yet: it is being carried out, or was
/// when the gateway was cut off.
struct TakenCommand {
  Uuid id{};
  Digest digest{};  // of the signed command
  Instant begun;    // the gateway's clock
  Instant expires;
  bool harmless = false;
  std::optional<Bytes> reply;

  friend bool operator==(const TakenCommand&, const TakenCommand&) = default;
};

/// "v1 <id> <digest> <begun ms> <expires ms> <0|1> <reply, hex; - for none>": docs/formats/commands.md. Pure.
std::string taken_text(const TakenCommand& taken);
/// Faults: malformed (not what taken_text writes).
Result<TakenCommand> read_taken(std::string_view text);

/// What a gateway remembers of its commands, so that one is carried out once and a repeated one
/// gets the same bytes again. Holds at most `places`; each is one small row on disk.
///
/// A place is given to another command only when no replay of the one before could do harm: that one
/// changed nothing, or it has expired by a clock that knows the time. Its expiry is then a floor: whatever
/// expires up to there and is not remembered is refused for good, so that a clock set back
/// later lets no old command in. Pure. Thread: any, one at a time.
class CommandWindow {
 public:
  static constexpr std::size_t places = 64;  // doors opened within half a minute, and some more

  /// As found on disk.
  void found(std::size_t place, TakenCommand taken) { taken_[place] = std::move(taken); }
  void found_floor(Instant floor) { floor_ = floor; }

  const TakenCommand* find(const Uuid& id) const;
  Instant floor() const { return floor_; }
  /// A place for one more; nothing: all are needed. now: nothing when the clock does not know the time.
  /// Raises the floor when it forgets a command that was not harmless.
  std::optional<std::size_t> place_for_one(std::optional<Instant> now);
  /// Remembers; gives its place.
  void put(std::size_t place, TakenCommand taken) { taken_[place] = std::move(taken); }
  /// Could not be kept on disk: it was never taken.
  void forget(std::size_t place) { taken_.erase(place); }
  /// The reply to one that was put. The id must be known (assert).
  std::size_t answered(const Uuid& id, Bytes reply);
  const std::map<std::size_t, TakenCommand>& taken() const { return taken_; }

 private:
  std::map<std::size_t, TakenCommand> taken_;
  Instant floor_ = instant_from_ms(0);
};

}  // namespace steward
