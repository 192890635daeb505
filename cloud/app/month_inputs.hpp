#pragma once
#include <set>
#include <vector>

#include "cloud/app/data_folder.hpp"
#include "cloud/metering/closing.hpp"
#include "cloud/verify/bill_bundle.hpp"

namespace steward {

/// Everything a month's bills stand on, out of the books.
struct MonthInputs {
  ImportedEstate estate;  // with the lives of its meters applied
  ClosingReadings readings;
  Digest digest{};  // of the import, the month and every signed closing record handed over
};

/// What a proof holds besides the estate.
struct MonthEvidence {
  std::vector<LifeEvent> events;
  std::vector<RegisterFall> falls;
  std::string settled;
  std::vector<BundledClosing> closings;
  std::set<GatewayId> gateways;  // that signed them
};
struct MonthWish {
  std::int64_t import_version = 0;    // 0: the latest
  MonthEvidence* evidence = nullptr;  // filled when given
};
/// Reads what `draw_up` asks for. Faults: the store's; refused (nothing imported).
Result<MonthInputs> month_inputs(Store& store, const SiteId& site, Month month, const MonthWish& wish = {});

}  // namespace steward
