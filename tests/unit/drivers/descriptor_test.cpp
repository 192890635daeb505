// What a thread that waits for a device and for its own program's requests may not miss.
#include "drivers/line/descriptor.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>

using namespace steward;
using namespace std::chrono_literals;

namespace {

/// A device: what is written to one end can be read at the other.
struct Pipe {
  Pipe() { REQUIRE(::pipe(ends.data()) == 0); }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  void say(std::string_view text) const {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::array<int, 2> ends{};
};

constexpr auto far_away = 10s;  // only reached when the wake is missed

}  // namespace

TEST_CASE("a wake that comes together with bytes still ends the next wait") {
  // A request put in while a second reply was coming in lay there for the minute that the line listened.
  const Pipe device;
  Wake wake;
  device.say("stray");
  wake.wake();
  const auto start = steady_ticks();

  Bytes heard;
  const auto bytes = receive_until(device.ends[0], heard, start + far_away, &wake);
  REQUIRE(bytes);
  CHECK(*bytes);
  CHECK(heard.size() == 5);

  const auto woken = receive_until(device.ends[0], heard, start + far_away, &wake);
  REQUIRE(woken);
  CHECK_FALSE(*woken);
  CHECK(steady_ticks() < start + far_away);
}

TEST_CASE("a wake ends one wait and no more") {
  const Pipe device;
  Wake wake;
  wake.wake();
  Bytes heard;
  const auto start = steady_ticks();
  const auto woken = receive_until(device.ends[0], heard, start + far_away, &wake);
  REQUIRE(woken);
  CHECK_FALSE(*woken);
  CHECK(steady_ticks() < start + far_away);

  const auto deadline = steady_ticks() + 2ms;
  const auto waited = receive_until(device.ends[0], heard, deadline, &wake);
  REQUIRE(waited);
  CHECK_FALSE(*waited);
  CHECK(steady_ticks() >= deadline);
  CHECK(heard.empty());
}
