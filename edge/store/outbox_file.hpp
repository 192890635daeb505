#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/log.hpp"
#include "edge/store/kept_rows.hpp"
#include "edge/store/outbox.hpp"

/// How the outbox lies in its SQLite file: what Outbox writes and a salvage reads. Internal.
namespace steward::outbox_file {

// One table per log. A row's key is the number of its epoch and the first place of its block, so that a
// block is appended at its table's end, epochs lie one behind the other and no index is touched.
// `last` is a place, `closed_ms` dates the block for letting it go. In schema 1 there was one epoch, so that
// a key was a place alone and is one of epoch 0 as it stands (first_schema.hpp brings over the rest).
inline constexpr Migration schema[] = {{1, R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mark(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ack(stream INTEGER PRIMARY KEY, upto INTEGER NOT NULL);
CREATE TABLE block_readings(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_telemetry(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_doors(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_patrol(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_events(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
)"},
                                       {2, R"(
CREATE TABLE kept(name TEXT PRIMARY KEY, text TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
ALTER TABLE block_readings RENAME COLUMN first TO place;
ALTER TABLE block_telemetry RENAME COLUMN first TO place;
ALTER TABLE block_doors RENAME COLUMN first TO place;
ALTER TABLE block_patrol RENAME COLUMN first TO place;
ALTER TABLE block_events RENAME COLUMN first TO place;
)"}};

inline constexpr unsigned place_bits = 53;         // a place is at most 2^53 - 1 (wire_limit::seq)
inline constexpr std::uint32_t max_epochs = 1023;  // what is left of a row's key

constexpr std::int64_t row_of(std::uint32_t epoch_no, Seq place) {
  return static_cast<std::int64_t>(std::uint64_t{epoch_no} << place_bits | place.value);
}
constexpr std::uint32_t epoch_no_of(std::int64_t row) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(row) >> place_bits);
}
constexpr Seq place_of(std::int64_t row) {
  return Seq{static_cast<std::uint64_t>(row) & ((std::uint64_t{1} << place_bits) - 1)};
}

inline std::size_t at(Stream stream) { return static_cast<std::size_t>(stream); }
inline std::string table(Stream stream) { return "block_" + std::string(word(stream)); }

// Names of kept rows.
inline constexpr std::string_view owner_row = "owner";
inline constexpr std::string_view cloud_row = "cloud";  // "store-uuid at-ms" of the newest ack taken
inline constexpr std::string_view keys_row =
    "keys";  // public keys this outbox was written with, hex, newest last
inline constexpr std::string_view mark_prefix = "mark/";
inline std::string epoch_row(std::uint32_t no) { return "epoch/" + std::to_string(no); }
inline std::string log_row(std::uint32_t no, Stream stream) {
  return "log/" + std::to_string(no) + "/" + std::string(word(stream));
}
inline std::string end_row(std::uint32_t no, Stream stream) {
  return "end/" + std::to_string(no) + "/" + std::string(word(stream));
}

/// One epoch of the gateway's logs. All but the newest are only sent, never written to.
struct Epoch {
  std::uint32_t no = 0;
  Uuid uuid{};
  LogMarks marks;
  std::array<Seq, std::size(all_streams)> let_go{};  // places up to here are not kept any more
};

/// The epochs as the kept rows tell them, oldest first; `marks` have only what the rows know (acks; where
/// an old epoch ended). Faults: implausible.
Result<std::vector<Epoch>> read_epochs(const std::map<std::string, std::string>& kept);
/// The keys in `keys_row`, oldest first. Faults: implausible.
Result<std::vector<PublicKey>> read_keys(const std::map<std::string, std::string>& kept);
std::string keys_text(const std::vector<PublicKey>& keys);
std::string log_text(const Epoch& epoch, Stream stream);  // "acked let-go"
std::string end_text(const LogMark& mark);                // "last tail-hex"

/// One row of a block table.
struct BlockRow {
  std::int64_t row = 0;
  Seq last;
  std::int64_t closed_ms = 0;
  Bytes bytes;
};
/// Columns place, last, closed_ms, bytes.
BlockRow read_row(const Statement& statement);

/// Whether the block in `row` names this log, this place and this end; its `previous` in `previous`.
bool is_in_its_place(const BlockRow& row, const LogId& log, Digest& previous);

}  // namespace steward::outbox_file
