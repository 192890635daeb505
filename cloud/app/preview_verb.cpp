#include <algorithm>

#include "cloud/app/month_inputs.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/preview.hpp"

namespace steward {
namespace {

Exit say_no_pool(const Common& common, const Streams& streams, const std::string& pool,
                 const Estate& estate) {
  std::string all;
  for (const auto& [id, one] : estate.pools) {
    if (all.size() < 200) all += (all.empty() ? "" : ", ") + id.text;
  }
  return say_error(common, streams, Exit::bad_input, "no pool \"" + pool + "\"; there are: " + all,
                   "没有公摊“" + pool + "”；现有：" + all);
}

}  // namespace

Exit preview_pools(const Common& common, const PreviewOptions& options, const Streams& streams) {
  const auto month = asked_month(options.month);
  if (!month) return say_fault(common, streams, month.error());
  const auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  const auto inputs = month_inputs(*books->store, books->site, *month);
  if (!inputs) return say_fault(common, streams, inputs.error());
  const auto& estate = inputs->estate.estate;
  if (!options.pool.empty() && !estate.pools.contains(PoolId(options.pool)))
    return say_no_pool(common, streams, options.pool, estate);
  const auto drawn = draw_up(estate, inputs->readings, *month);
  if (!drawn.run) {
    say_problems(common, streams, drawn.problems);
    return Exit::refused;
  }
  if (common.json) {
    streams.out << run_json(*drawn.run).dump() << "\n";
  } else {
    streams.out << pools_page(estate, *drawn.run, PoolId(options.pool));
  }
  return Exit::ok;
}

}  // namespace steward
