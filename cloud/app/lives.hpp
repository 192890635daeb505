#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cloud/metering/meter_life.hpp"
#include "cloud/store/store.hpp"

namespace steward {

/// An estate with the lives of its meters applied, and what of them went in.
struct LivedEstate {
  Lived lived;
  std::vector<LifeEvent> events;  // all that went in, in the books' order
  std::vector<RegisterFall> falls;
  std::string text;  // one line per event and fall: part of what a run's inputs are hashed over
};

/// Reads the site's life events with their newest decisions, and the falls of the year up to the end of
/// `month` (nothing: all), and applies them. Faults: the store's.
Result<LivedEstate> lived_estate(Store& store, Estate estate, std::optional<Month> month);

/// The stored event as billing takes it.
LifeEvent life_event_of(const MeterEventRow& row);

}  // namespace steward
