#include "edge/app/door_desk.hpp"

namespace steward {

std::vector<WatchedDoor> DoorDesk::make_controllers(Loop& loop, const std::string& config_file,
                                                    const SiteSetup& setup, Problems& problems) {
  std::vector<WatchedDoor> doors;
  for (const auto& door : setup.doors) {
    Ut0311Setup board;
    board.serial = door.serial;
    board.host = door.host;
    board.port = door.port;
    auto made = Ut0311::make(loop, std::move(board));
    if (made) {
      doors.push_back({door.controller, door.host, std::move(*made), nullptr});
    } else {
      problems.push_back({config_file, 0,
                          "door controller \"" + door.controller + "\": " + made.error().message,
                          "门禁控制器 \"" + door.controller + "\"：" + made.error().message});
    }
  }
  return doors;
}

DoorDesk::DoorDesk(Loop& loop, const Clock& clock, std::vector<WatchedDoor> doors, DoorSink& sink,
                   const std::optional<DoorPushSetup>& pushes, Milliseconds poll_every)
    : doors_(std::move(doors)) {
  const auto listener = pushes ? hear(loop, *pushes) : std::nullopt;
  for (auto& door : doors_) {
    DoorWatchSetup setup;
    setup.controller = door.name;
    setup.poll_every = poll_every;
    setup.listener = listener;
    door.watch = std::make_unique<DoorWatch>(loop, clock, *door.controller, sink, setup);
  }
}

std::optional<EventListener> DoorDesk::hear(Loop& loop, const DoorPushSetup& pushes) {
  std::vector<Ut0311PushListener::Source> sources;
  for (const auto& door : doors_) sources.push_back({door.controller->serial(), door.host});
  auto opened = Ut0311PushListener::open(loop, pushes.port, std::move(sources),
                                         [this](std::uint32_t serial) { wake(serial); });
  if (!opened) {
    push_fault_ = opened.error();
    return std::nullopt;
  }
  pushes_ = std::move(*opened);
  return EventListener{.address = pushes.host, .port = pushes.port};
}

void DoorDesk::wake(std::uint32_t serial) {
  for (auto& door : doors_) {
    if (door.controller->serial() == serial) door.watch->wake();
  }
}

std::vector<Awaitable<void>> DoorDesk::runs() {
  std::vector<Awaitable<void>> all;
  for (auto& door : doors_) all.push_back(door.watch->run());
  return all;
}

Awaitable<void> DoorDesk::sweep() {
  // What fails is in the watch's health and comes again at its own next sweep; a
  // dead board must not hold up every step of a simulation.
  for (auto& door : doors_) {
    if (door.watch->health().failures == 0) (void)co_await door.watch->sweep();
  }
}

void DoorDesk::stop() {
  pushes_.reset();
  for (auto& door : doors_) door.watch->stop();
}

Result<WatchedDoor*> DoorDesk::find(const std::string& name) {
  std::string known;
  for (auto& door : doors_) {
    if (door.name == name) return &door;
    known += (known.empty() ? "" : ", ") + door.name;
  }
  return Error{Fault::refused, "there is no door controller \"" + name + "\"; the config has " +
                                   (known.empty() ? std::string("none") : known)};
}

Awaitable<Result<Json>> DoorDesk::open_door(OpenDoorRequest request) {
  const auto door = find(request.controller);
  if (!door) co_return door.error();
  const auto outcome = co_await (*door)->controller->open_door(request.door);
  (*door)->watch->wake();  // the board has recorded it by now
  if (!outcome) co_return outcome.error();
  switch (*outcome) {
    case OpenOutcome::opened: co_return Json::object().set("outcome", "opened");
    case OpenOutcome::refused: co_return Error{Fault::refused, "the controller refused to open the door"};
    case OpenOutcome::unknown: break;
  }
  co_return Error{
      Fault::retry,
      "the controller did not answer: the door MAY have opened; look at its events before asking again"};
}

Awaitable<Result<Json>> DoorDesk::put_card(PutCardRequest request) {
  const auto door = find(request.controller);
  if (!door) co_return door.error();
  const auto put = co_await (*door)->controller->put_card(request.card);
  if (!put) co_return put.error();
  co_return Json::object().set("outcome", "stored");
}

Awaitable<Result<Json>> DoorDesk::delete_card(DeleteCardRequest request) {
  const auto door = find(request.controller);
  if (!door) co_return door.error();
  const auto gone = co_await (*door)->controller->delete_card(request.card);
  if (!gone) co_return gone.error();
  co_return Json::object().set("outcome", *gone ? "deleted" : "was_not_there");
}

Json DoorDesk::status() const {
  auto list = Json::array();
  for (const auto& door : doors_) {
    const auto& health = door.watch->health();
    auto entry = Json::object();
    entry.set("controller", door.name).set("online", health.online).set("last_error", health.last_error);
    entry.set("stored", static_cast<std::int64_t>(health.stored));
    entry.set("index", std::int64_t{health.cursor.index});
    list.push(std::move(entry));
  }
  return list;
}

Json DoorDesk::push_status() const {
  if (!pushes_) return Json();
  const auto& counters = pushes_->counters();
  auto json = Json::object();
  json.set("heard", static_cast<std::int64_t>(counters.heard));
  json.set("foreign", static_cast<std::int64_t>(counters.foreign));
  json.set("malformed", static_cast<std::int64_t>(counters.malformed));
  return json;
}

}  // namespace steward
