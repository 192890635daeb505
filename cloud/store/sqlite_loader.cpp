// SqliteStore::admit: one block's records into their tables, in bulk.
#include <algorithm>
#include <cassert>
#include <limits>

#include "cloud/store/sqlite_store_calls.hpp"
#include "contract/nouns/meter_event.hpp"

namespace steward {
namespace {

constexpr bool is_zero(const Digest& digest) {
  return std::all_of(digest.begin(), digest.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::vector<std::uint8_t> register_bytes(const Words& words) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(words.size() * 2);
  for (const auto word : words) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFFU));
  }
  return bytes;
}

/// Least and greatest time among a block's records.
struct TimeSpan {
  std::int64_t begins_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t ends_ms = std::numeric_limits<std::int64_t>::min();

  void take(Instant at) {
    begins_ms = std::min(begins_ms, ms_of(at));
    ends_ms = std::max(ends_ms, ms_of(at));
  }
};

}  // namespace

/// Visits the records of one block. `seq` of record i is first + i.
struct SqliteStore::Loader {
  SqliteStore& store;
  const AdmissionMark& mark;
  const AdmittedBlock& block;
  TimeSpan span{};

  std::uint64_t seq_of(std::size_t index) const { return block.block.first.value + index; }

  Result<void> operator()(const std::vector<Reading>& readings) {
    auto insert = store.prepared("INSERT INTO reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    if (!insert) return std::move(insert.error());
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const auto& r = readings[i];
      span.take(r.round_at);
      auto put = (*insert)->run(mark.site_no, mark.log_no, seq_of(i), ms_of(r.round_at), ms_of(r.taken_at),
                                r.meter_no.value, r.channel_no.value, r.value, static_cast<int>(r.quality),
                                static_cast<int>(r.reason));
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const std::vector<CatalogueEntry>& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& e = entries[i];
      auto put =
          store.write("INSERT INTO catalogue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", mark.site_no, mark.log_no,
                      e.meter_no.value, seq_of(i), e.meter.text, e.profile.text, e.profile_hash);
      for (const auto& c : e.channels) {
        if (!put) return put;
        put = store.write("INSERT INTO catalogue_channel VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                          mark.site_no, mark.log_no, e.meter_no.value, seq_of(i), c.channel_no.value, c.name,
                          static_cast<int>(c.unit), c.cumulative, c.words, c.modulus);
      }
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const SealedClosings& closings) {
    assert(closings.sealed.size() == block.closings.size());
    for (std::size_t i = 0; i < block.closings.size(); ++i) {
      const auto& c = block.closings[i];
      span.take(c.round_at);
      auto put = store.write(
          "INSERT INTO closing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
          "?16, ?17)",
          mark.site_no, c.meter.text, c.channel, ms_of(c.round_at), mark.log_no, seq_of(i), c.profile.text,
          c.profile_hash, static_cast<int>(c.unit), ms_of(c.taken_at), c.value, c.modulus,
          static_cast<int>(c.quality), static_cast<int>(c.reason), static_cast<int>(c.trust),
          register_bytes(c.raw), closings.sealed[i]);
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const std::vector<DoorEvent>& events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto& e = events[i];
      span.take(e.received_at);
      auto put = store.write(
          "INSERT INTO door_event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
          "?16)",
          mark.site_no, mark.log_no, seq_of(i), e.controller, e.serial, e.index, e.generation,
          ms_of(e.received_at), e.controller_time_ms, e.type, e.granted, e.door, e.direction, e.card,
          e.reason, e.raw);
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const std::vector<PatrolScan>& scans) {
    for (std::size_t i = 0; i < scans.size(); ++i) {
      span.take(scans[i].scanned_at);
      auto put =
          store.write("INSERT INTO patrol_scan VALUES (?1, ?2, ?3, ?4, ?5, ?6)", mark.site_no, mark.log_no,
                      seq_of(i), scans[i].reader.text, ms_of(scans[i].scanned_at), scans[i].code);
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const std::vector<EdgeEvent>& events) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto& e = events[i];
      span.take(e.at);
      auto put = store.write("INSERT INTO edge_event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", mark.site_no,
                             mark.log_no, seq_of(i), ms_of(e.at), e.kind, e.subject, e.detail);
      if (!put) return put;
      if (!meter_event_kind(e.kind)) continue;
      put = store.write(
          "INSERT INTO meter_event SELECT ?1, coalesce(max(event_no), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7"
          " FROM meter_event WHERE site_no = ?1",
          mark.site_no, mark.log_no, seq_of(i), ms_of(e.at), e.kind, e.subject, e.detail);
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const std::vector<FrozenReading>& readings) {
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const auto& r = readings[i];
      span.take(r.read_at);
      auto put =
          store.write("INSERT INTO frozen_reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                      mark.site_no, mark.log_no, seq_of(i), ms_of(r.read_at), r.frozen_at_ms,
                      static_cast<int>(r.freeze), r.meter_no.value, r.channel_no.value, r.value,
                      static_cast<int>(r.quality), static_cast<int>(r.reason), register_bytes(r.raw));
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const Hole& hole) {
    return store.write("INSERT INTO hole VALUES (?1, ?2, ?3, ?4, ?5, ?6)", mark.site_no, mark.log_no,
                       hole.first.value, hole.last.value, hole.reason, hole.last_missing);
  }

  Result<void> keep_evidence() {
    const auto& b = block.block;
    if (span.begins_ms > span.ends_ms) span.take(b.stamp.wall);
    auto kept = store.write("INSERT INTO block_bytes (bytes) VALUES (?1)", block.bytes);
    if (!kept) return kept;
    return store.write(
        "INSERT INTO block VALUES (?1, ?2, ?3, ?4, last_insert_rowid(), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
        "?13)",
        mark.site_no, mark.log_no, b.first.value, b.last.value, block.hash, ms_of(block.received_at),
        b.records.index(), span.begins_ms, span.ends_ms, b.stamp.boot, ms_of(b.stamp.wall),
        b.stamp.monotonic_ms, static_cast<int>(b.stamp.trust));
  }
};

Result<AdmissionMark> SqliteStore::admit(const AdmissionMark& mark, const AdmittedBlock& block) {
  if (!in_transaction_) return Error{Fault::refused, "a write outside a transaction"};
  AdmissionMark next = mark;
  next.upto = block.block.last;
  next.last_hash = block.hash;
  next.link_known = true;
  if (const auto* hole = std::get_if<Hole>(&block.block.records)) {
    // What comes after a hole names the last missing block, not the hole.
    next.last_hash = hole->last_missing;
    next.link_known = !is_zero(hole->last_missing);
  }
  Loader loader{*this, mark, block};
  auto done =
      std::visit(loader, block.block.records).and_then([&] { return loader.keep_evidence(); }).and_then([&] {
        return write(
            "UPDATE log SET upto = ?3, last_hash = ?4, link_known = ?5"
            " WHERE site_no = ?1 AND log_no = ?2",
            mark.site_no, mark.log_no, next.upto.value, next.last_hash, next.link_known);
      });
  if (!done) return std::move(done.error());
  return next;
}

}  // namespace steward
