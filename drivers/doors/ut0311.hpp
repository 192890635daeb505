#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/doors/door_controller.hpp"
#include "drivers/doors/ut0311_codec.hpp"

namespace steward {

class Loop;

struct Ut0311Setup {
  std::uint32_t serial = 0;  // nine digits, the first is the number of doors
  std::string host;          // IPv4 address: a door must open when no name server answers
  std::uint16_t port = ut0311::controller_port;
  /// How long each try of a read or of a repeatable write waits. The vendor's
  /// client waits 300 ms three times; the first try is shorter because a healthy
  /// board on a LAN answers within a few ms.
  std::vector<Milliseconds> tries{Milliseconds{100}, Milliseconds{300}, Milliseconds{900}};
  Milliseconds open_wait{1'000};  // for the one reply to the one open_door packet
  ut0311::XidRule xid = ut0311::XidRule::echoed;
  std::uint16_t local_port = 0;  // 0 = any. Never 60000: a board's own port, refused
};

/// What became of packets, for the state message. They only rise.
struct Ut0311Counters {
  std::uint64_t asked = 0;        // packets sent
  std::uint64_t answered = 0;     // replies believed
  std::uint64_t silent = 0;       // tries without a reply in time
  std::uint64_t passed_over = 0;  // packets that answered another question
  std::uint64_t malformed = 0;    // replies that could not be true
};

/// A UT0311-L0x board over UDP.
///
/// Every try is sent from a socket of its own, with a transaction number of its
/// own, connected to the board's address. A late, doubled or forged packet can
/// then only reach a port that is closed or be passed over by decode_reply: a
/// late reply to a discovery was once read as the reply to the next "open door"
/// (reference in docs/decisions/0030). Thread: loop.
class Ut0311 : public DoorController {
 public:
  /// Checks the setup; sends nothing. Fault refused: serial without a number of
  /// doors, host that is no IPv4 address, local port 60000, no tries.
  static Result<std::unique_ptr<Ut0311>> make(Loop& loop, Ut0311Setup setup);
  ~Ut0311() override;

  std::uint32_t serial() const override;
  std::uint8_t doors() const override;
  Awaitable<Result<ControllerStatus>> status() override;
  Awaitable<Result<EventLookup>> event(std::uint32_t index) override;
  Awaitable<Result<void>> put_card(DoorCard card) override;
  Awaitable<Result<bool>> delete_card(std::uint32_t number) override;
  Awaitable<Result<std::optional<DoorCard>>> card(std::uint32_t number) override;
  Awaitable<Result<OpenOutcome>> open_door(std::uint8_t door) override;
  Awaitable<Result<std::optional<ControllerTime>>> clock() override;
  Awaitable<Result<void>> set_clock(ControllerTime time) override;
  Awaitable<Result<EventListener>> listener() override;
  Awaitable<Result<void>> set_listener(EventListener listener) override;
  Awaitable<Result<void>> record_special_events(bool on) override;

  const Ut0311Counters& counters() const;

 private:
  class Body;
  explicit Ut0311(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// Hears what boards push, and says only who had something to say: a pushed
/// packet is neither acknowledged nor repeated, and anyone on the network can
/// forge one, so nothing in it is taken as an event. Thread: loop.
class Ut0311PushListener {
 public:
  struct Source {
    std::uint32_t serial = 0;
    std::string host;  // packets in its name from elsewhere are counted and dropped
  };
  struct Counters {
    std::uint64_t heard = 0;
    std::uint64_t foreign = 0;    // a serial or an address nobody configured
    std::uint64_t malformed = 0;  // not a pushed event
  };

  /// Listens on `port` (0 = any, never 60000) of all interfaces. `heard` is
  /// called with the serial. Faults: refused (port 60000), broken (port taken).
  static Result<std::unique_ptr<Ut0311PushListener>> open(Loop& loop, std::uint16_t port,
                                                          std::vector<Source> sources,
                                                          std::function<void(std::uint32_t)> heard);
  ~Ut0311PushListener();

  std::uint16_t port() const;
  const Counters& counters() const;

 private:
  struct Parts;
  explicit Ut0311PushListener(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
