#include "edge/guard/disk_guard_book.hpp"
#include "contract/text/unit_text.hpp"

#include "edge/guard/unit_record_text.hpp"

namespace steward {
namespace {

std::string name_of(std::string_view what, const BusId& bus, UnitAddress unit) {
  return std::string(what) + "/" + bus.text + "/" + unit_text(unit);
}

}  // namespace

Result<KeptUnit> read_kept_unit(Outbox& outbox, const BusId& bus, UnitAddress unit) {
  KeptUnit kept;
  const auto where = "what is kept of unit " + unit_text(unit) + " of bus " + bus.text;
  const auto tags = outbox.mark(name_of("tags", bus, unit));
  if (!tags) return tags.error();
  if (!tags->empty()) {
    auto book = read_tag_book(*tags);
    if (!book) return Error{Fault::broken, where + ": " + book.error().message};
    kept.tags = std::move(*book);
  }
  const auto record = outbox.mark(name_of("guard", bus, unit));
  if (!record) return record.error();
  if (!record->empty()) {
    auto found = read_unit_record(unit, *record);
    if (!found) return Error{Fault::broken, where + ": " + found.error().message};
    kept.record = std::move(*found);
  }
  return kept;
}

SavedMark tags_mark(const BusId& bus, UnitAddress unit, const TagBook& book) {
  return {name_of("tags", bus, unit), tag_book_text(book)};
}

DiskGuardBook::DiskGuardBook(StoreThread& store, BusId bus, std::function<ClockStamp()> stamp)
    : store_(store), bus_(std::move(bus)), stamp_(std::move(stamp)) {}

Batch DiskGuardBook::batch_of(const UnitRecord& record) const {
  Batch batch;
  batch.stream = Stream::events;
  batch.records = std::vector<EdgeEvent>{};
  batch.stamp = stamp_();
  batch.marks = {{name_of("guard", bus_, record.unit), unit_record_text(record)}};
  return batch;
}

Awaitable<Result<void>> DiskGuardBook::keep(UnitRecord record) {
  records_.insert_or_assign(record.unit, record);
  std::vector<Batch> batches;
  batches.push_back(batch_of(record));
  return store_.appended(std::move(batches));
}

void DiskGuardBook::note_latch(UnitAddress unit, bool latched) {
  const auto found = records_.find(unit);
  if (found == records_.end()) return;
  found->second.latched = latched;
  if (!latched) found->second.serial.reset();
  store_.append({batch_of(found->second)}, [](Result<void>) {});
}

}  // namespace steward
