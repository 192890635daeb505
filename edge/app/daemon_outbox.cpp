// What the outbox has to tell the daemon: its disk is stuck, or its file damaged.
#include "edge/app/daemon.hpp"
#include "edge/store/salvage.hpp"

namespace steward {

StoreHandlers Daemon::store_handlers() {
  const auto gateway = parts_.site.setup.gateway.text;
  StoreHandlers handlers;
  handlers.committed = [this](const LogMarks& now) {
    if (cloud_) cloud_->committed(now);
  };
  handlers.stuck = [this, gateway](const Error& why) {
    outbox_fault_ = why.message;
    writer_->stuck(why, gateway);
  };
  handlers.runs_again = [this, gateway](const LostSpan& lost) {
    outbox_fault_.clear();
    writer_->runs_again(lost, gateway);
  };
  handlers.damaged = [this](const std::string& why) { damaged(why); };
  return handlers;
}

/// Said in the new epoch, with the mark that reminded of it, until it is on disk.
void Daemon::say_salvaged(const std::string& text) {
  EdgeEvent event{clock_.now(), "outbox_salvaged", parts_.site.setup.gateway.text, text};
  writer_->note(event);
  auto batch = batch_of({std::move(event)}, writer_->stamp());
  batch.marks.push_back({std::string(salvage_mark), ""});
  store_->keep({std::move(batch)}, {});
}

void Daemon::damaged(const std::string& why) {
  if (damaged_) return;
  log_.error("outbox_damaged", {{"why", why}});
  outbox_fault_ = why;
  damaged_ = restart_ = true;
  stop_asked();
}

void Daemon::broken(const Error& error) {
  if (exit_code_ != exit_ok || damaged_) return;
  outbox_fault_ = error.message;
  log_.error("outbox_failed", {{"why", error.message}});
  exit_code_ = exit_failed;
  stop_asked();
}

RecordWriter::Handlers Daemon::writer_handlers() {
  RecordWriter::Handlers handlers;
  handlers.failed = [this](const Error& error) { broken(error); };
  handlers.alarms_changed = [this] {
    if (cloud_) cloud_->state_changed();
  };
  handlers.latched = [this](const BusId& bus, UnitAddress unit) { books_.at(bus)->note_latch(unit, true); };
  return handlers;
}

}  // namespace steward
