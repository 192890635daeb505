#include "drivers/line/exchange.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <sstream>

#include "drivers/line/descriptor.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

constexpr LineFormat slow{9600, Parity::even, 1};  // a character takes 1.145834 ms, T3.5 4.010417 ms

/// A wire in the test's own hand: bytes arrive at set times, every step is written
/// down with its microsecond. Time passes only where the port waits.
class ScriptedPort : public LinePort {
 public:
  struct Arrival {
    std::chrono::nanoseconds after;  // the last sending ended, or the port was opened
    Bytes bytes;
  };

  Ticks ticks() const override { return now_; }

  Result<void> send(ByteView bytes) override {
    const auto silence = now_ - last_byte_;
    note("send " + std::to_string(bytes.size()) + " bytes after " + micros(silence) + " of silence");
    if (silence < frame_silence(slow)) ++too_early;
    last_byte_ = now_ + characters(slow, static_cast<std::int64_t>(bytes.size()));
    arrivals_.clear();
    if (!replies.empty()) {
      for (const auto& arrival : replies.front())
        arrivals_.push_back({last_byte_ + arrival.after, arrival.bytes});
      replies.pop_front();
    }
    return {};
  }

  Result<bool> receive(Bytes& into, Ticks deadline) override {
    if (gone) return Error{Fault::retry, "unplugged"};
    if (arrivals_.empty() || arrivals_.front().at > deadline) {
      now_ = std::max(now_, deadline);
      return false;
    }
    now_ = std::max(now_, arrivals_.front().at);
    last_byte_ = now_;
    into.insert(into.end(), arrivals_.front().bytes.begin(), arrivals_.front().bytes.end());
    note("took " + std::to_string(arrivals_.front().bytes.size()) + " bytes");
    arrivals_.pop_front();
    return true;
  }

  /// Bytes that come without being asked for.
  void arrive(std::chrono::nanoseconds after, Bytes bytes) {
    arrivals_.push_back({now_ + after, std::move(bytes)});
  }
  void note(const std::string& what) { story << micros(now_ - start_) << " " << what << "\n"; }

  std::deque<std::vector<Arrival>> replies;  // one list per request
  std::ostringstream story;
  int too_early = 0;
  bool gone = false;

 private:
  struct At {
    Ticks at;
    Bytes bytes;
  };
  static std::string micros(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) + " us";
  }
  const Ticks start_{std::chrono::hours(1)};
  Ticks now_ = start_;
  Ticks last_byte_ = start_;
  std::deque<At> arrivals_;
};

const Bytes request(8, 0x11);
Bytes some(std::size_t count) { return Bytes(count, 0x22); }
std::size_t nine(ByteView) { return 9; }

}  // namespace

TEST_SUITE("drivers/line/exchange") {
  TEST_CASE("a conversation: silence, request, reply in pieces, silence, request") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 300ms;
    port.replies = {{{20ms, some(1)}, {24ms, some(8)}}, {{10ms, some(9)}}};
    const auto first = line.exchange(request, nine, limit);
    REQUIRE(first);
    CHECK(first->burst.size() == 9);
    port.note("accepted");
    const auto second = line.exchange(request, nine, limit);
    REQUIRE(second);
    CHECK(second->burst.size() == 9);
    CHECK(port.story.str() ==
          "4010 us send 8 bytes after 4010 us of silence\n"
          "33177 us took 1 bytes\n"
          "37177 us took 8 bytes\n"
          "41187 us accepted\n"
          "41187 us send 8 bytes after 4010 us of silence\n"
          "60354 us took 9 bytes\n");
    CHECK(port.too_early == 0);
  }

  TEST_CASE("T3.5 is kept before every request, whatever the line did") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 50ms;
    for (int at = 0; at < 50; ++at) {
      const auto delay = std::chrono::milliseconds(at);
      port.replies.push_back({{delay, some(static_cast<std::size_t>(at % 12))}, {delay + 3ms, some(2)}});
    }
    for (int at = 0; at < 50; ++at) {
      CHECK(line.exchange(request, nine, limit));
      if (at % 3 == 0) port.arrive(1ms, some(5));  // a late reply between two requests
      if (at % 6 == 0) port.arrive(3ms, some(5));
    }
    CHECK(port.too_early == 0);
  }

  TEST_CASE("of many bytes nobody asked for the latest are kept") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    const Ticks begin = port.ticks();
    for (int at = 1; at <= 100; ++at) port.arrive(at * 1s, some(8));
    REQUIRE(line.listen(begin + 200s));
    const auto strays = line.take_strays();
    REQUIRE(strays.size() == LineExchange::most_strays);
    CHECK(strays.back().at == begin + 100s);
  }

  TEST_CASE("the test's wire does notice a master that keeps no silence") {
    ScriptedPort port;
    REQUIRE(port.send(request));
    CHECK(port.too_early == 1);
  }

  TEST_CASE("a device that needs more rest than T3.5 gets it") {
    ScriptedPort port;
    LineExchange line(port, slow, 50ms);
    constexpr auto limit = 300ms;
    port.replies = {{{1ms, some(9)}}, {{1ms, some(9)}}};
    CHECK(line.exchange(request, nine, limit));
    CHECK(line.exchange(request, nine, limit));
    CHECK(port.story.str().find("send 8 bytes after 50000 us of silence\n", 50) != std::string::npos);
  }

  TEST_CASE("bytes behind the reply are part of the burst, so that it is refused") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 300ms;
    port.replies = {{{10ms, some(9)}, {13ms, some(1)}}, {{10ms, some(9)}, {15ms, some(1)}}};
    const auto spoilt = line.exchange(request, nine, limit);
    REQUIRE(spoilt);
    CHECK(spoilt->burst.size() == 10);
    const auto apart = line.exchange(request, nine, limit);  // after T3.5: another frame
    REQUIRE(apart);
    CHECK(apart->burst.size() == 9);
  }

  TEST_CASE("silence ends at the time-out, and the time-out counts from the request's last byte") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    const Ticks begin = port.ticks();
    const auto nothing = line.exchange(request, nine, limit);
    REQUIRE(nothing);
    CHECK(nothing->burst.empty());
    CHECK(port.ticks() - begin == frame_silence(slow) + characters(slow, 8) + 100ms);
  }

  TEST_CASE("half a reply is given up after twice its time on the wire") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    port.replies = {{{90ms, some(4)}}};
    const auto half = line.exchange(request, nine, limit);
    REQUIRE(half);
    CHECK(half->burst.size() == 4);
    CHECK(port.ticks() - Ticks(std::chrono::hours(1)) < 250ms);
  }

  TEST_CASE("a line that never falls silent is not talked into") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    for (int at = 1; at < 1000; ++at) port.arrive(std::chrono::milliseconds(2 * at), some(1));
    const auto babble = line.exchange(request, nine, limit);
    REQUIRE(babble);
    CHECK_FALSE(babble->went_out);
    CHECK(port.story.str().find("send") == std::string::npos);
  }

  TEST_CASE("a reply without end is cut off") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    std::vector<ScriptedPort::Arrival> endless;
    for (int at = 1; at < 2000; ++at) endless.push_back({std::chrono::milliseconds(at), some(1)});
    port.replies = {endless};
    const auto burst = line.exchange(request, nine, limit);
    REQUIRE(burst);
    CHECK(burst->burst.size() == max_burst_bytes + 1);
  }

  TEST_CASE("an unplugged device is a fault of the device, not of the reply") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    port.gone = true;
    const auto gone = line.exchange(request, nine, limit);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().message == "unplugged");
  }

  TEST_CASE("what comes while nothing is asked is kept, with the time of its first byte") {
    ScriptedPort port;
    LineExchange line(port, slow, 0ns);
    constexpr auto limit = 100ms;
    const Ticks begin = port.ticks();
    port.arrive(500ms, some(3));
    port.arrive(502ms, some(4));  // the same burst: less than T3.5 between
    port.arrive(900ms, some(5));
    REQUIRE(line.listen(begin + 2s));
    CHECK(port.ticks() == begin + 2s);
    const auto strays = line.take_strays();
    REQUIRE(strays.size() == 2);
    CHECK(strays[0].bytes.size() == 7);
    CHECK(strays[0].at == begin + 500ms);
    CHECK(strays[1].at == begin + 900ms);
    port.replies = {{{10ms, some(9)}}};
    REQUIRE(line.exchange(request, nine, limit));
    CHECK(line.take_strays().empty());
  }

  TEST_CASE("only a serial device with a low descriptor can be claimed as a line") {
    CHECK(claim_line(first_unusable_descriptor).error().fault == Fault::broken);
    CHECK_FALSE(claim_line(-1));
  }
}
