#include "cloud/metering/usage.hpp"

#include <algorithm>
#include <utility>

namespace steward {
namespace {

__extension__ using Wide = __int128;

/// 10 TWh or 10 km³ between two readings: a city's year. Sums over 900,000 such points still fit 63 bits.
constexpr Wide most_usage = 10'000'000'000'000;

/// The lookups every function here needs, as one argument.
struct Book {
  const Estate& estate;
  const ClosingReadings& readings;
  const Point& point;
  Problems& problems;

  void refuse(std::string en, std::string zh) const {
    problems.push_back({"readings", 0, "point " + point.id.text + ": " + std::move(en),
                        "计量点 " + point.id.text + "：" + std::move(zh)});
  }
  std::string quantity(std::int64_t count) const {
    return grouped_decimal_text(count, 3) + " " + std::string(priced_unit(point.medium));
  }
};

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

/// True when `install` counts anything of the days [from, to). On the day of an
/// exchange both meters do: the old one up to its removal register.
bool counts_in(const Install& install, Day from, Day to) {
  if (install.from >= to) return false;
  if (!install.to) return true;
  return *install.to > from || (*install.to == from && install.closing.has_value());
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
      std::move(*end), *usage};
}

/// Days inside [from, to) on which a meter should have been there and was not.
bool covered(const Book& book, const std::vector<Install>& installs, Day from, Day to) {
  bool whole = true;
  const Install* before = nullptr;
  for (const auto& install : installs) {
    if (before != nullptr && before->to && *before->to < install.from && *before->to < to &&
        install.from > from) {
      book.refuse("no meter from " + text_of(*before->to) + " to " + text_of(install.from) +
                      "; what passed in between was not counted, correct the days in installs.csv",
                  text_of(*before->to) + " 至 " + text_of(install.from) +
                      " 没有装表，其间用量未计；请更正 installs.csv 中的日期");
      whole = false;
    }
    before = &install;
  }
  const bool ended =
      before == nullptr || (before->to && (*before->to < from || (*before->to == from && !before->closing)));
  if (ended) {
    const auto since = before == nullptr ? std::string() : " since " + text_of(*before->to);
    const auto since_zh = before == nullptr ? std::string() : "自 " + text_of(*before->to) + " 起";
    book.refuse(
        "no meter" + since + "; add the new meter to installs.csv, or remove the point from points.csv",
        since_zh + "没有装表；请在 installs.csv 中登记新表，或从 points.csv 中删除该计量点");
    whole = false;
  }
  return whole;
}

/// Is a bill of [begin, end) stopped by it?
bool stops(const Unexplained& what, Instant begin, Instant end) {
  if (what.boundary_only) {
    const auto inside = [&](Instant at) {
      return what.since < at && (at < what.at || (what.boundary_at_too && at == what.at));
    };
    return inside(begin) || inside(end);
  }
  if (what.since == what.at) return begin <= what.at && what.at < end;
  return what.since < end && begin < what.at;
}

/// Nothing unexplained in the life of the point's meters.
bool explained(const Book& book, Day from, Day to) {
  const auto found = book.estate.unexplained.find(book.point.id);
  if (found == book.estate.unexplained.end()) return true;
  bool whole = true;
  for (const auto& what : found->second) {
    if (!stops(what, midnight(from, book.estate.offset), midnight(to, book.estate.offset))) continue;
    book.refuse(what.en, what.zh);
    whole = false;
  }
  return whole;
}

const std::vector<Install>& installs_at(const Estate& estate, const PointId& point) {
  static const std::vector<Install> none;
  const auto found = estate.installs.find(point);
  return found == estate.installs.end() ? none : found->second;
}

/// The first of the days [from, until] whose midnight has a good reading of an installed meter.
std::optional<Day> first_read_day(const Book& book, const Install& install, Day from, Day until) {
  const auto offset = book.estate.offset;
  const auto end = midnight(until, offset) + Milliseconds{1};
  for (Day day = from; day <= until;) {
    const auto* reading =
        book.readings.first_good(install.meter, install.channel, midnight(day, offset), end);
    if (reading == nullptr) return std::nullopt;
    day = day_of(reading->at, offset);
    if (midnight(day, offset) == reading->at) return day;
    day += std::chrono::days{1};  // read at noon: not a boundary
  }
  return std::nullopt;
}

std::optional<Day> first_read_day_of_point(const Book& book, const std::vector<Install>& installs, Day from,
                                           Day until) {
  std::optional<Day> first;
  for (const auto& install : installs) {
    if (!counts_in(install, from, until)) continue;
    const auto day = first_read_day(book, install, std::max(from, install.from), until);
    if (day && (!first || *day < *first)) first = day;
  }
  return first;
}

void refuse_unknown_year(const Book& book, Day year_begin, Day until) {
  const auto row = book.point.id.text + "," + std::to_string(year_of(until));
  const auto span = text_of(year_begin);
  book.refuse("its tariff has yearly tiers, and what was used from " + span + " to " + text_of(until) +
                  " is not known; add the row \"" + row +
                  ",<used before the first closing reading>\" to carried.csv, or the reading of 1 January to "
                  "readings.csv",
              "执行年度阶梯，但 " + span + " 至 " + text_of(until) +
                  " 的用量未知；请在 carried.csv 中补一行 \"" + row +
                  ",<首次结算读数之前的用量>\"，或在 readings.csv 中补 1 月 1 日的读数");
}

}  // namespace

bool on_stepped_time(const PointUsage& usage) {
  const auto stepped = [](const RegisterEnd& end) { return end.reading.trust == ClockTrust::stepped; };
  return std::any_of(usage.segments.begin(), usage.segments.end(), [&](const UsageSegment& segment) {
    return stepped(segment.begin) || stepped(segment.end);
  });
}

Result<Milli> register_difference(std::int64_t begin, std::int64_t end, std::int64_t n, std::int64_t d) {
  if (n <= 0 || d <= 0) return {Fault::implausible, "the multiplier is not above zero"};
  if (begin < 0) return {Fault::implausible, "a register is below zero"};
  if (end < begin) return {Fault::implausible, "REVERSE_OR_RESET the register fell"};
  const Wide usage = static_cast<Wide>(end) * n / d - static_cast<Wide>(begin) * n / d;
  if (usage > most_usage) return {Fault::implausible, "the usage is beyond any meter"};
  return Milli{static_cast<std::int64_t>(usage)};
}

std::optional<PointUsage> usage_between(const Estate& estate, const ClosingReadings& readings,
                                        const PointId& point, Day from, Day to, Problems& problems) {
  const Book book{estate, readings, estate.points.at(point), problems};
  const auto& installs = installs_at(estate, point);
  PointUsage usage{point, book.point.medium, from, to, {}, {}};
  if (from == to) return usage;
  const bool known = explained(book, from, to);
  bool whole = covered(book, installs, from, to) && known;
  for (const auto& install : installs) {
    if (!counts_in(install, from, to)) continue;
    auto segment = segment_of(book, install, from, to);
    if (!segment) {
      whole = false;
      continue;
    }
    usage.usage += segment->usage;
    usage.segments.push_back(std::move(*segment));
  }
  if (!whole) return std::nullopt;
  return usage;
}

std::optional<YearUsage> used_in_year(const Estate& estate, const ClosingReadings& readings,
                                      const PointId& point, Day until, Problems& problems) {
  const Book book{estate, readings, estate.points.at(point), problems};
  const auto& installs = installs_at(estate, point);
  const auto year_begin = first_day_of_year(until);
  const auto carried = estate.carried.find({point, year_of(until)});
  const bool is_carried = carried != estate.carried.end();
  const Milli before = is_carried ? carried->second : Milli{};
  if (until == year_begin || installs.empty() || installs.front().from >= until) return YearUsage{before};

  Day since = year_begin;
  const auto& first = installs.front();
  if (first.from >= year_begin && (first.opening || first_read_day(book, first, first.from, first.from))) {
    since = first.from;  // the point began in this year
  } else if (const auto read = first_read_day_of_point(book, installs, year_begin, until);
             is_carried && read != year_begin) {
    if (!read) return YearUsage{before};  // nothing read up to `until`: all of it is carried
    since = *read;
  } else if (is_carried && before.count > 0) {
    book.refuse("carried.csv says that " + book.quantity(before.count) +
                    " were used before the first reading of " + std::to_string(year_of(until)) +
                    ", but that reading is of 1 January; remove one of the two",
                "carried.csv 登记了首次读数之前的用量 " + book.quantity(before.count) +
                    "，但首次读数就在 1 月 1 日；请删除其中之一");
    return std::nullopt;
  } else if (first.from < year_begin && read != year_begin) {
    refuse_unknown_year(book, year_begin, until);
    return std::nullopt;
  }
  const auto usage = usage_between(estate, readings, point, since, until, problems);
  if (!usage) return std::nullopt;
  return YearUsage{before + usage->usage, on_stepped_time(*usage)};
}

}  // namespace steward
