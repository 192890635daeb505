#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/clock.hpp"
#include "contract/nouns/ids.hpp"
#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// What a cloud may ask of a gateway, one struct per verb.
struct ReadNow {
  MeterId meter;
  friend bool operator==(const ReadNow&, const ReadNow&) = default;
};
struct Resend {
  Stream stream = Stream::readings;
  Seq from;  // 1 or more
  friend bool operator==(const Resend&, const Resend&) = default;
};
struct RestartBus {
  BusId bus;
  friend bool operator==(const RestartBus&, const RestartBus&) = default;
};
struct OpenDoor {
  std::string controller;
  std::uint8_t door = 1;  // 1..4
  friend bool operator==(const OpenDoor&, const OpenDoor&) = default;
};
using CommandVerb = std::variant<ReadNow, Resend, RestartBus, OpenDoor>;

/// "read-now", "resend", "restart-bus", "open-door".
std::string_view word(const CommandVerb& verb);
/// What it is about, for people: "E-0101", "readings from 12", "line1", "gate-1".
std::string subject_of(const CommandVerb& verb);
/// The longest a command of this kind may be good for: 24 h, a door 30 s. A door that opens
/// minutes after somebody asked opens for somebody else.
Milliseconds longest_life(const CommandVerb& verb);
/// Does it change nothing, whenever it is carried out? Then a gateway that does not know the time may obey.
bool is_harmless(const CommandVerb& verb);

/// One order to one gateway.
struct Command {
  SiteId site;
  GatewayId gateway;
  Uuid id{};        // the last part of its topic; never used twice
  Instant issued;   // the cloud's clock
  Instant expires;  // after issued, by at most longest_life; not carried out at or after it
  CommandVerb verb;

  friend bool operator==(const Command&, const Command&) = default;
};

enum class CommandOutcome : std::uint8_t {
  done,
  refused,  // not carried out, and will not be: the message says why
  failed,   // tried, and it did not work
  unknown,  // begun, and the gateway was cut off: it may have happened; not done again
};
std::string_view word(CommandOutcome outcome);

/// What became of a command. A command that comes again gets the same bytes again.
struct CommandResult {
  SiteId site;
  GatewayId gateway;
  Uuid id{};
  CommandOutcome outcome = CommandOutcome::done;
  Instant at;                                               // when it was decided, the gateway's clock
  std::string message;                                      // one sentence; empty when done
  std::vector<std::pair<std::string, std::string>> values;  // what it gave: names and texts, at most 16

  friend bool operator==(const CommandResult&, const CommandResult&) = default;
};

/// COSE_Sign1 over JSON (docs/formats/commands.md). Faults: malformed (a limit passed, a life too long).
Result<Bytes> encode_command(const Command& command, const Signer& cloud);
/// Faults: malformed, refused (not signed by the cloud's key). Looks at no clock: expiry is the caller's.
Result<Command> decode_command(ByteView bytes, const Verifier& cloud);

/// Texts past their limit are cut: a result must go out. Site and gateway must be codes (assert).
Bytes encode_command_result(const CommandResult& result, const Signer& gateway);
/// Faults: malformed, refused (not signed by the gateway's key).
Result<CommandResult> decode_command_result(ByteView bytes, const Verifier& gateway);

}  // namespace steward
