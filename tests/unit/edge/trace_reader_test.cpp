#include <doctest/doctest.h>

#include "drivers/cjt188/frame.hpp"
#include "drivers/dlt645/frame.hpp"
#include "drivers/modbus/frame.hpp"
#include "edge/commission/trace_reader.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

using Kind = TraceLine::Kind;

Bytes sealed(Bytes body) {
  const auto crc = crc16(body);
  body.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  body.push_back(static_cast<std::uint8_t>(crc >> 8));
  return body;
}

const Bytes request = sealed({0x07, 0x04, 0x00, 0x48, 0x00, 0x02});
const Bytes reply = sealed({0x07, 0x04, 0x04, 0x43, 0x66, 0x33, 0x34});

/// A line whose pieces are said by the millisecond.
struct Traced {
  explicit Traced(TraceFraming framing = TraceFraming::line) : reader(framing, 30ms, 1s) {}
  Traced& sent(int ms, Bytes bytes) { return piece(ms, true, std::move(bytes)); }
  Traced& heard(int ms, Bytes bytes) { return piece(ms, false, std::move(bytes)); }
  Traced& piece(int ms, bool sent, Bytes bytes) {
    reader.take({Ticks(std::chrono::milliseconds(ms)), sent, std::move(bytes)});
    return *this;
  }
  std::vector<TraceLine> by(int ms) { return reader.lines(Ticks(std::chrono::milliseconds(ms))); }

  TraceReader reader;
};

std::vector<Kind> kinds(const std::vector<TraceLine>& lines) {
  std::vector<Kind> kinds;
  for (const auto& line : lines) kinds.push_back(line.kind);
  return kinds;
}

}  // namespace

TEST_SUITE("edge/trace_reader") {
  TEST_CASE("a read and its reply, which an adapter gave in three pieces") {
    Traced line;
    line.sent(0, request);
    CHECK(kinds(line.by(10)) == std::vector{Kind::request});
    line.heard(40, {reply[0]}).heard(55, Bytes(reply.begin() + 1, reply.begin() + 4));
    line.heard(60, Bytes(reply.begin() + 4, reply.end()));
    CHECK(line.by(70).empty());  // more may come
    const auto lines = line.by(100);
    REQUIRE(kinds(lines) == std::vector{Kind::reply});
    CHECK(lines[0].unit == "7");
    CHECK(lines[0].after == 40ms);
    CHECK(lines[0].en == "2 registers: 4366 3334");
    CHECK(lines[0].zh == "2 个寄存器： 4366 3334");
    CHECK(lines[0].bytes == reply);
  }

  TEST_CASE("requests, refusals and silence are said in words") {
    Traced line;
    line.sent(0, request).heard(30, sealed({0x07, 0x84, 0x02}));
    line.sent(100, request).sent(700, request);
    const auto lines = line.by(1'701);
    REQUIRE(kinds(lines) == std::vector{Kind::request, Kind::exception, Kind::request, Kind::silence,
                                        Kind::request, Kind::silence});
    CHECK(lines[0].en == "read input registers 0x0048, 2");
    CHECK(lines[1].en == "exception 0x02: no such register");
    CHECK(lines[1].zh == "异常码 0x02：无此寄存器");
    CHECK(lines[3].en == "no reply in 600 ms");
    CHECK(lines[3].unit == "7");
    CHECK(lines[5].after == 1'001ms);
    CHECK(line.by(9'000).empty());  // said once
  }

  TEST_CASE("noise, an echo, a second master, and a late reply") {
    Traced line;
    Bytes burst = request;  // the adapter's echo
    burst.insert(burst.end(), reply.begin(), reply.end());
    burst.push_back(0x5A);
    line.sent(0, request).heard(20, burst);
    line.heard(500, sealed({0x09, 0x03, 0x00, 0x00, 0x00, 0x01})).heard(900, {0x00, 0xFF});
    const auto lines = line.by(2'000);
    REQUIRE(kinds(lines) ==
            std::vector{Kind::request, Kind::echo, Kind::reply, Kind::garbage, Kind::foreign, Kind::garbage});
    CHECK(lines[3].bytes == Bytes{0x5A});
    CHECK(lines[4].unit == "9");
    CHECK(lines[4].after == 500ms);
    CHECK(lines[5].en == "2 bytes that make no frame: noise, a cut reply, or another speed");
  }

  TEST_CASE("a write by somebody else is named in capitals") {
    Traced line;
    line.heard(0, sealed({0x09, 0x06, 0x00, 0x10, 0x00, 0x01}));
    const auto lines = line.by(100);
    REQUIRE(kinds(lines) == std::vector{Kind::foreign});
    CHECK(lines[0].en.starts_with("WRITE a register 0x0010"));
  }

  TEST_CASE("Chinese meters by name of their items") {
    const auto meter = dlt645::address_of("000000000012");
    Traced line;
    line.sent(0, dlt645::encode(dlt645::request({*meter, 0x00010000, 0})));
    line.heard(50, dlt645::encode({*meter, 0x91, {0x00, 0x00, 0x01, 0x00, 0x56, 0x34, 0x12, 0x00}}));
    line.sent(200, dlt645::encode({dlt645::any_meter, 0x13, {}}));
    line.heard(250, dlt645::encode({*meter, 0xD1, {0x02}}));
    const auto water = cjt188::address_of(0x10, "00000000000034");
    line.sent(400, cjt188::encode(cjt188::request({*water, 0x901F, 5})));
    const auto lines = line.by(2'000);
    REQUIRE(kinds(lines) == std::vector{Kind::request, Kind::reply, Kind::request, Kind::exception,
                                        Kind::request, Kind::silence});
    CHECK(lines[0].unit == "000000000012");
    CHECK(lines[0].en == "read 00010000 (forward active energy)");
    CHECK(lines[0].zh == "读数据 00010000（正向有功总电能）");
    CHECK(lines[1].en == "read 00010000 (forward active energy): 56 34 12 00");
    CHECK(lines[2].unit == "************");
    CHECK(lines[2].en == "read the address");
    CHECK(lines[3].zh == "拒绝：错误字 0x02，无请求数据");
    CHECK(lines[4].unit == "10:00000000000034");
    CHECK(lines[4].en == "read 901F (present volume), SER 5");
  }

  TEST_CASE("Modbus TCP has its own frames") {
    Traced line(TraceFraming::mbap);
    line.sent(0, {0x00, 0x07, 0x00, 0x00, 0x00, 0x06, 0x01, 0x04, 0x00, 0x00, 0x00, 0x02});
    line.heard(9, {0x00, 0x07, 0x00, 0x00, 0x00, 0x07, 0x01, 0x04, 0x04, 0x43, 0x66, 0x33, 0x34});
    const auto lines = line.by(100);
    REQUIRE(kinds(lines) == std::vector{Kind::request, Kind::reply});
    CHECK(lines[0].en == "read input registers 0x0000, 2");
    CHECK(lines[1].en == "2 registers: 4366 3334");
  }

  TEST_CASE("a line that babbles without end is cut, never kept whole") {
    Traced line;
    for (int ms = 0; ms < 100'000; ms += 10) line.heard(ms, Bytes(100, 0x55));
    const auto lines = line.by(200'000);
    std::size_t longest = 0;
    for (const auto& one : lines) longest = std::max(longest, one.bytes.size());
    CHECK(longest < 1'024);
    CHECK(lines.size() > 1'000);
  }
}
