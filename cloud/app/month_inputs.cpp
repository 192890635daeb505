#include "cloud/app/month_inputs.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "cloud/app/lives.hpp"
#include "cloud/app/true_closings.hpp"
#include "cloud/metering/doubt.hpp"
#include "contract/wire/closing_codec.hpp"

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

/// Its block was verified when it was admitted, and is held against the books before each run.
class Admitted final : public Verifier {
 public:
  bool verify(ByteView, const Signature&) const override { return true; }
};

std::optional<TakenBack> taken_back_of(const Doubts& doubts, const Closing& closing) {
  const auto* doubt = doubts.of(closing.meter, closing.taken_at);
  if (doubt == nullptr) return std::nullopt;
  return TakenBack{doubt->kind, doubt->since, doubt->why};
}

Result<void> keep(const ClosingRow& row, const std::optional<TakenBack>& taken_back,
                  MonthEvidence& evidence) {
  const auto said = open_closing(row.sealed, Admitted());
  if (!said) return said.error();
  BundledClosing kept{row.sealed, std::nullopt, taken_back};
  const auto& is = row.closing;
  if (said->round_at != is.round_at || said->quality != is.quality) kept.settled = {is.round_at, is.quality};
  evidence.closings.push_back(std::move(kept));
  evidence.gateways.insert(is.gateway);
  return {};
}

/// Everything `draw_up` asks for: the month's closing records, both midnights
/// included, for the annual tiers the first good one of the year and those of
/// the days on which a meter was exchanged, and for tiers of two months those of
/// the day on which the two begin.
Result<Gathered> gather(Store& store, const ImportedEstate& estate, std::string_view lives, Month month,
                        MonthEvidence* evidence) {
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
  const auto doubt_events = store.doubt_events(estate.estate.id);
  if (!doubt_events) return doubt_events.error();
  const Doubts doubts(*doubt_events);

  Gathered inputs;
  auto all = inputs_head(month, estate.import.hash, lives, *settled);
  for (auto& row : *rows) {
    const auto taken_back = taken_back_of(doubts, row.closing);
    all += closing_text(row.sealed, taken_back);
    if (evidence != nullptr) {
      if (auto kept = keep(row, taken_back, *evidence); !kept) return std::move(kept.error());
    }
    inputs.readings.add(billed_reading(std::move(row.closing), taken_back));
  }
  if (evidence != nullptr) evidence->settled = *settled;
  inputs.digest = sha256(bytes_of(all));
  return inputs;
}

}  // namespace

Result<MonthInputs> month_inputs(Store& store, const SiteId& site, Month month, const MonthWish& wish) {
  auto estate = wish.import_version == 0 ? latest_estate(store, site)
                                         : imported_estate(store, site, wish.import_version);
  if (!estate) return std::move(estate.error());
  auto lives = lived_estate(store, std::move(estate->estate), month);
  if (!lives) return std::move(lives.error());
  estate->estate = std::move(lives->lived.estate);
  auto gathered = gather(store, *estate, lives->text, month, wish.evidence);
  if (!gathered) return std::move(gathered.error());
  if (wish.evidence != nullptr) {
    wish.evidence->events = std::move(lives->events);
    wish.evidence->falls = std::move(lives->falls);
  }
  return MonthInputs{std::move(*estate), std::move(gathered->readings), gathered->digest};
}

}  // namespace steward
