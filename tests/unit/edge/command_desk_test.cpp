#include "edge/commands/command_desk.hpp"

#include <doctest/doctest.h>

#include <map>

#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/test_keys.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

const SiteId site("riverside");
const GatewayId gateway("gw1");

/// What is on the gateway's disk: the marks, and the events of its log.
struct Disk {
  std::map<std::string, std::string> marks;
  std::vector<EdgeEvent> events;
};

class ModelBook final : public CommandBook {
 public:
  explicit ModelBook(Disk& disk) : disk_(disk) {}
  Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) override {
    if (writes_left == 0) co_return Error{Fault::broken, "the power is out"};
    --writes_left;
    for (auto& mark : marks) disk_.marks[mark.name] = mark.text;
    disk_.events.insert(disk_.events.end(), events.begin(), events.end());
    co_return Result<void>{};
  }
  std::size_t writes_left = 1'000'000;

 private:
  Disk& disk_;
};

/// One run of the gateway's program: from its start to whatever ends it.
struct Run {
  Run(Loop& the_loop, const ManualClock& clock, Disk& the_disk)
      : loop(the_loop), disk(the_disk), book(the_disk) {
    CommandDeskSetup setup{site, gateway, {}, {}};
    setup.perform = [this](CommandVerb verb) -> Awaitable<Result<CommandValues>> {
      performed.push_back(std::string(word(verb)) + " " + subject_of(verb));
      if (failing) co_return Error{*failing, "it did not work"};
      co_return CommandValues{{"value", "12"}};
    };
    setup.send = [this](const std::string& topic, ByteView bytes) {
      if (book.writes_left > 0 || !cut_mutes) sent.emplace_back(topic, Bytes(bytes.begin(), bytes.end()));
    };
    desk = std::make_unique<CommandDesk>(loop, clock, cloud, key, book, std::move(setup));
    std::vector<std::string> places;
    for (std::size_t place = 0; place < CommandWindow::places; ++place)
      places.push_back(disk.marks[CommandDesk::place_mark(place)]);
    REQUIRE(desk->found(disk.marks[CommandDesk::floor_mark()], places));
    loop.spawn(desk->begin());
    settle();
  }
  void settle() const {
    for (int round = 0; round < 2; ++round) {
      bool done = false;
      loop.post([&] { done = true; });
      REQUIRE(loop.run_until([&] { return done; }, 20s));
    }
  }
  void take(const std::string& topic, const Bytes& bytes) {
    desk->received(topic, bytes);
    settle();
  }
  CommandResult answer() const {
    REQUIRE_FALSE(sent.empty());
    auto opened = decode_command_result(sent.back().second, VerifyingKey(key.public_key()));
    REQUIRE_MESSAGE(opened, opened.error().message);
    return *opened;
  }

  Loop& loop;
  Disk& disk;
  ModelBook book;
  SigningKey key = test::gateway_key();
  VerifyingKey cloud{test::cloud_key().public_key()};
  std::unique_ptr<CommandDesk> desk;
  std::vector<std::string> performed;
  std::vector<std::pair<std::string, Bytes>> sent;
  std::optional<Fault> failing;
  bool cut_mutes = true;
};

Uuid id_of(std::uint64_t number) {
  Uuid id{};
  for (std::size_t at = 0; at < 8; ++at) id[at] = static_cast<std::uint8_t>(number >> (8 * at));
  return id;
}

Command command_of(const ManualClock& clock, CommandVerb verb, std::uint64_t number = 1) {
  return {site, gateway, id_of(number), clock.now(), clock.now() + 20s, std::move(verb)};
}
Bytes signed_by_cloud(const Command& command) {
  auto bytes = encode_command(command, test::cloud_key());
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  return *bytes;
}
std::string topic_of(const Command& command) {
  return command_topic(command.site, command.gateway, command.id);
}
const OpenDoor gate{"gate", 1};

}  // namespace

TEST_SUITE("edge/commands") {
  TEST_CASE("a command is carried out once; one that comes again gets the same bytes, over a restart too") {
    Loop loop;
    ManualClock clock;
    Disk disk;
    const auto door = command_of(clock, gate);
    const auto bytes = signed_by_cloud(door);
    Bytes first_reply;
    {
      Run run(loop, clock, disk);
      run.take(topic_of(door), bytes);
      clock.advance(2s);
      run.take(topic_of(door), bytes);
      REQUIRE(run.sent.size() == 2);
      CHECK(run.sent[0] == run.sent[1]);
      CHECK(run.sent[0].first == command_result_topic(site, gateway, door.id));
      CHECK(run.answer().outcome == CommandOutcome::done);
      CHECK(run.performed == std::vector<std::string>{"open-door gate-1"});
      first_reply = run.sent[0].second;
    }
    clock.advance(30min);  // expired long ago: it is still answered as it was
    Run again(loop, clock, disk);
    again.take(topic_of(door), bytes);
    CHECK(again.performed.empty());
    REQUIRE(again.sent.size() == 1);
    CHECK(again.sent[0].second == first_reply);
    REQUIRE(disk.events.size() == 1);
    CHECK(disk.events[0].kind == "command");
    CHECK(disk.events[0].subject == "gate-1");
  }

  TEST_CASE("cut off at any step, a door is never opened twice, and the answer says what is known") {
    // Steps of one command: written, opened, written, answered.
    for (std::size_t writes = 0; writes <= 2; ++writes) {
      CAPTURE(writes);
      Loop loop;
      ManualClock clock;
      Disk disk;
      const auto door = command_of(clock, gate);
      const auto bytes = signed_by_cloud(door);
      std::size_t opened = 0;
      {
        Run run(loop, clock, disk);
        run.book.writes_left = writes;
        run.take(topic_of(door), bytes);
        opened += run.performed.size();
      }
      Run after(loop, clock, disk);
      after.take(topic_of(door), bytes);
      opened += after.performed.size();
      CHECK(opened == 1);
      const auto answer = after.answer();
      CHECK(answer.outcome == (writes == 1 ? CommandOutcome::unknown : CommandOutcome::done));
      after.take(topic_of(door), bytes);
      CHECK(after.sent.front() == after.sent.back());
      CHECK(disk.events.back().kind == (writes == 1 ? "command_interrupted" : "command"));
      const auto& reply = after.sent.front().second;
      Run once_more(loop, clock, disk);
      once_more.take(topic_of(door), bytes);
      CHECK(once_more.sent.back().second == reply);
      CHECK(once_more.performed.empty());
    }
  }

  TEST_CASE("40 forged, foreign and replayed commands do nothing, and leave events") {
    Loop loop;
    ManualClock clock;
    Disk disk;
    Run run(loop, clock, disk);
    const auto good = command_of(clock, gate);
    const auto bytes = signed_by_cloud(good);
    std::vector<std::pair<std::string, Bytes>> hostile;
    for (std::size_t bit = 0; bit < 24; ++bit) {  // all over the message
      auto changed = bytes;
      changed[bit * bytes.size() / 24] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      hostile.emplace_back(topic_of(good), changed);
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1})
      hostile.emplace_back(topic_of(good),
                           Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    hostile.emplace_back(topic_of(good), *encode_command(good, test::gateway_key()));
    hostile.emplace_back(topic_of(good), *encode_command(good, SigningKey::from_seed({66})));
    const auto payload = *unwrap(content_type::command, bytes, bytes.size());
    for (const auto type : {content_type::ack, content_type::site_config, content_type::command_result})
      hostile.emplace_back(topic_of(good), seal(type, payload.payload, test::cloud_key()));
    auto other = good;
    other.site = SiteId("hillside");
    hostile.emplace_back(topic_of(good), signed_by_cloud(other));
    hostile.emplace_back(topic_of(other), signed_by_cloud(other));
    other = good;
    other.gateway = GatewayId("gw2");
    hostile.emplace_back(topic_of(good), signed_by_cloud(other));
    other = good;
    other.id = id_of(2);
    hostile.emplace_back(topic_of(good), signed_by_cloud(other));
    hostile.emplace_back(command_result_topic(site, gateway, good.id), bytes);
    hostile.emplace_back(topic_of(good), Bytes(60'000, 0x81));
    hostile.emplace_back("steward/v1/riverside/gw1/cmd/", bytes);
    REQUIRE(hostile.size() == 40);
    for (const auto& [topic, message] : hostile) {
      clock.advance(1ms);
      run.take(topic, message);
    }
    CHECK(run.performed.empty());
    CHECK(run.sent.empty());
    CHECK(disk.marks[CommandDesk::place_mark(0)].empty());
    CHECK(disk.events.size() == CommandDesk::most_foreign);  // a flood does not fill the log
    clock.advance(1h);
    run.take(topic_of(good), Bytes{1});
    CHECK(disk.events.back().detail.find("29 more before it") != std::string::npos);
    // What they were made of is a good command: the guards are what kept them out.
    clock.set(good.issued);
    run.take(topic_of(good), bytes);
    CHECK(run.performed.size() == 1);
    // And its id stands for nothing else from now on.
    auto borrowed = good;
    borrowed.verb = OpenDoor{"vault", 2};
    run.take(topic_of(good), signed_by_cloud(borrowed));
    CHECK(run.performed.size() == 1);
    CHECK(run.sent.size() == 1);
  }

  TEST_CASE("without a clock that knows the time only what changes nothing is carried out") {
    for (const auto trust : {ClockTrust::unset, ClockTrust::rtc, ClockTrust::synced}) {
      Loop loop;
      ManualClock clock;
      clock.set_trust(trust);
      Disk disk;
      Run run(loop, clock, disk);
      std::uint64_t number = 0;
      for (const CommandVerb& verb :
           {CommandVerb(ReadNow{MeterId("E-1")}), CommandVerb(Resend{Stream::doors, Seq{3}}),
            CommandVerb(RestartBus{BusId("b1")}), CommandVerb(gate)}) {
        const auto command = command_of(clock, verb, ++number);
        run.take(topic_of(command), signed_by_cloud(command));
        const bool obeyed = trust == ClockTrust::synced || is_harmless(verb);
        CHECK(run.answer().outcome == (obeyed ? CommandOutcome::done : CommandOutcome::refused));
      }
      CHECK(run.performed.size() == (trust == ClockTrust::synced ? 4 : 2));
      CHECK(disk.events.size() == 4);
    }
  }

  TEST_CASE("a command that has expired, or is not yet, is refused and stays refused") {
    Loop loop;
    ManualClock clock;
    Disk disk;
    Run run(loop, clock, disk);
    const auto late = command_of(clock, gate, 1);
    clock.set(late.expires);
    run.take(topic_of(late), signed_by_cloud(late));
    CHECK(run.answer().outcome == CommandOutcome::refused);
    CHECK(run.answer().message.find("it expired") == 0);
    clock.set(late.issued);  // set back: it was refused, and is
    run.take(topic_of(late), signed_by_cloud(late));
    CHECK(run.sent[0] == run.sent[1]);
    auto early = command_of(clock, gate, 2);
    early.issued += 2min;
    early.expires = early.issued + 20s;
    run.take(topic_of(early), signed_by_cloud(early));
    CHECK(run.answer().message.find("not yet by this gateway's clock") != std::string::npos);
    CHECK(run.performed.empty());
  }

  TEST_CASE("what could not be done is refused or failed, and why is told and kept") {
    Loop loop;
    ManualClock clock;
    Disk disk;
    Run run(loop, clock, disk);
    std::uint64_t number = 0;
    for (const auto fault : {Fault::refused, Fault::retry, Fault::broken}) {
      run.failing = fault;
      const auto command = command_of(clock, gate, ++number);
      run.take(topic_of(command), signed_by_cloud(command));
      const bool refused = fault == Fault::refused;
      CHECK(run.answer().outcome == (refused ? CommandOutcome::refused : CommandOutcome::failed));
      CHECK(run.answer().message == "it did not work");
      CHECK(disk.events.back().kind == (refused ? "command_refused" : "command_failed"));
    }
  }

  TEST_CASE("no replay opens a door twice, however the clock is set; without a floor one does") {
    for (const bool floored : {true, false}) {
      CAPTURE(floored);
      Loop loop;
      ManualClock clock;
      Disk disk;
      const auto first = command_of(clock, gate, 1);
      const auto bytes = signed_by_cloud(first);
      {
        Run run(loop, clock, disk);
        run.take(topic_of(first), bytes);
        CHECK(run.performed.size() == 1);
        clock.advance(30s);  // it has expired, and 64 others take every place
        for (std::uint64_t number = 2; number <= 1 + CommandWindow::places; ++number) {
          const auto other = command_of(clock, OpenDoor{"door" + std::to_string(number), 1}, number);
          run.take(topic_of(other), signed_by_cloud(other));
        }
        CHECK(run.performed.size() == 1 + CommandWindow::places);
      }
      if (!floored) disk.marks.erase(CommandDesk::floor_mark());
      disk.marks[CommandDesk::place_mark(7)].clear();  // there is room, so only the floor stands in the way
      clock.set(first.issued + 1s);                    // the clock is set back to when it was good
      Run again(loop, clock, disk);
      again.take(topic_of(first), bytes);
      CHECK(again.performed.size() == (floored ? 0 : 1));
      CHECK(again.answer().outcome == (floored ? CommandOutcome::refused : CommandOutcome::done));
      again.take(topic_of(first), bytes);
      REQUIRE(again.sent.size() == 2);
      CHECK(again.sent[0] == again.sent[1]);  // the same bytes, without remembering it
    }
  }

  TEST_CASE("more doors than are remembered at once wait; what changes nothing gives way to them") {
    Loop loop;
    ManualClock clock;
    Disk disk;
    Run run(loop, clock, disk);
    const auto read = command_of(clock, ReadNow{MeterId("E-1")}, 1);
    run.take(topic_of(read), signed_by_cloud(read));
    for (std::uint64_t number = 2; number <= 2 + CommandWindow::places; ++number) {
      const auto door = command_of(clock, OpenDoor{"door" + std::to_string(number), 1}, number);
      run.take(topic_of(door), signed_by_cloud(door));
    }
    CHECK(run.performed.size() == 1 + CommandWindow::places);  // the last was not begun
    clock.advance(25s);
    const auto later = command_of(clock, gate, 99);
    run.take(topic_of(later), signed_by_cloud(later));
    CHECK(run.performed.back() == "open-door gate-1");
  }

  TEST_CASE("what is remembered reads back as written; damaged, the gateway does not guess") {
    TakenCommand taken{id_of(7),   sha256(bytes_of("x")), instant_from_ms(5), instant_from_ms(9), true,
                       Bytes{1, 2}};
    CHECK(*read_taken(taken_text(taken)) == taken);
    taken.reply.reset();
    const auto text = taken_text(taken);
    CHECK(*read_taken(text) == taken);
    CHECK(text.ends_with(" 5 9 1 -"));
    for (std::size_t length = 0; length < text.size(); ++length)
      CHECK_FALSE(read_taken(text.substr(0, length)));
    Loop loop;
    ManualClock clock;
    Disk disk;
    ModelBook book(disk);
    const SigningKey key = test::gateway_key();
    const VerifyingKey cloud(test::cloud_key().public_key());
    CommandDesk desk(loop, clock, cloud, key, book, {site, gateway, {}, {}});
    CHECK(desk.found("", {text.substr(1)}).error().fault == Fault::broken);
    CHECK(desk.found("12x", {}).error().fault == Fault::broken);
  }

  TEST_CASE("a result that fits the wire fits its place on disk") {
    CommandResult result{
        site, gateway, id_of(1), CommandOutcome::failed, instant_from_ms(1), std::string(5'000, '"'), {}};
    for (int at = 0; at < 40; ++at) result.values.emplace_back(std::string(90, '\\'), std::string(90, '"'));
    const auto bytes = encode_command_result(result, test::gateway_key());
    CHECK(decode_command_result(bytes, VerifyingKey(test::gateway_key().public_key())));
    TakenCommand taken{
        id_of(7), {},   instant_from_ms(wire_limit::instant_ms), instant_from_ms(wire_limit::instant_ms),
        true,     bytes};
    CHECK(taken_text(taken).size() <= max_mark_text);
  }
}
