#include <doctest/doctest.h>

#include <chrono>

#include "drivers/line/line_tap.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

/// A port that gives what it was sent, three bytes more, and counts.
class Loopback final : public LinePort {
 public:
  Ticks ticks() const override { return Ticks(1s * ticked); }
  Result<void> send(ByteView bytes) override {
    if (unplugged) return Error{Fault::retry, "gone"};
    kept.assign(bytes.begin(), bytes.end());
    return {};
  }
  Result<bool> receive(Bytes& into, Ticks) override {
    ++ticked;
    into.insert(into.end(), kept.begin(), kept.end());
    return !kept.empty();
  }
  Bytes kept;
  int ticked = 0;
  bool unplugged = false;
};

}  // namespace

TEST_SUITE("drivers/line_tap") {
  TEST_CASE("what is sent and heard is seen as it was, from when somebody listens") {
    auto made = std::make_unique<Loopback>();
    auto& under = *made;
    const auto tap = std::make_shared<LineTap>();
    const auto port = tapped(std::move(made), tap);
    REQUIRE(port->send(Bytes{9}));
    CHECK(tap->take().empty());
    REQUIRE(tap->listen());
    CHECK_FALSE(tap->listen());  // one listener
    REQUIRE(port->send(Bytes{1, 2}));
    Bytes into{7};
    REQUIRE(port->receive(into, Ticks{}));
    CHECK(into == Bytes{7, 1, 2});
    under.kept.clear();
    REQUIRE(port->receive(into, Ticks{}));  // nothing came: nothing to see
    under.unplugged = true;
    CHECK_FALSE(port->send(Bytes{3}));  // what did not go out was not said
    CHECK(tap->take() == std::vector<LinePiece>{{Ticks(0s), true, {1, 2}}, {Ticks(1s), false, {1, 2}}});
    tap->leave();
    under.unplugged = false;
    REQUIRE(port->send(Bytes{4}));
    CHECK(tap->take().empty());
    CHECK(tap->listen());
  }

  TEST_CASE("a listener that takes nothing costs the line nothing, and what it missed is counted") {
    LineTap tap;
    REQUIRE(tap.listen());
    for (std::size_t piece = 0; piece < LineTap::most_pieces + 5; ++piece) tap.heard(Bytes{1}, Ticks{});
    CHECK(tap.missed() == 5);
    CHECK(tap.take().size() == LineTap::most_pieces);
    tap.leave();
    REQUIRE(tap.listen());
    CHECK(tap.missed() == 0);
  }
}
