#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"
#include "drivers/doors/door_controller.hpp"
#include "drivers/doors/ut0311.hpp"
#include "edge/app/control_messages.hpp"
#include "edge/doors/door_watch.hpp"
#include "edge/site/site_setup.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// One configured controller and the watch that follows it.
struct WatchedDoor {
  std::string name;
  std::string host;  // where its pushes must come from
  std::unique_ptr<DoorController> controller;
  std::unique_ptr<DoorWatch> watch;
};

/// The site's door controllers: followed in the background, and asked by name on
/// behalf of the control socket. Thread: loop.
class DoorDesk {
 public:
  /// Makes a controller per entry; an entry that can never work (a host that is
  /// no address, a serial that names no board) becomes a problem. Sends nothing.
  static std::vector<WatchedDoor> make_controllers(Loop& loop, const std::string& config_file,
                                                   const SiteSetup& setup, Problems& problems);

  /// pushes: where the controllers shall push to; one socket hears them all
  DoorDesk(Loop& loop, const Clock& clock, std::vector<WatchedDoor> doors, DoorSink& sink,
           const std::optional<DoorPushSetup>& pushes, Milliseconds poll_every = DoorWatchSetup{}.poll_every);

  /// Why pushes are not heard although they were asked for (the port is taken).
  /// The controllers are then polled, and not told to push.
  const std::optional<Error>& push_fault() const { return push_fault_; }

  /// The watches, to be spawned.
  std::vector<Awaitable<void>> runs();
  /// One pass over every controller, for a simulation that stands still meanwhile.
  Awaitable<void> sweep();
  void stop();

  Awaitable<Result<Json>> open_door(OpenDoorRequest request);
  Awaitable<Result<Json>> put_card(PutCardRequest request);
  Awaitable<Result<Json>> delete_card(DeleteCardRequest request);
  Json status() const;
  /// What came to the push port since start; null when nothing listens.
  Json push_status() const;

 private:
  /// The listener to tell the controllers, once it is open.
  std::optional<EventListener> hear(Loop& loop, const DoorPushSetup& pushes);
  void wake(std::uint32_t serial);
  Result<WatchedDoor*> find(const std::string& name);

  std::vector<WatchedDoor> doors_;
  std::unique_ptr<Ut0311PushListener> pushes_;
  std::optional<Error> push_fault_;
};

}  // namespace steward
