// A line behind a serial device server: bytes of any protocol, in pieces of the server's own.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/gateway_wire.hpp"
#include "drivers/modbus/rtu_codec.hpp"
#include "kit/loop/loop.hpp"

using namespace steward;

namespace {

constexpr UnitAddress power{1, Protocol::dlt645};
constexpr RegisterSpan energy{RegisterKind::dlt645_item, 0x00010000, 4};
constexpr UnitAddress water{0x10 * 100'000'000'000'000 + 12, Protocol::cjt188};
constexpr RegisterSpan volume{RegisterKind::cjt188_item, 0x901F, 19};

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
  return bytes;
}

// As in item_codec_test.cpp: published vectors.
const Bytes ask_energy = hex("68 01 00 00 00 00 00 68 11 04 33 33 34 33 B3 16");
const Bytes give_energy = hex("FE FE FE FE 68 01 00 00 00 00 00 68 91 08 33 33 34 33 AB 89 67 45 17 16");
const Bytes give_volume =
    hex("68 10 12 00 00 00 00 00 00 81 16 90 1F 00 10 00 10 00 2C 10 00 10 00 2C 00 00 00 00 00 00 00 00 FF "
        "67 16");

/// A device server that answers one request a connection for each reply it was given, each in two
/// pieces, and then closes it: the path breaks behind every answer.
class DeviceServer {
 public:
  explicit DeviceServer(std::vector<Bytes> replies) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, replies = std::move(replies)] { serve(replies); });
  }
  ~DeviceServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  DeviceServer(const DeviceServer&) = delete;
  DeviceServer& operator=(const DeviceServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  void serve(const std::vector<Bytes>& replies) const {
    for (const auto& reply : replies) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      char request[512];
      if (::recv(peer, request, sizeof request, 0) > 0) {
        const std::size_t half = reply.size() / 2;
        (void)!::send(peer, reply.data(), half, MSG_NOSIGNAL);
        (void)!::send(peer, reply.data() + half, reply.size() - half, MSG_NOSIGNAL);
        (void)!::recv(peer, request, sizeof request, 0);  // until the next request: the path goes under it
      }
      ::close(peer);
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

Awaitable<void> ask_into(BusWire& wire, UnitAddress unit, RegisterSpan span, std::optional<Heard>& into) {
  Sending sending;
  sending.asked = {unit, span, 0};
  sending.reply_timeout = std::chrono::seconds(10);
  into.emplace(co_await wire.ask(sending));
}

Heard ask(Loop& loop, BusWire& wire, UnitAddress unit, RegisterSpan span) {
  std::optional<Heard> heard;
  loop.spawn(ask_into(wire, unit, span, heard));
  REQUIRE(loop.run_until([&] { return heard.has_value(); }, Milliseconds(30'000)));
  return std::move(*heard);
}

TcpPlace place_of(const DeviceServer& server) {
  TcpPlace place;
  place.host = "127.0.0.1";
  place.port = server.port();
  place.backoff_first = Milliseconds(1);
  return place;
}

/// The timer the kernel keeps for our end of a connection to `port`: "02" is a keep-alive (proc(5)).
std::string timer_of(std::uint16_t port) {
  char wanted[16];
  std::snprintf(wanted, sizeof wanted, "0100007F:%04X", port);
  std::ifstream table("/proc/self/net/tcp");
  for (std::string row; std::getline(table, row);) {
    std::istringstream fields(row);
    std::string number, local, remote, state, queues, timer;
    fields >> number >> local >> remote >> state >> queues >> timer;
    if (remote == wanted && state == "01") return timer.substr(0, 2);
  }
  return "none";
}

}  // namespace

TEST_SUITE("drivers/modbus/over_tcp") {
  TEST_CASE("a device server's line is searched: bytes alone come back, and the guard hears their frames") {
    const DeviceServer server({give_energy});
    Loop loop;
    const auto wire = make_over_tcp_wire(loop, place_of(server), dlt645_codec());
    std::optional<Surveyed> found;
    loop.spawn([](BusWire& line, std::optional<Surveyed>& into) -> Awaitable<void> {
      const Survey survey{
          ask_energy, {}, [](ByteView) { return give_energy.size(); }, std::chrono::seconds(10)};
      into.emplace(co_await line.survey(survey));
    }(*wire, found));
    REQUIRE(loop.run_until([&] { return found.has_value(); }, Milliseconds(30'000)));
    CHECK(found->went_out);
    CHECK_FALSE(found->lost);
    CHECK_FALSE(found->other_speed);  // it has one
    CHECK(found->burst == give_energy);
    REQUIRE(found->overheard.size() == 1);
    CHECK(found->overheard[0].unit == power);
  }

  TEST_CASE("a TCP gateway that takes requests apart cannot be searched, and says so") {
    const DeviceServer server({});
    Loop loop;
    const auto wire = make_gateway_wire(loop, place_of(server));
    std::optional<Surveyed> found;
    loop.spawn([](BusWire& line, std::optional<Surveyed>& into) -> Awaitable<void> {
      into.emplace(co_await line.survey({}));
    }(*wire, found));
    REQUIRE(loop.run_until([&] { return found.has_value(); }, Milliseconds(5'000)));
    REQUIRE(found->lost);
    CHECK(found->lost->fault == Fault::unsupported);
  }

  TEST_CASE(
      "a device server carries DL/T 645 and CJ/T 188 of one line, and is dialled again when it hangs up") {
    const DeviceServer server({give_energy, give_volume});
    const MixedCodec codec({{Protocol::modbus, &rtu_codec()},
                            {Protocol::dlt645, &dlt645_codec()},
                            {Protocol::cjt188, &cjt188_codec()}});
    Loop loop;
    const auto wire = make_over_tcp_wire(loop, place_of(server), codec);
    const auto first = ask(loop, *wire, power, energy);
    REQUIRE(first.after.frames.size() == 1);
    CHECK(first.after.frames[0].unit == power);
    CHECK(first.after.frames[0].tag == tag_of(energy));
    CHECK(first.after.frames[0].words == Words{0x7856, 0x3412});

    const auto broken = ask(loop, *wire, water, volume);  // the server hangs up instead of answering
    CHECK(broken.lost);
    CHECK(broken.after.frames.empty());

    std::optional<Heard> again;
    for (int tries = 0; tries < 50 && !(again && !again->lost); ++tries)
      again.emplace(ask(loop, *wire, water, volume));  // refused at once while the back-off runs
    REQUIRE(again);
    REQUIRE(again->after.frames.size() == 1);
    CHECK(again->after.frames[0].unit == water);
    CHECK(again->after.frames[0].tag == tag_of(volume));
  }

  TEST_CASE("an idle connection is kept alive, so that a server without power is found out") {
    const DeviceServer server({give_energy});
    Loop loop;
    const auto wire = make_over_tcp_wire(loop, place_of(server), dlt645_codec());
    REQUIRE(ask(loop, *wire, power, energy).after.frames.size() == 1);
    CHECK(timer_of(server.port()) == "02");
  }
}
