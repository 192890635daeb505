// SqliteOutbox: blocks into the file, and room for them.
#include <algorithm>
#include <cassert>
#include <limits>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "edge/store/sqlite_outbox.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {

using namespace outbox_file;

namespace {

constexpr std::uint32_t appends_per_ack_save = 16;  // an extra page per append otherwise
constexpr std::uint32_t appends_per_prune = 64;
constexpr std::int64_t blocks_per_prune = 256;  // bounds how long an append can take
constexpr std::int64_t blocks_per_shed = 64;  // enough that shedding is rare, few enough that evidence stays
constexpr int sheds_per_append = 4;           // a disk that others filled is not helped by letting go of more

std::size_t count_in(const PendingRecords& records) {
  return std::visit([](const auto& held) { return held.size(); }, records);
}

}  // namespace

Result<Records> SqliteOutbox::seal_records(const PendingRecords& pending, Stream stream, Seq first) {
  if (const auto* lost = std::get_if<LostRecords>(&pending)) {
    return Records(Hole{first, Seq{first.value + lost->count - 1}, std::string(hole_reason::memory), {}});
  }
  const auto* closings = std::get_if<std::vector<Closing>>(&pending);
  if (closings == nullptr) {
    return std::visit(
        [](const auto& records) -> Result<Records> {
          using Kind = std::decay_t<decltype(records)>;
          if constexpr (std::is_same_v<Kind, std::vector<Closing>> || std::is_same_v<Kind, LostRecords>) {
            return Error{Fault::broken, "unreachable"};
          } else {
            return Records(records);
          }
        },
        pending);
  }
  assert(stream == Stream::readings);
  SealedClosings sealed;
  sealed.sealed.reserve(closings->size());
  for (auto closing : *closings) {
    closing.site = setup_.site;
    closing.gateway = setup_.gateway;
    closing.epoch = epoch();
    closing.seq = Seq{first.value + sealed.sealed.size()};
    auto bytes = seal_closing(closing, signer_);
    if (!bytes) return std::move(bytes.error());
    sealed.sealed.push_back(std::move(*bytes));
  }
  return Records(std::move(sealed));
}

Result<StoredBlock> SqliteOutbox::insert(const Batch& batch) {
  const auto count = count_in(batch.records);
  assert(count <= max_block_records || std::holds_alternative<LostRecords>(batch.records));
  auto& now = epochs_.back();
  auto& mark = now.marks.at(at(batch.stream));
  Block block;
  block.log = log_of(now, batch.stream);
  block.first = Seq{mark.last.value + 1};
  block.last = Seq{mark.last.value + count};
  block.previous = mark.tail;
  block.stamp = batch.stamp;
  auto records = seal_records(batch.records, batch.stream, block.first);
  if (!records) return std::move(records.error());
  block.records = std::move(*records);
  auto bytes = encode_block(block, signer_);
  if (!bytes) {
    // More bytes than a block may have is the caller's mistake, and no matter of the disk's.
    return Error{Fault::malformed, std::move(bytes.error().message)};
  }
  auto stored = tables_.at(at(batch.stream))
                    .insert.run(row_of(now.no, block.first), static_cast<std::int64_t>(block.last.value),
                                ms_of(batch.stamp.wall), ByteView(*bytes));
  if (!stored) return std::move(stored.error());
  mark.last = block.last;
  mark.tail = sha256(*bytes);
  ++stored_.at(at(batch.stream));
  return StoredBlock{batch.stream, block.first, block.last, std::move(*bytes), false};
}

Result<void> SqliteOutbox::save_marks(const std::vector<SavedMark>& marks) {
  for (const auto& mark : marks) {
    assert(mark.name.size() <= max_mark_name && mark.text.size() <= max_mark_text);
    if (auto saved = kept_->put(std::string(mark_prefix) + mark.name, mark.text); !saved) return saved;
  }
  return {};
}

/// Lets go of a log's oldest blocks, at most `most`, that hold nothing after `upto` and were closed before
/// `closed_before` or are among the first `surplus`; never of the newest that is written behind.
Result<std::int64_t> SqliteOutbox::let_go(Epoch& epoch, Stream stream, Seq upto, std::int64_t closed_before,
                                          std::int64_t surplus, std::int64_t most) {
  const auto& mark = epoch.marks.at(at(stream));
  const bool is_old = &epoch != &epochs_.back();
  auto& tables = tables_.at(at(stream));
  auto bound = tables.oldest.bind(row_of(epoch.no, Seq{0}), row_of(epoch.no, upto) + 1, most);
  if (!bound) return std::move(bound.error());
  std::int64_t count = 0;
  Seq last;
  for (;;) {
    const auto there = tables.oldest.step();
    if (!there) return there.error();
    if (!*there) break;
    const Seq end{static_cast<std::uint64_t>(tables.oldest.column_int(1))};
    const bool too_young = tables.oldest.column_int(2) >= closed_before && count >= surplus;
    if (end > upto || too_young || (!is_old && end >= mark.last)) break;
    last = end;
    ++count;
  }
  tables.oldest.reset();
  if (count == 0) return count;
  auto& floor = epoch.let_go.at(at(stream));
  const auto floor_before = floor;
  floor = last;
  auto done = tables.remove.run(row_of(epoch.no, Seq{0}), row_of(epoch.no, last)).and_then([&] {
    return kept_->put(log_row(epoch.no, stream), log_text(epoch, stream));
  });
  if (!done) {
    floor = floor_before;
    return std::move(done.error());
  }
  stored_.at(at(stream)) -= count;
  return count;
}

/// Forgets blocks the cloud has and that are old or too many.
Result<void> SqliteOutbox::prune(Instant now) {
  for (auto& epoch : epochs_) {
    for (const auto stream : all_streams) {
      const auto surplus = stored_.at(at(stream)) - static_cast<std::int64_t>(setup_.keep_acked_blocks);
      auto gone = let_go(epoch, stream, epoch.marks.at(at(stream)).acked, ms_of(now - setup_.keep_acked),
                         std::max<std::int64_t>(surplus, 0), blocks_per_prune);
      if (!gone) return std::move(gone.error());
    }
  }
  return {};
}

/// Makes room: the oldest acknowledged blocks, or else the oldest of telemetry. How many went.
Result<std::int64_t> SqliteOutbox::shed() {
  // What is in the WAL goes to its place first: a WAL that begins anew needs no room.
  (void)database_.query_int("PRAGMA wal_checkpoint(RESTART)");
  Epoch* from = nullptr;
  Stream chosen = Stream::telemetry;
  Seq upto;
  auto oldest = std::numeric_limits<std::int64_t>::max();
  for (auto& epoch : epochs_) {
    for (const auto stream : all_streams) {
      const auto& mark = epoch.marks.at(at(stream));
      auto& first = tables_.at(at(stream)).oldest;
      if (auto bound = first.bind(row_of(epoch.no, Seq{0}), row_of(epoch.no, mark.acked) + 1, 1); !bound)
        return std::move(bound.error());
      const auto there = first.step();
      if (!there) return there.error();
      const bool can_go =
          *there && first.column_int(1) <= static_cast<std::int64_t>(mark.acked.value) &&
          (&epoch != &epochs_.back() || first.column_int(1) < static_cast<std::int64_t>(mark.last.value));
      if (can_go && first.column_int(2) < oldest) {
        oldest = first.column_int(2);
        from = &epoch;
        chosen = stream;
        upto = mark.acked;
      }
      first.reset();
    }
  }
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  const auto everything = std::numeric_limits<std::int64_t>::max();
  Result<std::int64_t> gone = std::int64_t{0};
  if (from != nullptr) gone = let_go(*from, chosen, upto, everything, 0, blocks_per_shed);
  for (auto& epoch : epochs_) {
    if (!gone || *gone > 0) break;
    const auto last = epoch.marks.at(at(Stream::telemetry)).last;
    gone = let_go(epoch, Stream::telemetry, last, everything, 0, blocks_per_shed);
  }
  if (!gone) return gone;
  if (auto done = transaction->commit(); !done) return std::move(done.error());
  return gone;
}

Result<std::vector<StoredBlock>> SqliteOutbox::commit(const std::vector<Batch>& batches) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  std::vector<StoredBlock> blocks;
  const bool saves_acks = acks_unsaved_ && appends_ % appends_per_ack_save == 0;
  const bool prunes = appends_ % appends_per_prune == 0;
  for (const auto& batch : batches) {
    if (count_in(batch.records) > 0) {
      auto block = insert(batch);
      if (!block) return std::move(block.error());
      blocks.push_back(std::move(*block));
    }
    if (auto saved = save_marks(batch.marks); !saved) return std::move(saved.error());
  }
  if (saves_acks) {
    if (auto saved = save_acks(); !saved) return std::move(saved.error());
  }
  if (prunes && !batches.empty()) {
    if (auto done = prune(batches.back().stamp.wall); !done) return std::move(done.error());
  }
  if (auto done = transaction->commit(); !done) return std::move(done.error());
  if (saves_acks) acks_unsaved_ = false;
  ++appends_;
  return blocks;
}

Result<std::vector<StoredBlock>> SqliteOutbox::append(const std::vector<Batch>& batches) {
  for (int sheds = 0;; ++sheds) {
    const auto epochs = epochs_;
    const auto stored = stored_;
    const auto roll_back = [&] {  // no seq was used up
      epochs_ = epochs;
      stored_ = stored;
    };
    auto blocks = commit(batches);
    if (blocks) return blocks;
    attempted_ = epochs_.back().marks;
    roll_back();
    if (blocks.error().fault != Fault::full || sheds >= sheds_per_append)
      return std::move(blocks).with_context("outbox");
    const auto gone = shed();
    if (!gone) roll_back();
    if (!gone || *gone == 0) return std::move(blocks).with_context("outbox");
  }
}

}  // namespace steward
