// SqliteOutbox: blocks out of the file, each held against its place and its neighbours.
#include <algorithm>

#include "contract/wire/block_codec.hpp"
#include "edge/store/sqlite_outbox.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {

using namespace outbox_file;

/// Rows of one log, each in its place and named by the hash of the one behind it.
Result<std::vector<SqliteOutbox::Found>> SqliteOutbox::read_rows(const Epoch& epoch, Stream stream, Seq after,
                                                                 std::size_t blocks, std::size_t bytes) {
  auto& rows = tables_.at(at(stream)).after;
  const auto from = Seq{after.value - std::min<std::uint64_t>(after.value, max_block_records)};
  auto bound =
      rows.bind(row_of(epoch.no, from), row_of(epoch.no + 1, Seq{0}), static_cast<std::int64_t>(after.value));
  if (!bound) return std::move(bound.error());
  const bool is_old = &epoch != &epochs_.back();
  const auto& mark = epoch.marks.at(at(stream));
  const auto name = std::string(word(stream)) + " ";
  std::vector<Found> found;
  std::size_t sum = 0;
  Seq expected{std::max(after, epoch.let_go.at(at(stream))).value + 1};
  Digest hash{};
  for (bool enough = false; !enough;) {
    const auto there = rows.step();
    if (!there) return there.error();
    if (!*there) break;
    auto row = read_row(rows);
    Found next{{stream, place_of(row.row), row.last, {}, false}, row.closed_ms, {}};
    const bool whole = is_in_its_place(row, log_of(epoch, stream), next.previous);
    const bool follows = found.empty() ? next.block.first <= expected : next.block.first == expected;
    const bool linked = found.empty() || next.block.first != expected || next.previous == hash;
    if (!whole || !linked || (!follows && (!is_old || next.block.first < expected))) {
      rows.reset();
      return damaged("the block at " + name + std::to_string(next.block.first.value) + " or the one before");
    }
    enough = found.size() >= blocks || (sum >= bytes && !found.empty());
    if (enough) break;  // this one was only read to hold the one before against
    hash = sha256(row.bytes);
    if (row.last == mark.last && hash != mark.tail) {
      rows.reset();
      return damaged("the newest block at " + name + std::to_string(next.block.first.value));
    }
    expected = Seq{row.last.value + 1};
    sum += row.bytes.size();
    next.block.bytes = std::move(row.bytes);
    found.push_back(std::move(next));
  }
  rows.reset();
  const bool all_read = found.empty() ? after >= mark.last : found.back().block.last == mark.last;
  const bool stopped = found.size() >= blocks || (sum >= bytes && !found.empty());
  if (!is_old && !all_read && !stopped) return damaged("blocks of " + name + "are gone");
  return found;
}

Result<std::vector<StoredBlock>> SqliteOutbox::read_after(const Uuid& epoch, Stream stream, Seq after,
                                                          std::size_t blocks, std::size_t bytes) {
  const auto* of = epoch_of(epoch);
  if (of == nullptr) return std::vector<StoredBlock>();
  auto found = read_rows(*of, stream, after, blocks, bytes);
  if (!found) return Error{found.error().fault, "outbox: " + found.error().message};
  std::vector<StoredBlock> out;
  for (auto& one : *found) out.push_back(std::move(one.block));
  return out;
}

/// The hole over (after, before): the block behind it names the last that is missing. Nothing in it
/// depends on when it is made, so that the cloud gets the same bytes however often it is sent.
Result<StoredBlock> SqliteOutbox::hole(const Epoch& epoch, Stream stream, Seq after, Seq before,
                                       const Digest& missing, std::int64_t wall_ms) {
  Block block;
  block.log = log_of(epoch, stream);
  block.first = Seq{after.value + 1};
  block.last = Seq{before.value - 1};
  block.stamp.wall = instant_from_ms(wall_ms);
  const bool let_go = block.last <= epoch.let_go.at(at(stream));
  const auto reason = !let_go                       ? hole_reason::corrupt
                      : stream == Stream::telemetry ? hole_reason::quota
                                                    : hole_reason::forgotten;
  block.records = Hole{block.first, block.last, std::string(reason), missing};
  auto kept = one_row(tables_.at(at(stream)).newest, epoch, after);
  if (!kept) return std::move(kept.error());
  if (*kept && (*kept)->last == after) block.previous = sha256((*kept)->bytes);
  auto bytes = encode_block(block, signer_);
  if (!bytes) return std::move(bytes.error());
  return StoredBlock{stream, block.first, block.last, std::move(*bytes), true};
}

Result<std::vector<StoredBlock>> SqliteOutbox::read_to_send(const Uuid& epoch, Stream stream, Seq after,
                                                            std::size_t blocks, std::size_t bytes) {
  const auto* of = epoch_of(epoch);
  if (of == nullptr) return std::vector<StoredBlock>();
  auto found = read_rows(*of, stream, after, blocks, bytes);
  if (!found) return Error{found.error().fault, "outbox: " + found.error().message};
  const auto& mark = of->marks.at(at(stream));
  std::vector<StoredBlock> out;
  const auto cover = [&](Seq before, const Digest& missing, std::int64_t wall_ms) -> Result<void> {
    auto made = hole(*of, stream, after, before, missing, wall_ms);
    if (!made) return Error{made.error().fault, "outbox: " + made.error().message};
    out.push_back(std::move(*made));
    return {};
  };
  for (auto& one : *found) {
    if (one.block.first.value > after.value + 1) {
      auto covered = cover(one.block.first, one.previous, one.closed_ms);
      if (!covered) return std::move(covered.error());
    }
    after = one.block.last;
    out.push_back(std::move(one.block));
  }
  if (found->empty() && after < mark.last) {
    // An old epoch whose end is not here any more.
    auto covered = cover(Seq{mark.last.value + 1}, mark.tail, 0);
    if (!covered) return std::move(covered.error());
  }
  return out;
}

}  // namespace steward
