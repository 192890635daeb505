#include "cloud/metering/usage.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "cloud/metering/register_ends.hpp"

namespace steward {
namespace {

/// Days inside [from, to) on which a meter of `band` should have been there and was not.
bool covered(const Book& book, const std::vector<Install>& installs, const std::string& band, Day from,
             Day to) {
  bool whole = true;
  const Install* before = nullptr;
  for (const auto& install : installs) {
    if (install.band != band) continue;
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

/// The same for every band of the point; a point without rows has one that nothing covers.
bool covered(const Book& book, const std::vector<Install>& installs, Day from, Day to) {
  std::set<std::string> bands;
  for (const auto& install : installs) bands.insert(install.band);
  if (bands.empty()) bands.emplace();
  bool whole = true;
  for (const auto& band : bands) whole = covered(book, installs, band, from, to) && whole;
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

std::optional<YearUsage> used_since(const Estate& estate, const ClosingReadings& readings,
                                    const PointId& point, Day since, Day until, Problems& problems) {
  const auto& installs = installs_at(estate, point);
  if (since == until || installs.empty() || installs.front().from >= until) return YearUsage{};
  const auto usage = usage_between(estate, readings, point, since, until, problems);
  if (!usage) return std::nullopt;
  return YearUsage{usage->usage, on_stepped_time(*usage)};
}

}  // namespace steward
