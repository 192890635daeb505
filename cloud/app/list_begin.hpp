#pragma once
#include <memory>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/verbs.hpp"

namespace steward {

/// The store, the site, its offset and the asked span: what every list begins with.
struct Listing {
  std::unique_ptr<Store> store;
  UtcOffset offset{480};
  ListQuery query;
};

/// Faults: malformed (a bound that is neither day nor instant), the folder's and the store's.
Result<Listing> begin_list(const Common& common, const ListOptions& options);

}  // namespace steward
