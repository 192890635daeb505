#pragma once
#include <array>
#include <optional>
#include <vector>

#include "edge/store/outbox_file.hpp"
#include "edge/store/own_seals.hpp"
#include "kit/sqlite/database.hpp"

/// The Outbox on SQLite. Internal: outbox.cpp opens it and keeps its small rows, outbox_append.cpp writes
/// blocks and makes room, outbox_read.cpp reads them back and covers what is missing.
namespace steward {

/// The file is not what was written to it.
inline Error damaged(std::string what) { return {Fault::implausible, std::move(what)}; }

/// The statements of one log.
struct LogTable {
  Statement insert;
  Statement after;
  Statement oldest;
  Statement newest;
  Statement remove;
};

class SqliteOutbox final : public Outbox {
 public:
  SqliteOutbox(const OutboxSetup& setup, const Signer& signer, Database database, bool left_open)
      : setup_(setup), signer_(signer), database_(std::move(database)), left_open_(left_open) {}

  Result<void> start();

  const Uuid& epoch() const override { return epochs_.back().uuid; }
  const LogMarks& marks() const override { return epochs_.back().marks; }
  std::vector<OldLogs> old_logs() const override;
  Result<void> begin_epoch() override;
  bool was_left_open() const override { return left_open_; }
  Result<std::vector<StoredBlock>> append(const std::vector<Batch>& batches) override;
  LogMarks attempted() const override { return attempted_; }
  Result<void> write_through() override;
  Result<std::vector<StoredBlock>> read_after(const Uuid& epoch, Stream stream, Seq after, std::size_t blocks,
                                              std::size_t bytes) override;
  Result<std::vector<StoredBlock>> read_to_send(const Uuid& epoch, Stream stream, Seq after,
                                                std::size_t blocks, std::size_t bytes) override;
  void acknowledge(const Uuid& epoch, Stream stream, Seq upto) override;
  void note_store(const CloudStore& store) override;
  const std::optional<CloudStore>& store() const override { return store_; }
  Result<void> flush_acks() override;
  Result<std::string> mark(std::string_view name) override;

 private:
  struct Found {
    StoredBlock block;
    std::int64_t closed_ms = 0;
    Digest previous{};
  };

  Result<void> prepare();
  Result<void> load();
  Result<void> own(const std::map<std::string, std::string>& kept);
  Result<void> load_log(outbox_file::Epoch& epoch, Stream stream);
  LogId log_of(const outbox_file::Epoch& epoch, Stream stream) const {
    return {setup_.site, setup_.gateway, epoch.uuid, stream};
  }
  outbox_file::Epoch* epoch_of(const Uuid& uuid);
  Result<std::optional<outbox_file::BlockRow>> one_row(Statement& statement, const outbox_file::Epoch& epoch,
                                                       Seq upto);
  bool holds_blocks(const outbox_file::Epoch& epoch);
  Result<std::vector<Found>> read_rows(const outbox_file::Epoch& epoch, Stream stream, Seq after,
                                       std::size_t blocks, std::size_t bytes);
  Result<StoredBlock> hole(const outbox_file::Epoch& epoch, Stream stream, Seq after, Seq before,
                           const Digest& missing, std::int64_t wall_ms);
  Result<Records> seal_records(const PendingRecords& pending, Stream stream, Seq first);
  Result<StoredBlock> insert(const Batch& batch);
  Result<std::vector<StoredBlock>> commit(const std::vector<Batch>& batches);
  Result<void> save_marks(const std::vector<SavedMark>& marks);
  Result<void> save_acks();
  Result<void> prune(Instant now);
  Result<std::int64_t> let_go(outbox_file::Epoch& epoch, Stream stream, Seq upto, std::int64_t closed_before,
                              std::int64_t surplus, std::int64_t most);
  Result<std::int64_t> shed();

  OutboxSetup setup_;
  const Signer& signer_;
  Database database_;  // before the statements: they must go first
  bool left_open_;
  std::vector<LogTable> tables_;
  std::optional<KeptRows> kept_;
  std::optional<OwnSeals> seals_;
  std::vector<outbox_file::Epoch> epochs_;                     // oldest first; the last is written to
  std::array<std::int64_t, std::size(all_streams)> stored_{};  // blocks on disk per log, all epochs
  LogMarks attempted_{};
  std::optional<CloudStore> store_;
  bool acks_unsaved_ = false;
  std::uint32_t appends_ = 0;
};

}  // namespace steward
