#include "cloud/app/lives.hpp"

#include <utility>

#include "cloud/verify/month_record.hpp"
#include "contract/wire/limits.hpp"

namespace steward {

LifeEvent life_event_of(const MeterEventRow& row) {
  LifeEvent event{row.event_no, row.event, std::nullopt};
  if (!row.decisions.empty()) event.verdict = row.decisions.back().confirmed;
  return event;
}

Result<LivedEstate> lived_estate(Store& store, Estate estate, std::optional<Month> month) {
  auto from = instant_from_ms(0);
  auto to = instant_from_ms(wire_limit::instant_ms);
  if (month) {
    from = midnight(first_day_of_year(first_day(*month)), estate.offset);
    to = midnight(first_day(*month + std::chrono::months(1)), estate.offset) + Milliseconds(1);
  }
  const auto rows = store.meter_events(estate.id);
  if (!rows) return rows.error();
  const auto fallen = store.falls(estate.id, from, to);
  if (!fallen) return fallen.error();
  std::vector<LifeEvent> events;
  for (const auto& row : *rows) events.push_back(life_event_of(row));
  std::vector<RegisterFall> falls;
  for (const auto& row : *fallen) falls.push_back({row.meter, row.channel, row.round_at});
  auto text = lives_text(events, falls, to);
  auto alive = lived(std::move(estate), events, falls);
  return LivedEstate{std::move(alive), std::move(events), std::move(falls), std::move(text)};
}

}  // namespace steward
