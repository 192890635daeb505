#pragma once
#include <string>

#include "contract/wire/site_config.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Puts a document's rounds and buses in the place of the file's own. Adds a problem where a reader of the
/// file has a line of the document. Pure.
void take_desired(const SiteConfigDocument& document, SiteSetup& setup, Problems& problems);
/// Its meters as a meter list, so that they pass the same checks; the i-th on line i + 2. Pure.
std::string meter_list_of(const SiteConfigDocument& document);
/// Gives problems of that list the document's own lines, from the problem `first` on. Pure.
void place_in_desired(const SiteConfigDocument& document, std::size_t first, Problems& problems);

}  // namespace steward
