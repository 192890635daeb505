// How the daemon carries out what the cloud asks.
#include "contract/text/instant_text.hpp"
#include "drivers/decode/decode.hpp"
#include "edge/app/daemon.hpp"
#include "edge/app/quantity_text.hpp"

namespace steward {
namespace {

/// Commands in the outbox: their marks and events in one transaction, and then in the journal.
class OutboxCommandBook final : public CommandBook {
 public:
  OutboxCommandBook(StoreThread& store, RecordWriter& writer) : store_(store), writer_(writer) {}

  Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) override {
    auto batch = batch_of(events, writer_.stamp());
    batch.marks = std::move(marks);
    std::vector<Batch> batches;
    batches.push_back(std::move(batch));
    auto kept = co_await store_.appended(std::move(batches));
    if (kept) {
      for (const auto& event : events) writer_.note(event);
    }
    co_return kept;
  }

 private:
  StoreThread& store_;
  RecordWriter& writer_;
};

std::string hex_words(const Words& words) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto word : words) {
    for (const unsigned shift : {12U, 8U, 4U, 0U}) text += digits[(word >> shift) & 0xfU];
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<CommandDesk>> Daemon::make_commands(const FoundCommands& found) {
  command_book_ = std::make_unique<OutboxCommandBook>(*store_, *writer_);
  CommandDeskSetup setup;
  setup.site = parts_.site.setup.site;
  setup.gateway = parts_.site.setup.gateway;
  setup.perform = [this](CommandVerb verb) { return perform(std::move(verb)); };
  setup.send = [this](const std::string& topic, ByteView bytes) {
    (void)cloud_->publish(topic, bytes, false);
  };
  auto desk = std::make_unique<CommandDesk>(loop_, clock_, parts_.site.enrolment.cloud_key, *parts_.block_key,
                                            *command_book_, std::move(setup));
  if (auto taken = desk->found(found.floor, found.places); !taken) return taken.error();
  return desk;
}

Result<FoundCommands> read_found_commands(Outbox& outbox) {
  FoundCommands found;
  auto floor = outbox.mark(CommandDesk::floor_mark());
  if (!floor) return floor.error();
  found.floor = std::move(*floor);
  for (std::size_t place = 0; place < CommandWindow::places; ++place) {
    auto text = outbox.mark(CommandDesk::place_mark(place));
    if (!text) return text.error();
    found.places.push_back(std::move(*text));
  }
  return found;
}

Awaitable<Result<CommandValues>> Daemon::perform(CommandVerb verb) {
  if (stopping_) co_return Error{Fault::refused, "the gateway is stopping; ask again in a minute"};
  if (changing_) co_return Error{Fault::refused, "the config is being changed; ask again in a minute"};
  const Engaged engaged(*this);
  if (const auto* read = std::get_if<ReadNow>(&verb)) co_return co_await read_now(read->meter);
  if (const auto* resend = std::get_if<Resend>(&verb)) {
    cloud_->send_again(resend->stream, resend->from);
    co_return CommandValues{{"from", std::to_string(resend->from.value)}};
  }
  if (const auto* bus = std::get_if<RestartBus>(&verb)) co_return co_await restart_bus(bus->bus);
  const auto& open = std::get<OpenDoor>(verb);
  auto opened = co_await doors_->open_door({open.controller, open.door});
  if (!opened) co_return opened.error();
  co_return CommandValues{{"outcome", "opened"}};
}

Awaitable<Result<CommandValues>> Daemon::read_now(MeterId meter) {
  const auto asked = co_await rounds_->ask_now(std::move(meter), {});
  if (!asked) co_return asked.error();
  const auto decoded = decode(*asked->channel, asked->words);
  CommandValues values{{"channel", asked->channel->name},
                       {"value", shown(decoded.value, asked->channel->unit)},
                       {"unit", std::string(shown_unit(asked->channel->unit))},
                       {"quality", std::string(word(decoded.quality))}};
  if (decoded.reason != Reason::none) values.emplace_back("reason", word(decoded.reason));
  values.emplace_back("raw", hex_words(asked->words));
  values.emplace_back("taken_at", instant_text(asked->taken_at));
  values.emplace_back("profile", asked->meter->profile->id.text);
  co_return values;
}

Awaitable<Result<CommandValues>> Daemon::restart_bus(BusId bus) {
  const auto found = swaps_.find(bus);
  if (found == swaps_.end()) {
    std::string names;
    for (const auto& [name, swap] : swaps_) names += (names.empty() ? "" : ", ") + name.text;
    co_return Error{Fault::refused, "there is no bus \"" + bus.text + "\" that can be restarted; there is " +
                                        (names.empty() ? std::string("none") : names)};
  }
  auto done = co_await found->second->restart();
  if (!done) co_return done.error();
  co_return CommandValues{{"bus", bus.text}};
}

}  // namespace steward
