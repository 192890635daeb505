#pragma once
#include "cloud/app/data_folder.hpp"
#include "cloud/metering/closing.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {

/// Everything a month's bills stand on, out of the books.
struct MonthInputs {
  ImportedEstate estate;  // with the lives of its meters applied
  ClosingReadings readings;
  Digest digest{};  // of the import, the month and every signed closing record handed over
};

/// Reads what `draw_up` asks for. Faults: the store's; refused (nothing imported).
Result<MonthInputs> month_inputs(Store& store, const SiteId& site, Month month);

}  // namespace steward
