#include "edge/app/outbox_sinks.hpp"

#include <array>
#include <charconv>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/limits.hpp"

namespace steward {

Batch batch_of(std::vector<EdgeEvent> events, const ClockStamp& stamp) {
  for (auto& event : events) {
    event.kind = fit_text(event.kind, wire_limit::word_bytes);
    event.subject = fit_text(event.subject, wire_limit::name_bytes);
    event.detail = fit_text(event.detail, wire_limit::sentence_bytes);
  }
  return {Stream::events, std::move(events), stamp, {}};
}

std::vector<Batch> batches_of(DoorHarvest harvest, const ClockStamp& stamp) {
  Batch events{Stream::doors, std::move(harvest.events), stamp, {}};
  events.marks.push_back({cursor_name(harvest.controller), cursor_text(harvest.cursor)});
  std::vector<Batch> batches{std::move(events)};
  if (!harvest.remarks.empty()) batches.push_back(batch_of(std::move(harvest.remarks), stamp));
  return batches;
}

std::vector<Batch> batches_of(PatrolHarvest harvest, const ClockStamp& stamp) {
  std::vector<Batch> batches;
  if (!harvest.scans.empty()) batches.push_back({Stream::patrol, std::move(harvest.scans), stamp, {}});
  if (!harvest.remarks.empty()) batches.push_back(batch_of(std::move(harvest.remarks), stamp));
  return batches;
}

std::string cursor_name(const std::string& controller) { return "door/" + controller; }

std::string cursor_text(const DoorCursor& cursor) {
  return std::to_string(cursor.serial) + " " + std::to_string(cursor.generation) + " " +
         std::to_string(cursor.index) + " " + std::to_string(cursor.fingerprint);
}

std::optional<DoorCursor> read_cursor(const std::string& text) {
  std::array<std::uint64_t, 4> numbers{};
  const auto* from = text.data();
  const auto* end = text.data() + text.size();
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    if (at > 0 && (from == end || *from++ != ' ')) return std::nullopt;
    const auto [stopped, error] = std::from_chars(from, end, numbers[at]);
    if (error != std::errc() || (at < 3 && numbers[at] > 0xFFFFFFFF)) return std::nullopt;
    from = stopped;
  }
  if (from != end) return std::nullopt;
  return DoorCursor{static_cast<std::uint32_t>(numbers[0]), static_cast<std::uint32_t>(numbers[1]),
                    static_cast<std::uint32_t>(numbers[2]), numbers[3]};
}

Awaitable<Result<std::optional<DoorCursor>>> OutboxSinks::cursor(std::string controller) {
  const auto text = co_await store_.mark(cursor_name(controller));
  if (!text) co_return text.error();
  if (text->empty()) co_return std::optional<DoorCursor>();
  const auto cursor = read_cursor(*text);
  if (!cursor)
    co_return Error{Fault::broken, "the saved cursor of " + controller + " is unreadable: " + *text};
  co_return std::optional<DoorCursor>(*cursor);
}

Awaitable<Result<void>> OutboxSinks::keep(std::vector<Batch> batches, std::vector<EdgeEvent> remarks) {
  const auto stored = co_await store_.appended(std::move(batches));
  if (!stored) co_return stored.error();
  for (const auto& remark : remarks) noted_(remark);
  co_return Result<void>();
}

Awaitable<Result<void>> OutboxSinks::store(DoorHarvest harvest) {
  auto remarks = harvest.remarks;
  return keep(batches_of(std::move(harvest), stamp_()), std::move(remarks));
}

Awaitable<Result<void>> OutboxSinks::store(PatrolHarvest harvest) {
  auto remarks = harvest.remarks;
  return keep(batches_of(std::move(harvest), stamp_()), std::move(remarks));
}

}  // namespace steward
