#include "edge/store/outbox.hpp"

#include <algorithm>
#include <cassert>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/random.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {
namespace {

// One table per log: rowid = first seq, so a block is appended at the table's
// end and no index is touched. `closed_ms` dates it for pruning.
constexpr Migration schema[] = {{1, R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mark(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ack(stream INTEGER PRIMARY KEY, upto INTEGER NOT NULL);
CREATE TABLE block_readings(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_telemetry(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_doors(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_patrol(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE block_events(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, closed_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
)"}};

constexpr std::uint32_t appends_per_ack_save = 16;  // an extra page per append otherwise
constexpr std::uint32_t appends_per_prune = 64;
constexpr std::int64_t blocks_per_prune = 256;  // bounds how long an append can take

std::size_t at(Stream stream) { return static_cast<std::size_t>(stream); }
std::string table(Stream stream) { return "block_" + std::string(word(stream)); }
std::int64_t row(Seq seq) { return static_cast<std::int64_t>(seq.value); }
std::size_t count_in(const Batch& batch) {
  return std::visit([](const auto& records) { return records.size(); }, batch.records);
}
Seq seq_of(std::int64_t row_id) { return Seq{static_cast<std::uint64_t>(row_id)}; }

/// The statements of one log.
struct LogTable {
  Statement insert;
  Statement after;
  Statement prune;
};

class SqliteOutbox final : public Outbox {
 public:
  SqliteOutbox(const OutboxSetup& setup, const Signer& signer, Database database)
      : setup_(setup), signer_(signer), database_(std::move(database)) {}

  Result<void> start();

  const Uuid& epoch() const override { return epoch_; }
  const LogMarks& marks() const override { return marks_; }
  Result<std::vector<StoredBlock>> append(const std::vector<Batch>& batches) override;
  Result<std::vector<StoredBlock>> read_after(Stream stream, Seq after, std::size_t blocks,
                                              std::size_t bytes) override;
  void acknowledge(Stream stream, Seq upto) override;
  void note_store(const CloudStore& store) override;
  const std::optional<CloudStore>& store() const override { return store_; }
  Result<void> flush_acks() override;
  Result<std::string> mark(std::string_view name) override;

 private:
  Result<void> own();
  Result<void> load_log(Stream stream);
  Result<std::string> meta(std::string_view name);
  Result<void> set_meta(std::string_view name, std::string_view value);
  Result<Records> seal_records(const PendingRecords& pending, Stream stream, Seq first);
  Result<StoredBlock> insert(const Batch& batch);
  Result<void> save_marks(const std::vector<SavedMark>& marks);
  Result<void> save_acks();
  Result<void> prune(Stream stream, Instant now);

  OutboxSetup setup_;
  const Signer& signer_;
  Database database_;  // before the statements: they must go first
  std::vector<LogTable> tables_;
  std::optional<Statement> set_mark_;
  std::optional<Statement> get_mark_;
  std::optional<Statement> set_ack_;
  Uuid epoch_{};
  LogMarks marks_;
  std::array<std::int64_t, std::size(all_streams)> stored_{};  // blocks on disk per log
  std::optional<CloudStore> store_;
  bool acks_unsaved_ = false;
  std::uint32_t appends_ = 0;
};

Result<std::string> SqliteOutbox::meta(std::string_view name) {
  auto statement = database_.prepare("SELECT value FROM meta WHERE name = ?");
  if (!statement) return statement.error();
  if (auto bound = statement->bind(name); !bound) return bound.error();
  const auto there = statement->step();
  if (!there) return there.error();
  return *there ? statement->column_text(0) : std::string();
}

Result<void> SqliteOutbox::set_meta(std::string_view name, std::string_view value) {
  auto statement = database_.prepare(
      "INSERT INTO meta VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value");
  if (!statement) return statement.error();
  return statement->run(name, value);
}

/// A fresh file gets its owner and a new epoch; an old one must be ours.
Result<void> SqliteOutbox::own() {
  const auto epoch = meta("epoch");
  if (!epoch) return epoch.error();
  const auto owner = setup_.site.text + "/" + setup_.gateway.text;
  if (epoch->empty()) {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return transaction.error();
    epoch_ = random_uuid();
    auto saved = set_meta("owner", owner).and_then([&] { return set_meta("epoch", uuid_text(epoch_)); });
    return std::move(saved).and_then([&] { return transaction->commit(); });
  }
  const auto known = meta("owner");
  if (!known) return known.error();
  if (*known != owner) {
    return Error{Fault::refused, "it belongs to " + *known + ", not to " + owner +
                                     "; name another data folder, or the right site and gateway"};
  }
  const auto uuid = uuid_from(*epoch);
  if (!uuid) return Error{Fault::broken, "its epoch is unreadable: " + uuid.error().message};
  epoch_ = *uuid;
  return {};
}

Result<void> SqliteOutbox::load_log(Stream stream) {
  auto& mark = marks_[at(stream)];
  auto newest =
      database_.prepare("SELECT first, last, bytes FROM " + table(stream) + " ORDER BY first DESC LIMIT 1");
  if (!newest) return newest.error();
  if (auto bound = newest->bind(); !bound) return bound;
  const auto there = newest->step();
  if (!there) return there.error();
  if (*there) {
    const auto bytes = newest->column_blob(2);
    const auto place = peek_block(bytes);
    const LogId log{setup_.site, setup_.gateway, epoch_, stream};
    if (!place || place->log != log || row(place->first) != newest->column_int(0) ||
        row(place->last) != newest->column_int(1)) {
      return Error{Fault::broken, "the newest block of the log " + std::string(word(stream)) + " is damaged"};
    }
    mark.last = place->last;
    mark.tail = sha256(bytes);
  }
  newest->reset();
  auto count = database_.query_int("SELECT count(*) FROM " + table(stream));
  if (!count) return count.error();
  stored_[at(stream)] = *count;
  auto acked = database_.query_int("SELECT coalesce(max(upto), 0) FROM ack WHERE stream = " +
                                   std::to_string(at(stream)));
  if (!acked) return acked.error();
  mark.acked = std::min(seq_of(*acked), mark.last);
  return {};
}

Result<void> SqliteOutbox::start() {
  if (auto done = migrate(database_, schema); !done) return done;
  if (auto done = own(); !done) return done;
  for (const auto stream : all_streams) {
    if (auto done = load_log(stream); !done) return done;
    auto insert = database_.prepare("INSERT INTO " + table(stream) + " VALUES(?, ?, ?, ?)");
    if (!insert) return insert.error();
    // A block that holds `after` within it counts: it begins at most a block's length before.
    auto after = database_.prepare("SELECT first, last, bytes FROM " + table(stream) +
                                   " WHERE first > ?1 - ?2 AND last > ?1 ORDER BY first");
    if (!after) return after.error();
    auto prune = database_.prepare("DELETE FROM " + table(stream) + " WHERE first IN (SELECT first FROM " +
                                   table(stream) +
                                   " WHERE first <= ?1 AND last <= ?1 AND last < ?2 ORDER BY first LIMIT ?4) "
                                   "AND (closed_ms < ?3 OR first < ?5)");
    if (!prune) return prune.error();
    tables_.push_back({std::move(*insert), std::move(*after), std::move(*prune)});
  }
  auto set_mark =
      database_.prepare("INSERT INTO mark VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET text = excluded.text");
  if (!set_mark) return set_mark.error();
  set_mark_ = std::move(*set_mark);
  auto get_mark = database_.prepare("SELECT text FROM mark WHERE name = ?");
  if (!get_mark) return get_mark.error();
  get_mark_ = std::move(*get_mark);
  auto set_ack = database_.prepare(
      "INSERT INTO ack VALUES(?, ?) ON CONFLICT(stream) DO UPDATE SET upto = excluded.upto");
  if (!set_ack) return set_ack.error();
  set_ack_ = std::move(*set_ack);

  const auto store = meta("store");
  const auto store_at = meta("store_at_ms");
  if (!store || !store_at) return Error{Fault::broken, "meta cannot be read"};
  if (const auto uuid = uuid_from(*store)) {
    store_ = CloudStore{*uuid, instant_from_ms(std::atoll(store_at->c_str()))};
  }
  return {};
}

Result<Records> SqliteOutbox::seal_records(const PendingRecords& pending, Stream stream, Seq first) {
  const auto* closings = std::get_if<std::vector<Closing>>(&pending);
  if (closings == nullptr) {
    return std::visit(
        [](const auto& records) -> Result<Records> {
          if constexpr (std::is_same_v<std::decay_t<decltype(records)>, std::vector<Closing>>) {
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
    closing.epoch = epoch_;
    closing.seq = Seq{first.value + sealed.sealed.size()};
    auto bytes = seal_closing(closing, signer_);
    if (!bytes) return std::move(bytes.error());
    sealed.sealed.push_back(std::move(*bytes));
  }
  return Records(std::move(sealed));
}

Result<StoredBlock> SqliteOutbox::insert(const Batch& batch) {
  const auto count = count_in(batch);
  assert(count <= max_block_records);
  auto& mark = marks_[at(batch.stream)];
  Block block;
  block.log = {setup_.site, setup_.gateway, epoch_, batch.stream};
  block.first = Seq{mark.last.value + 1};
  block.last = Seq{mark.last.value + count};
  block.previous = mark.tail;
  block.stamp = batch.stamp;
  auto records = seal_records(batch.records, batch.stream, block.first);
  if (!records) return std::move(records.error());
  block.records = std::move(*records);
  auto bytes = encode_block(block, signer_);
  if (!bytes) return std::move(bytes.error());
  auto stored = tables_[at(batch.stream)].insert.run(row(block.first), row(block.last),
                                                     ms_of(batch.stamp.wall), ByteView(*bytes));
  if (!stored) return std::move(stored.error());
  mark.last = block.last;
  mark.tail = sha256(*bytes);
  return StoredBlock{batch.stream, block.first, block.last, std::move(*bytes)};
}

Result<void> SqliteOutbox::save_marks(const std::vector<SavedMark>& marks) {
  for (const auto& mark : marks) {
    assert(mark.name.size() <= max_mark_name && mark.text.size() <= max_mark_text);
    if (auto saved = set_mark_->run(mark.name, mark.text); !saved) return saved;
  }
  return {};
}

Result<void> SqliteOutbox::save_acks() {
  for (const auto stream : all_streams) {
    if (auto saved = set_ack_->run(at(stream), row(marks_[at(stream)].acked)); !saved) return saved;
  }
  if (!store_) return {};
  return set_meta("store", uuid_text(store_->store)).and_then([&] {
    return set_meta("store_at_ms", std::to_string(ms_of(store_->at)));
  });
}

/// Forgets blocks the cloud has and that are old or too many; never the newest.
Result<void> SqliteOutbox::prune(Stream stream, Instant now) {
  const auto& mark = marks_[at(stream)];
  auto& stored = stored_[at(stream)];
  std::int64_t before = 0;  // blocks that begin before this are too many
  const auto surplus = stored - static_cast<std::int64_t>(setup_.keep_acked_blocks);
  if (surplus > 0) {
    auto nth = database_.query_int("SELECT coalesce(max(first), 0) FROM (SELECT first FROM " + table(stream) +
                                   " ORDER BY first LIMIT " + std::to_string(surplus + 1) + ")");
    if (!nth) return nth.error();
    before = *nth;
  }
  auto done = tables_[at(stream)].prune.run(row(mark.acked), row(mark.last), ms_of(now - setup_.keep_acked),
                                            blocks_per_prune, before);
  if (done) stored -= database_.changes();
  return done;
}

Result<std::vector<StoredBlock>> SqliteOutbox::append(const std::vector<Batch>& batches) {
  const auto marks = marks_;
  const auto stored = stored_;
  const auto commit = [&]() -> Result<std::vector<StoredBlock>> {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return std::move(transaction.error());
    std::vector<StoredBlock> blocks;
    const bool saves_acks = acks_unsaved_ && appends_ % appends_per_ack_save == 0;
    const bool prunes = appends_ % appends_per_prune == 0;
    for (const auto& batch : batches) {
      if (count_in(batch) > 0) {
        auto block = insert(batch);
        if (!block) return std::move(block.error());
        ++stored_[at(batch.stream)];
        blocks.push_back(std::move(*block));
      }
      if (auto saved = save_marks(batch.marks); !saved) return std::move(saved.error());
    }
    if (saves_acks) {
      if (auto saved = save_acks(); !saved) return std::move(saved.error());
    }
    for (const auto stream : all_streams) {
      if (!prunes || batches.empty()) break;
      if (auto done = prune(stream, batches.back().stamp.wall); !done) return std::move(done.error());
    }
    if (auto done = transaction->commit(); !done) return std::move(done.error());
    if (saves_acks) acks_unsaved_ = false;
    ++appends_;
    return blocks;
  };
  auto blocks = commit();
  if (!blocks) {
    marks_ = marks;  // rolled back: no seq was used up
    stored_ = stored;
  }
  return std::move(blocks).with_context("outbox");
}

Result<std::vector<StoredBlock>> SqliteOutbox::read_after(Stream stream, Seq after, std::size_t blocks,
                                                          std::size_t bytes) {
  auto& rows = tables_[at(stream)].after;
  std::vector<StoredBlock> found;
  std::size_t sum = 0;
  auto bound = rows.bind(row(after), static_cast<std::int64_t>(max_block_records));
  if (!bound) return std::move(bound).with_context("outbox").error();
  while (found.size() < blocks && sum < bytes) {
    const auto there = rows.step();
    if (!there) return Error{there.error().fault, "outbox: " + there.error().message};
    if (!*there) break;
    found.push_back({stream, seq_of(rows.column_int(0)), seq_of(rows.column_int(1)), rows.column_blob(2)});
    sum += found.back().bytes.size();
  }
  rows.reset();
  return found;
}

void SqliteOutbox::acknowledge(Stream stream, Seq upto) {
  auto& mark = marks_[at(stream)];
  if (mark.acked == upto || upto > mark.last) return;
  mark.acked = upto;
  acks_unsaved_ = true;
}

void SqliteOutbox::note_store(const CloudStore& store) {
  if (store_ == store) return;
  store_ = store;
  acks_unsaved_ = true;
}

Result<void> SqliteOutbox::flush_acks() {
  if (!acks_unsaved_) return {};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  auto saved = save_acks().and_then([&] { return transaction->commit(); });
  if (saved) acks_unsaved_ = false;
  return std::move(saved).with_context("outbox");
}

Result<std::string> SqliteOutbox::mark(std::string_view name) {
  if (auto bound = get_mark_->bind(name); !bound) return std::move(bound.error());
  const auto there = get_mark_->step();
  if (!there) return there.error();
  auto text = *there ? get_mark_->column_text(0) : std::string();
  get_mark_->reset();
  return text;
}

}  // namespace

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxSetup& setup, const Signer& signer) {
  DatabaseOptions options;
  options.page_size = 1024;  // half the flash writes of 4096 (measured, docs/decisions)
  options.cache_kib = 256;   // written once, read once: what waits for a second is all that is worth keeping
  auto database = Database::open(setup.path, options);
  if (!database) return std::move(database.error());
  auto outbox = std::make_unique<SqliteOutbox>(setup, signer, std::move(*database));
  if (auto started = outbox->start(); !started) {
    return std::move(started).with_context("outbox " + setup.path).error();
  }
  return std::unique_ptr<Outbox>(std::move(outbox));
}

}  // namespace steward
