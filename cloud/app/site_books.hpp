#pragma once
#include <memory>
#include <string>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/verbs.hpp"
#include "cloud/metering/calendar.hpp"
#include "cloud/store/store.hpp"

/// What a verb about one site begins with.
namespace steward {

struct SiteBooks {
  DataFolder folder;
  std::unique_ptr<Store> store;
  SiteId site;
};

/// The books in `common.data`, opened for the site that is meant. Faults: refused (no such folder; no site,
/// or several and none was named), implausible (not the one that was named), and the store's.
Result<SiteBooks> open_site(const Common& common);

/// --month as it was typed. Faults: malformed, in both languages.
Result<Month> asked_month(const std::string& text);

}  // namespace steward
