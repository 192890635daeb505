#pragma once
#include <functional>
#include <optional>
#include <string>

#include "contract/nouns/log.hpp"
#include "edge/doors/door_watch.hpp"
#include "edge/patrol/patrol_watch.hpp"
#include "edge/store/store_thread.hpp"

namespace steward {

/// What a harvest becomes in the outbox: a batch of events, one of remarks, and
/// the cursor's mark with the events, so that all three share one transaction.
/// Remarks are cut to what a record may carry. Pure.
std::vector<Batch> batches_of(DoorHarvest harvest, const ClockStamp& stamp);
std::vector<Batch> batches_of(PatrolHarvest harvest, const ClockStamp& stamp);

/// An event of the gateway's own as a batch; its text is cut to what a record may carry. Pure.
Batch batch_of(std::vector<EdgeEvent> events, const ClockStamp& stamp);

/// A door cursor as a saved mark's text: "serial generation index fingerprint".
std::string cursor_text(const DoorCursor& cursor);
/// Nothing for any other text.
std::optional<DoorCursor> read_cursor(const std::string& text);
/// The mark's name: "door/gate".
std::string cursor_name(const std::string& controller);

/// Door events and patrol scans on their way into the outbox. Thread: loop.
class OutboxSinks : public DoorSink, public PatrolSink {
 public:
  using Stamp = std::function<ClockStamp()>;

  /// noted: told of each remark once it is committed.
  OutboxSinks(StoreThread& store, Stamp stamp, std::function<void(const EdgeEvent&)> noted)
      : store_(store), stamp_(std::move(stamp)), noted_(std::move(noted)) {}

  Awaitable<Result<std::optional<DoorCursor>>> cursor(std::string controller) override;
  Awaitable<Result<void>> store(DoorHarvest harvest) override;
  Awaitable<Result<void>> store(PatrolHarvest harvest) override;

 private:
  Awaitable<Result<void>> keep(std::vector<Batch> batches, std::vector<EdgeEvent> remarks);

  StoreThread& store_;
  Stamp stamp_;
  std::function<void(const EdgeEvent&)> noted_;
};

}  // namespace steward
