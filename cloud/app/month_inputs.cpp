#include "cloud/app/month_inputs.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "cloud/app/lives.hpp"
#include "cloud/app/true_closings.hpp"
#include "cloud/metering/doubt.hpp"

namespace steward {
namespace {

struct Gathered {
  ClosingReadings readings;
  Digest digest{};
};

/// The days of [from, to) on which a meter came or went with no register written down: the
/// year's usage is cut at their closing records.
std::set<Day> unwritten_changes(const Estate& estate, Day from, Day to) {
  std::set<Day> days;
  const auto take = [&](Day day) {
    if (day >= from && day < to) days.insert(day);
  };
  for (const auto& [point, installs] : estate.installs) {
    for (const auto& install : installs) {
      if (!install.opening) take(install.from);
      if (install.to && !install.closing) take(*install.to);
    }
  }
  return days;
}

bool has_two_months(const Estate& estate) {
  return std::any_of(estate.tariffs.begin(), estate.tariffs.end(), [](const auto& tariff) {
    const auto& versions = tariff.second.versions;
    return std::any_of(versions.begin(), versions.end(),
                       [](const auto& version) { return version.period == TierPeriod::two_months; });
  });
}

/// What a closing would have been marked with, had the gateway known it then.
Reason reason_of(const Doubt& doubt) {
  if (doubt.kind == "time_unsure") return Reason::time_unsure;
  return doubt.kind == "line_shared" ? Reason::foreign : Reason::identity;
}

/// Everything `draw_up` asks for: the month's closing records, both midnights
/// included, for the annual tiers the first good one of the year and those of
/// the days on which a meter was exchanged, and for tiers of two months those of
/// the day on which the two begin.
Result<Gathered> gather(Store& store, const ImportedEstate& estate, std::string_view lives, Month month) {
  const auto offset = estate.estate.offset;
  const auto begin = midnight(first_day(month), offset);
  const auto end = midnight(first_day(month + std::chrono::months(1)), offset) + Milliseconds(1);
  const auto year = midnight(first_day_of_year(first_day(month)), offset);
  auto rows = store.closings(estate.estate.id, begin, end);
  if (!rows) return std::move(rows.error());
  auto first = store.earliest_closings(estate.estate.id, year, begin);
  if (!first) return std::move(first.error());
  const auto append = [&](std::vector<ClosingRow>& more) {
    rows->insert(rows->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  append(*first);
  const auto first_of_month = first_day(month);
  auto days = unwritten_changes(estate.estate, first_day_of_year(first_of_month), first_of_month);
  if (has_two_months(estate.estate)) days.insert(first_day_of_two_months(first_of_month));
  for (const auto day : days) {
    const auto at = midnight(day, offset);
    auto more = store.closings(estate.estate.id, at, at + Milliseconds(1));
    if (!more) return std::move(more.error());
    append(*more);
  }

  const auto settled = settle_times(store, estate.estate.id, offset, year, end, *rows);
  if (!settled) return settled.error();
  const auto taken_back = store.doubt_events(estate.estate.id);
  if (!taken_back) return taken_back.error();
  const Doubts doubts(*taken_back);

  Gathered inputs;
  std::string all = text_of(month) + "\n" + hex(estate.import.hash) + "\n" + std::string(lives) + *settled;
  for (auto& row : *rows) {
    all += hex(sha256(row.sealed)) + "\n";
    auto& c = row.closing;
    const auto* doubt = doubts.of(c.meter, c.taken_at);
    if (doubt != nullptr) {
      all += doubt->kind + " " + std::to_string(ms_of(doubt->since)) + "\n";
      if (c.quality == Quality::good) {
        c.quality = Quality::suspect;
        c.reason = reason_of(*doubt);
      }
    }
    inputs.readings.add({.meter = std::move(c.meter),
                         .channel = std::move(c.channel),
                         .at = c.round_at,
                         .value = c.value,
                         .unit = c.unit,
                         .modulus = c.modulus,
                         .quality = c.quality,
                         .reason = c.reason,
                         .source = ReadingSource::gateway,
                         .gateway = std::move(c.gateway),
                         .epoch = c.epoch,
                         .seq = c.seq,
                         .profile = std::move(c.profile),
                         .raw = std::move(c.raw),
                         .trust = c.trust,
                         .doubt = doubt == nullptr ? std::string() : doubt->kind + ": " + doubt->why,
                         .doubt_since = doubt == nullptr ? Instant{} : doubt->since});
  }
  inputs.digest = sha256({reinterpret_cast<const std::uint8_t*>(all.data()), all.size()});
  return inputs;
}

}  // namespace

Result<MonthInputs> month_inputs(Store& store, const SiteId& site, Month month) {
  auto estate = latest_estate(store, site);
  if (!estate) return std::move(estate.error());
  auto lives = lived_estate(store, std::move(estate->estate), month);
  if (!lives) return std::move(lives.error());
  estate->estate = std::move(lives->lived.estate);
  auto gathered = gather(store, *estate, lives->text, month);
  if (!gathered) return std::move(gathered.error());
  return MonthInputs{std::move(*estate), std::move(gathered->readings), gathered->digest};
}

}  // namespace steward
