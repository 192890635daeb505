#include "cloud/metering/estate_csv.hpp"

#include <algorithm>
#include <utility>

#include "cloud/metering/estate_rows.hpp"

namespace steward {
namespace rows {
namespace {

constexpr std::size_t most_listed = 200;  // more than a person mends before trying again

std::size_t place_of(const std::string& file) {
  std::size_t place = 0;
  for (const auto& known : estate_file_names) {
    if (known.name == file) return place;
    ++place;
  }
  return place;
}

void take_tariffs(std::vector<Row<TierRow>>& tiers, Estate& estate) {
  std::sort(tiers.begin(), tiers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.value.tariff, a.value.valid_from, a.value.tier) <
           std::tie(b.value.tariff, b.value.valid_from, b.value.tier);
  });
  for (const auto& [line, sound, tier] : tiers) {
    auto& tariff = estate.tariffs[tier.tariff];
    tariff.id = tier.tariff;
    tariff.medium = tier.medium;
    if (tariff.versions.empty() || tariff.versions.back().valid_from != tier.valid_from) {
      tariff.versions.push_back({tier.valid_from, tier.period, {}, 0, tier.by_months, {}});
    }
    auto& version = tariff.versions.back();
    version.persons_above = std::max(version.persons_above, tier.persons_above);  // its rows agree
    version.tiers.push_back(tier.bounds);
  }
}

void take_bands(std::vector<Row<BandRow>>& bands, Estate& estate) {
  std::sort(bands.begin(), bands.end(),
            [](const auto& a, const auto& b) { return a.value.price.band < b.value.price.band; });
  for (auto& [line, sound, row] : bands) {
    for (auto& version : estate.tariffs.at(row.tariff).versions) {
      if (version.valid_from == row.valid_from) version.bands.push_back(row.price);
    }
  }
}

void take_fees(std::vector<Row<FeePlan>>& fees, Estate& estate) {
  for (auto& [line, sound, plan] : fees) estate.fees.push_back(std::move(plan));
  std::sort(estate.fees.begin(), estate.fees.end(), [](const FeePlan& a, const FeePlan& b) {
    return std::tie(a.fee, a.node, a.group, a.valid_from) < std::tie(b.fee, b.node, b.group, b.valid_from);
  });
}

void take_readings(const std::vector<Row<ReadingRow>>& readings, Estate& estate) {
  std::map<std::pair<MeterId, std::string>, Medium> media;
  for (const auto& [point, stays] : estate.installs) {
    for (const auto& install : stays) {
      media.emplace(std::pair(install.meter, install.channel), estate.points.at(point).medium);
    }
  }
  for (const auto& [line, sound, row] : readings) {
    ClosingReading reading;
    reading.meter = row.meter;
    reading.channel = row.channel;
    reading.at = row.day ? midnight(*row.day, estate.offset) : *row.at;
    reading.value = row.value;
    reading.unit = channel_unit(media.at({row.meter, row.channel}));
    reading.source = row.source;
    estate.readings.push_back(std::move(reading));
  }
  std::sort(estate.readings.begin(), estate.readings.end(), [](const auto& a, const auto& b) {
    return std::tie(a.meter, a.channel, a.at) < std::tie(b.meter, b.channel, b.at);
  });
}

}  // namespace

Estate assemble(EstateRows rows) {
  Estate estate = std::move(rows.estates.front().value);
  for (auto& [line, sound, node] : rows.nodes) {
    if (node.parent.text.empty()) estate.root = node.id;
    estate.nodes.emplace(node.id, std::move(node));
  }
  for (auto& [line, sound, unit] : rows.units) estate.units.emplace(unit.id, std::move(unit));
  for (auto& [line, sound, point] : rows.points) estate.points.emplace(point.id, std::move(point));
  for (auto& [line, sound, pool] : rows.pools) estate.pools.emplace(pool.id, std::move(pool));
  for (auto& [line, sound, install] : rows.installs)
    estate.installs[install.point].push_back(std::move(install));
  for (auto& [line, sound, stay] : rows.occupancies) estate.occupancies[stay.unit].push_back(std::move(stay));
  const auto by_from = [](const auto& a, const auto& b) { return a.from < b.from; };
  for (auto& [point, stays] : estate.installs) {
    std::sort(stays.begin(), stays.end(), [](const Install& a, const Install& b) {
      return std::tie(a.from, a.band) < std::tie(b.from, b.band);
    });
  }
  for (auto& [unit, stays] : estate.occupancies) std::sort(stays.begin(), stays.end(), by_from);
  for (const auto& [line, sound, carried] : rows.carried) {
    estate.carried.emplace(std::pair(carried.point, carried.year), carried.used);
  }
  for (const auto& [line, sound, row] : rows.invoices)
    estate.invoices.emplace(std::pair(row.pool, row.month), row.invoice);
  for (auto& [line, sound, charge] : rows.charges) estate.charges.emplace(charge.id, std::move(charge));
  for (auto& [line, sound, rule] : rows.reductions) estate.reductions.emplace(rule.id, std::move(rule));
  take_tariffs(rows.tiers, estate);
  take_bands(rows.bands, estate);
  take_fees(rows.fees, estate);
  take_readings(rows.readings, estate);
  return estate;
}

void tidy(Problems& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(place_of(a.file), a.line) < std::pair(place_of(b.file), b.line);
  });
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  if (problems.size() <= most_listed) return;
  const auto more = std::to_string(problems.size() - most_listed);
  problems.resize(most_listed);
  problems.push_back({"", 0, "and " + more + " problems more; mend these first",
                      "另有 " + more + " 个问题；请先处理以上各项"});
}

}  // namespace rows

std::optional<Estate> read_estate(const EstateFiles& files, Problems& problems) {
  Problems found;
  auto rows = rows::read_rows(files, found);
  rows::check_rows(rows, found);
  if (found.empty()) return rows::assemble(std::move(rows));
  rows::tidy(found);
  problems.insert(problems.end(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
  return std::nullopt;
}

}  // namespace steward
