#pragma once
#include <memory>

#include "edge/store/outbox.hpp"

namespace steward {

/// An outbox whose disk may fail and come back.
///
/// A failed fsync says nothing of what is on the disk, and the next one on the same file may succeed
/// without it: the kernel has dropped the pages. So after a fault of the disk the file is closed, opened
/// again and written through (its WAL into its place, and synced), and what is then there decides. The
/// batches that failed are there whole, and count as kept, or not at all, and can be kept again.
///
/// After `broken`, append must be called with the same batches until it gives something else. Faults also:
/// implausible, for good: the file is damaged or lost what it had promised (then it has a new epoch); the
/// program must begin again.
/// Thread: store.
class SteadyOutbox final : public Outbox {
 public:
  SteadyOutbox(OutboxSetup setup, const Signer& signer, std::unique_ptr<Outbox> outbox);

  const Uuid& epoch() const override { return epoch_; }
  const LogMarks& marks() const override { return outbox_ ? outbox_->marks() : marks_; }
  std::vector<OldLogs> old_logs() const override;
  Result<void> begin_epoch() override;
  bool was_left_open() const override { return left_open_; }
  Result<std::vector<StoredBlock>> append(const std::vector<Batch>& batches) override;
  LogMarks attempted() const override { return attempted_; }
  Result<void> write_through() override;
  using Outbox::acknowledge;
  using Outbox::read_after;
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
  enum class Landed : std::uint8_t { no, yes };
  Result<Landed> mend();

  OutboxSetup setup_;
  const Signer& signer_;
  std::unique_ptr<Outbox> outbox_;  // nothing while it cannot be opened
  Uuid epoch_{};
  bool left_open_;
  LogMarks marks_;      // when it was last sound
  LogMarks attempted_;  // where the append in doubt would have led
  std::optional<CloudStore> store_;
  bool in_doubt_ = false;
};

}  // namespace steward
