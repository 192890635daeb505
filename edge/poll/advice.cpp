#include "edge/poll/advice.hpp"

#include <algorithm>
#include <array>

namespace steward {
namespace {

/// Below one failure in so many exchanges nobody has to go there.
constexpr std::uint64_t tolerable = 50;
/// Fewer exchanges than this prove nothing about a line.
constexpr std::uint64_t enough = 4;

std::uint64_t failures(const UnitCounters& c) { return c.asked - std::min(c.asked, c.answered); }
std::uint64_t noise(const UnitCounters& c) { return c.garbled + c.cut; }

/// Most of what failed is of this kind.
bool mostly(std::uint64_t part, const UnitCounters& counters) { return 2 * part > failures(counters); }

struct Words2 {
  Trouble trouble;
  std::string_view en;
  std::string_view zh;
};

constexpr std::array<Words2, 13> sayings{{
    {Trouble::address_clash,
     "two devices answer at this address; switch one off, give each an address of its own, then "
     "`steward-edge "
     "unlatch METER`",
     "同一地址有两台设备应答；请断开其一，为每台设置不同地址，然后执行 steward-edge unlatch 表号"},
    {Trouble::exchanged,
     "another meter answers at this address than before; if it was exchanged, register the exchange in the "
     "estate, then `steward-edge unlatch METER`; if not, check the address",
     "该地址上的表与以前不同；如已换表，请登记换表后执行 steward-edge unlatch 表号；否则请检查地址"},
    {Trouble::pulses_missed,
     "pulses may have gone uncounted; read the meter's dial, then `steward-edge pulse base METER --display "
     "VALUE`",
     "可能漏计脉冲；请读取表盘示数，然后执行 steward-edge pulse base 表号 --display 示数"},
    {Trouble::second_master,
     "another master asks on this line; disconnect the second reading system: an RS-485 line has one master",
     "总线上有另一台主机在抄表；请断开另一套抄表系统：一条 RS-485 总线只能有一台主机"},
    {Trouble::echo,
     "the adapter hears its own requests, which is allowed for, and no meter behind them; check A and B "
     "between "
     "adapter and first meter",
     "转换器只收到自己发出的请求（允许回波），没有表应答；请检查转换器到第一块表之间的 A、B 线"},
    {Trouble::wiring,
     "what comes from all meters of this line is garbled; swap A and B at the gateway, then put 120 ohm at "
     "both "
     "ends of the line",
     "本总线所有表的应答均为乱码；请先对调网关端的 A、B 线，再在总线两端各接 120 欧终端电阻"},
    {Trouble::line_settings,
     "replies of all meters of this line are garbled or cut off; compare baud rate and parity in the config "
     "with the meters' settings",
     "本总线所有表的应答残缺或为乱码；请核对配置中的波特率、校验位与表的设置"},
    {Trouble::line_dead,
     "nobody on this bus answers; check the adapter or gateway, its power and cable, then A and B, baud rate "
     "and addresses",
     "本总线没有任何设备应答；请检查转换器或网关的电源与接线，再查 A、B 线、波特率和地址"},
    {Trouble::unit_silent,
     "only this meter is silent; check its power, its address and its own A and B terminals",
     "只有这块表不应答；请检查其供电、地址及自身的 A、B 接线"},
    {Trouble::unit_garbled,
     "only this meter's replies are garbled; check its cable and terminals, and that no second device has "
     "its "
     "address",
     "只有这块表的应答为乱码；请检查其接线端子和线缆，并确认没有其他设备使用同一地址"},
    {Trouble::wrong_unit,
     "another unit answers in its place; compare the addresses set on the meters with the meter list",
     "由其他地址的表代为应答；请核对各表地址与表清单"},
    {Trouble::too_slow,
     "its replies come after the time-out; raise \"timeout_ms\" of the bus, and \"delay_floor_ms\" above the "
     "slowest reply",
     "应答晚于超时时间；请调大该总线的 \"timeout_ms\"，并使 \"delay_floor_ms\" 大于最慢的应答"},
    {Trouble::none, "", ""},
}};

Advice say(Trouble trouble) {
  for (const auto& saying : sayings) {
    if (saying.trouble == trouble) return {trouble, std::string(saying.en), std::string(saying.zh)};
  }
  return {trouble, {}, {}};
}

/// By code: MODBUS Application Protocol V1.1b3, 7.
Advice say_exception(std::uint8_t code) {
  const auto with = [&](std::string_view en, std::string_view zh) {
    const auto number = "0x0" + std::string(1, "0123456789ABCDEF"[code & 0xFU]);
    return Advice{Trouble::exception, "it answers with exception " + number + ": " + std::string(en),
                  "应答异常码 " + number + "：" + std::string(zh)};
  };
  switch (code) {
    case 0x01:
    case 0x02:
    case 0x03:
      return with("it has no such register; check that the profile in the meter list is this meter's model",
                  "表中没有该寄存器；请核对表清单中的表型是否为该表型号");
    case 0x04:
      return with("the meter itself has failed; switch it off and on, then exchange it",
                  "表自身故障；请断电重启，仍不行则更换");
    case 0x06:
      return with("it is busy; ask less often, or end the other connection to it",
                  "表忙；请降低抄表频率，或断开与它的其他连接");
    case 0x0A:
      return with("the gateway has no path to it; check the gateway's own port settings",
                  "网关没有到该表的通路；请检查网关的串口设置");
    case 0x0B:
      return with("behind the gateway it does not answer; check its power, address and wiring",
                  "网关后面的该表不应答；请检查其供电、地址和接线");
    default: return with("see the meter's manual", "请查阅该表说明书");
  }
}

/// What all units of a serial line share, if they do.
Trouble of_line(const UnitCounters& own, const LineTrouble& line) {
  const bool alone = line.units < 2;
  const auto& others = line.others;
  const bool others_asked = others.asked >= enough;
  if (!alone && (!others_asked || others.answered * 10 > others.asked)) return Trouble::none;
  UnitCounters all = others;
  all.asked += own.asked, all.answered += own.answered, all.silent += own.silent;
  all.garbled += own.garbled, all.cut += own.cut;
  if (line.serial_line && mostly(noise(all), all)) {
    // A wrong rate splits characters, so that frames begin rightly or end early; swapped wires invert all.
    return all.cut * 4 > noise(all) ? Trouble::line_settings : Trouble::wiring;
  }
  if (!alone && mostly(all.silent, all)) return Trouble::line_dead;
  return Trouble::none;
}

}  // namespace

std::string_view word(Trouble trouble) {
  constexpr std::string_view words[] = {"none",          "address_clash", "pulses_missed", "exchanged",
                                        "second_master", "echo",          "wiring",        "line_settings",
                                        "line_dead",     "unit_silent",   "unit_garbled",  "wrong_unit",
                                        "too_slow",      "exception"};
  return words[static_cast<std::size_t>(trouble)];
}

UnitCounters added_up(std::span<const UnitCounters> counters) {
  UnitCounters sum;
  for (const auto& c : counters) {
    sum.asked += c.asked;
    sum.answered += c.answered;
    sum.silent += c.silent;
    sum.garbled += c.garbled;
    sum.cut += c.cut;
    sum.surplus += c.surplus;
    sum.late += c.late;
    sum.strangers += c.strangers;
    sum.exceptions += c.exceptions;
    sum.echoes += c.echoes;
  }
  return sum;
}

Advice advise(const UnitTrouble& unit, const LineTrouble& line) {
  const auto& c = unit.counters;
  if (unit.latched) return say(unit.exchanged ? Trouble::exchanged : Trouble::address_clash);
  if (unit.missed) return say(Trouble::pulses_missed);
  if (line.foreign) return say(Trouble::second_master);
  if (c.asked == 0 || failures(c) * tolerable < c.asked || failures(c) == 0) return {};
  if (c.echoes == c.asked && c.answered == 0 && mostly(c.silent, c)) return say(Trouble::echo);
  if (const auto shared = of_line(c, line); shared != Trouble::none) return say(shared);
  if (c.late > 0 && 2 * c.late >= c.silent && mostly(c.late + c.silent, c)) return say(Trouble::too_slow);
  if (mostly(c.exceptions, c)) return say_exception(c.last_exception);
  if (mostly(c.strangers, c)) return say(Trouble::wrong_unit);
  if (mostly(noise(c) + c.surplus, c)) return say(Trouble::unit_garbled);
  return say(Trouble::unit_silent);
}

}  // namespace steward
