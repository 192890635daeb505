#include "edge/store/steady_outbox.hpp"

namespace steward {
namespace {

Error closed() { return {Fault::broken, "outbox: its disk failed, and it cannot be opened again yet"}; }

/// Until it is known whether the append in doubt is there, only the same batches may be asked again: a disk
/// without room in the middle of that is no leave to ask for others.
Error still_in_doubt(Error error) {
  if (error.fault != Fault::implausible) error.fault = Fault::broken;
  return error;
}

bool same_place(const LogMarks& one, const LogMarks& other) {
  for (std::size_t at = 0; at < one.size(); ++at) {
    if (one.at(at).last != other.at(at).last || one.at(at).tail != other.at(at).tail) return false;
  }
  return true;
}

}  // namespace

SteadyOutbox::SteadyOutbox(OutboxSetup setup, const Signer& signer, std::unique_ptr<Outbox> outbox)
    : setup_(std::move(setup)),
      signer_(signer),
      outbox_(std::move(outbox)),
      epoch_(outbox_->epoch()),
      left_open_(outbox_->was_left_open()),
      marks_(outbox_->marks()),
      store_(outbox_->store()) {
  setup_.suspect = false;
}

std::vector<OldLogs> SteadyOutbox::old_logs() const {
  return outbox_ ? outbox_->old_logs() : std::vector<OldLogs>();
}

Result<void> SteadyOutbox::begin_epoch() {
  if (!outbox_) return closed();
  auto begun = outbox_->begin_epoch();
  if (begun) epoch_ = outbox_->epoch();
  return begun;
}

/// Closes, opens and writes through; then says whether the append in doubt is there.
Result<SteadyOutbox::Landed> SteadyOutbox::mend() {
  outbox_.reset();
  auto opened = Outbox::open(setup_, signer_);
  if (!opened) return std::move(opened.error());
  if (auto done = (*opened)->write_through(); !done) return std::move(done.error());
  outbox_ = std::move(*opened);
  if (outbox_->epoch() != epoch_)
    return Error{Fault::implausible, "outbox: it was damaged while its disk failed"};
  for (const auto stream : all_streams)
    outbox_->acknowledge(stream, marks_.at(static_cast<std::size_t>(stream)).acked);
  if (store_) outbox_->note_store(*store_);
  const bool landed = same_place(outbox_->marks(), attempted_);
  if (!landed && !same_place(outbox_->marks(), marks_)) {
    // No place is given twice: what comes now is of another history.
    if (auto begun = outbox_->begin_epoch(); !begun) return std::move(begun.error());
    return Error{Fault::implausible, "outbox: the disk lost what it had promised"};
  }
  in_doubt_ = false;
  marks_ = outbox_->marks();
  return landed ? Landed::yes : Landed::no;
}

Result<std::vector<StoredBlock>> SteadyOutbox::append(const std::vector<Batch>& batches) {
  if (in_doubt_) {
    auto landed = mend();
    if (!landed) return still_in_doubt(std::move(landed.error()));
    if (*landed == Landed::yes) return std::vector<StoredBlock>();
  }
  auto blocks = outbox_->append(batches);
  if (blocks) {
    marks_ = outbox_->marks();
    return blocks;
  }
  if (blocks.error().fault != Fault::broken) return blocks;
  in_doubt_ = true;
  attempted_ = outbox_->attempted();
  marks_ = outbox_->marks();
  auto landed = mend();
  if (!landed) return still_in_doubt(std::move(landed.error()));
  if (*landed == Landed::yes) return std::vector<StoredBlock>();
  blocks = outbox_->append(batches);  // on a file that was opened anew
  if (!blocks && blocks.error().fault == Fault::broken) {
    in_doubt_ = true;
    attempted_ = outbox_->attempted();
  }
  marks_ = outbox_->marks();
  return blocks;
}

Result<void> SteadyOutbox::write_through() { return outbox_ ? outbox_->write_through() : closed(); }

Result<std::vector<StoredBlock>> SteadyOutbox::read_after(const Uuid& epoch, Stream stream, Seq after,
                                                          std::size_t blocks, std::size_t bytes) {
  if (!outbox_) return closed();
  return outbox_->read_after(epoch, stream, after, blocks, bytes);
}

Result<std::vector<StoredBlock>> SteadyOutbox::read_to_send(const Uuid& epoch, Stream stream, Seq after,
                                                            std::size_t blocks, std::size_t bytes) {
  if (!outbox_) return closed();
  return outbox_->read_to_send(epoch, stream, after, blocks, bytes);
}

void SteadyOutbox::acknowledge(const Uuid& epoch, Stream stream, Seq upto) {
  if (epoch == epoch_) {
    auto& mark = marks_.at(static_cast<std::size_t>(stream));
    if (upto <= mark.last) mark.acked = upto;
  }
  if (outbox_) outbox_->acknowledge(epoch, stream, upto);
}

void SteadyOutbox::note_store(const CloudStore& store) {
  store_ = store;
  if (outbox_) outbox_->note_store(store);
}

Result<void> SteadyOutbox::flush_acks() { return outbox_ ? outbox_->flush_acks() : closed(); }

Result<std::string> SteadyOutbox::mark(std::string_view name) {
  if (!outbox_) return closed();
  return outbox_->mark(name);
}

}  // namespace steward
