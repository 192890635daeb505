#include "edge/commands/command_desk.hpp"

#include <charconv>

#include "contract/text/instant_text.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

/// So far ahead of ours a synced cloud's clock may be.
constexpr std::chrono::seconds most_ahead{60};

std::string clock_words(const CommandVerb& verb) {
  return "this gateway does not know the time, so it cannot tell whether the command is still good; " +
         std::string(word(verb)) + " waits for a clock set by NTP";
}

}  // namespace

CommandDesk::CommandDesk(Loop& loop, const Clock& clock, const Verifier& cloud, const Signer& gateway,
                         CommandBook& book, CommandDeskSetup setup)
    : loop_(loop), clock_(clock), cloud_(cloud), gateway_(gateway), book_(book), setup_(std::move(setup)) {}

Result<void> CommandDesk::found(const std::string& floor, const std::vector<std::string>& places) {
  if (!floor.empty()) {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(floor.data(), floor.data() + floor.size(), ms);
    if (error != std::errc() || end != floor.data() + floor.size())
      return Error{Fault::broken, "the floor of commands is damaged: \"" + floor + "\""};
    window_.found_floor(instant_from_ms(ms));
  }
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (places[place].empty()) continue;
    auto taken = read_taken(places[place]);
    if (!taken) return Error{Fault::broken, place_mark(place) + ": " + taken.error().message};
    window_.found(place, std::move(*taken));
  }
  return {};
}

std::optional<Instant> CommandDesk::trusted_now() const {
  const auto trust = clock_.trust();
  if (trust == ClockTrust::synced || trust == ClockTrust::stepped) return clock_.now();
  return std::nullopt;
}

CommandResult CommandDesk::result_for(const Uuid& id, CommandOutcome outcome, std::string message) const {
  return {setup_.site, setup_.gateway, id, outcome, clock_.now(), std::move(message), {}};
}

Awaitable<void> CommandDesk::begin() {
  std::vector<SavedMark> marks;
  std::vector<EdgeEvent> events;
  const auto taken = window_.taken();
  for (const auto& [place, one] : taken) {
    if (one.reply) continue;
    auto result = result_for(one.id, CommandOutcome::unknown,
                             "the gateway was cut off while it carried this out: it may have happened; look "
                             "before you ask again");
    result.at = one.begun;
    auto answered = one;
    answered.reply = encode_command_result(result, gateway_);
    marks.push_back({place_mark(place), taken_text(answered)});
    events.push_back({clock_.now(), "command_interrupted", uuid_text(one.id),
                      "begun " + instant_text(one.begun) + ": it may have happened"});
    window_.put(place, std::move(answered));
  }
  if (!marks.empty()) (void)co_await book_.keep(std::move(marks), std::move(events));
}

void CommandDesk::received(const std::string& topic, Bytes payload) {
  if (at_once_ >= most_at_once || payload.size() > wire_limit::command_bytes) return;
  ++at_once_;
  loop_.spawn(take(topic, std::move(payload)));
}

Awaitable<void> CommandDesk::take(std::string topic, Bytes payload) {
  auto command = decode_command(payload, cloud_);
  const auto digest = sha256(payload);
  if (!command) {
    co_await audit_foreign("not believed: " + command.error().message);
  } else if (command->site != setup_.site || command->gateway != setup_.gateway ||
             topic != command_topic(setup_.site, setup_.gateway, command->id)) {
    co_await audit_foreign("signed by the cloud, but for " + command->site.text + "/" +
                           command->gateway.text + ", command " + uuid_text(command->id));
  } else {
    co_await carry_out(std::move(*command), digest);
  }
  --at_once_;
}

std::optional<std::string> CommandDesk::objection(const Command& command) const {
  const auto now = trusted_now();
  if (!now) {
    if (is_harmless(command.verb)) return std::nullopt;
    return clock_words(command.verb);
  }
  if (*now >= command.expires) return "it expired " + instant_text(command.expires);
  if (command.issued > *now + most_ahead)
    return "it was issued " + instant_text(command.issued) + ", which is not yet by this gateway's clock";
  return std::nullopt;
}

/// On disk before anything is begun. Fault full: no place for it.
Awaitable<Result<void>> CommandDesk::remember(const Command& command, const Digest& digest,
                                              const std::optional<std::string>& refused) {
  const auto floor = window_.floor();
  const auto place = window_.place_for_one(trusted_now());
  if (!place) co_return Error{Fault::full, "too many commands are remembered"};
  TakenCommand taken{command.id, digest, clock_.now(), command.expires, is_harmless(command.verb), {}};
  std::vector<EdgeEvent> events;
  if (refused) {
    const auto result = result_for(command.id, CommandOutcome::refused, *refused);
    taken.reply = encode_command_result(result, gateway_);
    events.push_back(event_of(command, result));
  }
  window_.put(*place, taken);
  std::vector<SavedMark> marks{{place_mark(*place), taken_text(taken)}};
  if (window_.floor() != floor) marks.push_back({floor_mark(), std::to_string(ms_of(window_.floor()))});
  auto kept = co_await book_.keep(std::move(marks), std::move(events));
  if (!kept) window_.forget(*place);
  co_return kept;
}

Awaitable<void> CommandDesk::carry_out(Command command, Digest digest) {
  const auto topic = command_result_topic(setup_.site, setup_.gateway, command.id);
  if (const auto* known = window_.find(command.id)) {
    if (known->digest != digest) {
      co_await audit_foreign("the id " + uuid_text(command.id) + " was used for another command");
    } else if (known->reply) {
      setup_.send(topic, *known->reply);
    }
    co_return;  // or it is being carried out, and its reply is on its way
  }
  if (!is_harmless(command.verb) && command.expires <= window_.floor()) {
    auto late = result_for(command.id, CommandOutcome::refused,
                           "it is older than what this gateway remembers of its commands");
    late.at = command.expires;  // the same bytes each time, without remembering it
    setup_.send(topic, encode_command_result(late, gateway_));
    co_await audit_foreign("older than what is remembered: " + uuid_text(command.id));
    co_return;
  }
  const auto refused = objection(command);
  const auto kept = co_await remember(command, digest, refused);
  if (!kept) co_return;  // not begun; its sender asks again
  if (refused) {
    setup_.send(topic, *window_.find(command.id)->reply);
    co_return;
  }
  auto values = co_await setup_.perform(command.verb);
  auto result = result_for(command.id, CommandOutcome::done, "");
  if (values) {
    result.values = std::move(*values);
  } else {
    const bool undone = values.error().fault == Fault::refused;
    result.outcome = undone ? CommandOutcome::refused : CommandOutcome::failed;
    result.message = values.error().message;
  }
  co_await answer(command, std::move(result));
}

EdgeEvent CommandDesk::event_of(const Command& command, const CommandResult& result) const {
  std::string kind = "command";
  if (result.outcome != CommandOutcome::done) kind += "_" + std::string(word(result.outcome));
  auto detail = std::string(word(command.verb)) + " " + subject_of(command.verb) + ", " +
                uuid_text(command.id) + " issued " + instant_text(command.issued);
  if (!result.message.empty()) detail += ": " + result.message;
  return {result.at, kind, fit_text(subject_of(command.verb), wire_limit::name_bytes),
          fit_text(detail, wire_limit::sentence_bytes)};
}

Awaitable<void> CommandDesk::answer(const Command& command, CommandResult result) {
  const auto reply = encode_command_result(result, gateway_);
  const auto place = window_.answered(command.id, reply);
  const auto* taken = window_.find(command.id);
  // Named, not written in place: GCC 12 loses a list inside co_await.
  std::vector<SavedMark> marks{{place_mark(place), taken_text(*taken)}};
  std::vector<EdgeEvent> events{event_of(command, result)};
  const auto kept = co_await book_.keep(std::move(marks), std::move(events));
  // Said only once it is on disk: after a power cut the answer must be the same.
  if (kept) setup_.send(command_result_topic(setup_.site, setup_.gateway, command.id), reply);
}

Awaitable<void> CommandDesk::audit_foreign(std::string why) {
  if (hour_since_ == Ticks::min() || clock_.ticks() - hour_since_ >= std::chrono::hours(1)) {
    hour_since_ = clock_.ticks();
    if (foreign_ > most_foreign) why += "; " + std::to_string(foreign_ - most_foreign) + " more before it";
    foreign_ = 0;
  }
  if (++foreign_ > most_foreign) co_return;
  std::vector<EdgeEvent> events{
      {clock_.now(), "command_refused", "", fit_text(why, wire_limit::sentence_bytes)}};
  std::vector<SavedMark> none;
  (void)co_await book_.keep(std::move(none), std::move(events));
}

}  // namespace steward
