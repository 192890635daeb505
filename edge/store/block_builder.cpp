#include "edge/store/block_builder.hpp"

#include <algorithm>

#include "contract/wire/limits.hpp"

namespace steward {

template <class Record>
void BlockBuilder::add_record(Stream stream, Record record, std::size_t bytes, Ticks now) {
  const PendingRecords kind = std::vector<Record>();
  const Key key{stream, kind.index()};
  auto at = open_.find(key);
  // The record that would pass the limit opens the next block.
  if (at != open_.end() && at->second.bytes + bytes > max_block_bytes) {
    close(at);
    at = open_.end();
  }
  if (at == open_.end()) at = open_.emplace(key, Open{kind, 0, block_overhead_bytes, now}).first;
  std::get<std::vector<Record>>(at->second.records).push_back(std::move(record));
  at->second.bytes += bytes;
  if (++at->second.count >= max_block_records) close(at);
}

void BlockBuilder::add(Stream stream, Reading reading, Ticks now) {
  const auto bytes = most_bytes_of(reading);
  add_record(stream, std::move(reading), bytes, now);
}

void BlockBuilder::add(Stream stream, CatalogueEntry entry, Ticks now) {
  const auto bytes = most_bytes_of(entry);
  add_record(stream, std::move(entry), bytes, now);
}

void BlockBuilder::add(Stream stream, Closing closing, Ticks now) {
  // Sealed only when its place is known; a CBOR head of three bytes stands before it.
  add_record(stream, std::move(closing), wire_limit::closing_bytes + 3, now);
}

void BlockBuilder::add(Stream stream, FrozenReading reading, Ticks now) {
  const auto bytes = most_bytes_of(reading);
  add_record(stream, std::move(reading), bytes, now);
}

void BlockBuilder::close(std::map<Key, Open>::iterator at) {
  closed_.push_back({at->first.first, std::move(at->second.records), {}, {}});
  open_.erase(at);
}

std::vector<Batch> BlockBuilder::take_due(Ticks now) {
  for (auto at = open_.begin(); at != open_.end();) {
    const auto here = at++;
    if (now - here->second.since >= block_age) close(here);
  }
  return std::exchange(closed_, {});
}

std::vector<Batch> BlockBuilder::take_all() {
  while (!open_.empty()) close(open_.begin());
  return std::exchange(closed_, {});
}

Ticks BlockBuilder::due_at() const {
  if (!closed_.empty()) return Ticks::min();
  auto due = Ticks::max();
  for (const auto& [key, open] : open_) due = std::min(due, open.since + block_age);
  return due;
}

}  // namespace steward
