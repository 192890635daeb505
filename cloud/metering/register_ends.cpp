#include "cloud/metering/register_ends.hpp"

namespace steward {
namespace {

__extension__ using Wide = __int128;

/// 10 TWh or 10 km³ between two readings: a city's year. Sums over 900,000 such points still fit 63 bits.
constexpr Wide most_usage = 10'000'000'000'000;

std::string who(const Install& install) {
  return "meter " + install.meter.text + " (" + install.channel + ")";
}
std::string who_zh(const Install& install) {
  return "表 " + install.meter.text + "（" + install.channel + "）";
}

/// The closing reading of an installed meter at the midnight that begins `day`, if a bill may stand on it.
std::optional<RegisterEnd> closing_on(const Book& book, const Install& install, Day day) {
  const auto at = midnight(day, book.estate.offset);
  const auto found = book.readings.find(install.meter, install.channel, at);
  const auto when = text_of(at, book.estate.offset);
  if (found.reading == nullptr) {
    book.refuse(
        "no closing reading of " + who(install) + " at " + when +
            "; let its gateway deliver it, or read the dial and add a row to readings.csv",
        who_zh(install) + "在 " + when + " 没有结算读数；请让网关补传，或人工抄表后在 readings.csv 中补一行");
    return std::nullopt;
  }
  const auto& reading = *found.reading;
  if (found.conflict) {
    book.refuse("two sources give different values of " + who(install) + " at " + when +
                    "; find out which is true and remove the other",
                who_zh(install) + "在 " + when + " 有两个不同的读数；请核实后删除错误的一个");
    return std::nullopt;
  }
  if (!reading.doubt.empty() && reading.quality != Quality::good) {
    const auto since = text_of(reading.doubt_since, book.estate.offset);
    book.refuse("the closing reading of " + who(install) + " at " + when + " may be another meter's: since " +
                    since + " its gateway says " + reading.doubt +
                    "; see to it at the meter, clear it with `steward-edge unlatch " + install.meter.text +
                    "`, and add the reading of that day, as read from the dial, to readings.csv",
                who_zh(install) + "在 " + when + " 的结算读数存疑：自 " + since + " 起网关报告 " +
                    reading.doubt + "；请到现场处理，执行 steward-edge unlatch " + install.meter.text +
                    "，并在 readings.csv 中补录当日人工抄表读数");
    return std::nullopt;
  }
  if (reading.quality != Quality::good) {
    const auto quality = std::string(word(reading.quality)) + "/" + std::string(word(reading.reason));
    book.refuse("the closing reading of " + who(install) + " at " + when + " is " + quality +
                    ", and only good ones are billed; check the meter and add a row to readings.csv",
                who_zh(install) + "在 " + when + " 的结算读数为 " + quality +
                    "，只有 good 的读数可以计费；请检查该表并在 readings.csv 中补一行");
    return std::nullopt;
  }
  if (reading.unit != channel_unit(book.point.medium)) {
    book.refuse("the reading of " + who(install) + " at " + when + " does not count " +
                    std::string(word(book.point.medium)) + "; correct meter or channel in installs.csv",
                who_zh(install) + "在 " + when + " 的读数单位与介质不符；请更正 installs.csv 中的表或通道");
    return std::nullopt;
  }
  return RegisterEnd{EndKind::reading, reading};
}

RegisterEnd written(const Book& book, const Install& install, EndKind kind, Day day, std::int64_t value) {
  ClosingReading reading;
  reading.meter = install.meter;
  reading.channel = install.channel;
  reading.at = midnight(day, book.estate.offset);
  reading.value = value;
  reading.unit = channel_unit(book.point.medium);
  reading.source = ReadingSource::manual;
  return {kind, std::move(reading)};
}

/// Where `install` starts to count in a period that begins on `from`.
std::optional<RegisterEnd> begin_of(const Book& book, const Install& install, Day from) {
  if (install.from < from) return closing_on(book, install, from);
  if (install.opening) return written(book, install, EndKind::opening, install.from, *install.opening);
  return closing_on(book, install, install.from);
}

/// Where `install` stops to count in a period that ends on `to`.
std::optional<RegisterEnd> end_of(const Book& book, const Install& install, Day to) {
  if (!install.to || *install.to >= to) return closing_on(book, install, to);
  if (install.closing) return written(book, install, EndKind::removal, *install.to, *install.closing);
  return closing_on(book, install, *install.to);
}

/// The first good closing reading between the ends that is below one before it: a register that fell and
/// rose again past where it was looks like plain usage from its ends alone.
const ClosingReading* fall_between(const Book& book, const Install& install, const RegisterEnd& begin,
                                   const RegisterEnd& end) {
  const auto step = Milliseconds{1};
  auto highest = begin.reading.value;
  for (auto at = begin.reading.at + step; at < end.reading.at;) {
    const auto* reading = book.readings.first_good(install.meter, install.channel, at, end.reading.at);
    if (reading == nullptr) return nullptr;
    if (reading->value < highest || reading->value > end.reading.value) return reading;
    highest = reading->value;
    at = reading->at + step;
  }
  return nullptr;
}

}  // namespace

bool counts_in(const Install& install, Day from, Day to) {
  if (install.from >= to) return false;
  if (!install.to) return true;
  return *install.to > from || (*install.to == from && install.closing.has_value());
}

Result<Milli> register_difference(std::int64_t begin, std::int64_t end, std::int64_t n, std::int64_t d) {
  if (n <= 0 || d <= 0) return {Fault::implausible, "the multiplier is not above zero"};
  if (begin < 0) return {Fault::implausible, "a register is below zero"};
  if (end < begin) return {Fault::implausible, "REVERSE_OR_RESET the register fell"};
  const Wide usage = static_cast<Wide>(end) * n / d - static_cast<Wide>(begin) * n / d;
  if (usage > most_usage) return {Fault::implausible, "the usage is beyond any meter"};
  return Milli{static_cast<std::int64_t>(usage)};
}

std::optional<UsageSegment> segment_of(const Book& book, const Install& install, Day from, Day to) {
  auto begin = begin_of(book, install, from);
  auto end = end_of(book, install, to);
  if (!begin || !end) return std::nullopt;
  const auto usage = register_difference(begin->reading.value, end->reading.value, install.multiplier_n,
                                         install.multiplier_d);
  if (!usage) {
    const auto span = book.quantity(begin->reading.value) + " → " + book.quantity(end->reading.value);
    std::string en = who(install) + ": " + usage.error().message + " (" + span + ", " +
                     text_of(begin->reading.at, book.estate.offset) + " to " +
                     text_of(end->reading.at, book.estate.offset) +
                     "); look at the meter: if it was exchanged or reset, add the exchange to installs.csv";
    std::string zh = who_zh(install) + "：读数倒退或溢出（" + span + "，" +
                     text_of(begin->reading.at, book.estate.offset) + " 至 " +
                     text_of(end->reading.at, book.estate.offset) +
                     "）；请现场核对：如已换表或清零，请在 installs.csv 中登记";
    const auto modulus = end->reading.modulus;
    if (modulus > begin->reading.value && end->reading.value < begin->reading.value &&
        end->reading.value >= 0) {
      const auto wrapped = book.quantity(modulus - begin->reading.value + end->reading.value);
      const auto full = decimal_text(modulus, 3);
      en += "; if its dial went past its end, the register rose by " + wrapped +
            ": enter it as an exchange of the meter for itself, closing " + full + ", opening 0";
      zh += "；如为满度翻转，则走字 " + wrapped + "：请登记为同一表的换表，止码 " + full + "，起码 0";
    }
    book.refuse(std::move(en), std::move(zh));
    return std::nullopt;
  }
  if (const auto* fall = fall_between(book, install, *begin, *end); fall != nullptr) {
    const auto when = text_of(fall->at, book.estate.offset);
    const auto what = book.quantity(begin->reading.value) + " → " + book.quantity(fall->value) + " (" + when +
                      ") → " + book.quantity(end->reading.value);
    book.refuse(
        who(install) + " did not only rise: " + what +
            "; look at the meter: if it was exchanged or reset, say so at the gateway (`steward-edge meter "
            "exchange` or `reset`) or add the exchange to installs.csv",
        who_zh(install) + "读数并非一直上升：" + what +
            "；请现场核对：如已换表或清零，请在网关执行 steward-edge meter exchange 或 reset，或在 "
            "installs.csv 中登记");
    return std::nullopt;
  }
  return UsageSegment{
      install.meter,   install.channel, install.multiplier_n, install.multiplier_d, std::move(*begin),
      std::move(*end), *usage,          install.band};
}

}  // namespace steward
