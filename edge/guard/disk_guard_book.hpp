#pragma once
#include <functional>
#include <map>
#include <string>

#include "contract/nouns/ids.hpp"
#include "drivers/bus/guard_book.hpp"
#include "edge/guard/tag_book.hpp"
#include "edge/store/store_thread.hpp"

namespace steward {

/// What of one unit was found on disk.
struct KeptUnit {
  std::optional<TagBook> tags;
  std::optional<UnitRecord> record;
};

/// Reads what is kept of one unit. Faults: broken (damaged: with another table of byte
/// counts than the one in use nothing may be asked), and the outbox's own.
/// Thread: the one that has the outbox, before the store thread does.
Result<KeptUnit> read_kept_unit(Outbox& outbox, const BusId& bus, UnitAddress unit);
/// The mark that keeps a unit's table of byte counts.
SavedMark tags_mark(const BusId& bus, UnitAddress unit, const TagBook& book);

/// The memory of one bus's guard, in the outbox's file (docs/formats/guard-book.md):
/// one small row per unit, replaced in one transaction with an fsync; units that ask
/// at the same time share it. Thread: loop.
class DiskGuardBook : public GuardBook {
 public:
  DiskGuardBook(StoreThread& store, BusId bus, std::function<ClockStamp()> stamp);

  /// What was found on disk, so that a latch can be added to it.
  void found(const UnitRecord& record) { records_.insert_or_assign(record.unit, record); }
  /// As last kept; nullptr: never.
  const UnitRecord* record(UnitAddress unit) const {
    const auto found = records_.find(unit);
    return found == records_.end() ? nullptr : &found->second;
  }
  Awaitable<Result<void>> keep(UnitRecord record) override;
  /// A latch that closed or opened; an opened one forgets the serial number. Written soon, and
  /// losing it to a crash costs nothing: what latched will latch again.
  void note_latch(UnitAddress unit, bool latched);

 private:
  Batch batch_of(const UnitRecord& record) const;

  StoreThread& store_;
  BusId bus_;
  std::function<ClockStamp()> stamp_;
  std::map<UnitAddress, UnitRecord> records_;  // as last handed to the store
};

}  // namespace steward
