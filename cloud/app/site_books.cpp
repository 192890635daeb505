#include "cloud/app/site_books.hpp"

#include "cloud/app/say.hpp"

namespace steward {

Result<SiteBooks> open_site(const Common& common) {
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return std::move(folder.error());
  auto store = folder->open_store();
  if (!store) return std::move(store.error());
  auto site = choose_site(**store, common.estate);
  if (!site) return std::move(site.error());
  return SiteBooks{std::move(*folder), std::move(*store), std::move(*site)};
}

Result<Month> asked_month(const std::string& text) {
  if (const auto month = read_month(text)) return *month;
  return error_of(Fault::malformed, "\"" + text + "\" is not a month; write it as 2026-06",
                  "“" + text + "”不是月份；请写成 2026-06");
}

}  // namespace steward
