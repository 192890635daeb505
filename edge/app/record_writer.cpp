#include "edge/app/record_writer.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"
#include "edge/app/log_marks.hpp"
#include "edge/app/outbox_sinks.hpp"

namespace steward {

RecordWriter::RecordWriter(Loop& loop, const Clock& clock, const Log& log, StoreThread& store, Uuid boot,
                           Handlers handlers, LogTail readings)
    : clock_(clock),
      log_(log),
      store_(store),
      boot_(boot),
      handlers_(std::move(handlers)),
      readings_(std::move(readings)),
      opened_(loop),
      committed_(loop) {}

ClockStamp RecordWriter::stamp() const {
  const auto since_boot = std::chrono::floor<Milliseconds>(clock_.ticks().time_since_epoch());
  return {boot_, clock_.now(), since_boot.count(), clock_.trust()};
}

void RecordWriter::append(std::vector<Batch> batches) {
  if (batches.empty()) return;
  for (const auto& batch : batches) note_places(batch);
  if (auto lives = take_placed(); !lives.empty()) {
    for (const auto& event : lives) note(event);
    batches.push_back(batch_of(std::move(lives), {}));
  }
  const auto now = stamp();
  for (auto& batch : batches) batch.stamp = now;
  ++outstanding_;
  store_.keep(std::move(batches), [this](Result<void> result) {
    --outstanding_;
    if (!result) handlers_.failed(result.error());
    committed_.set();
  });
}

/// The store gives places in the order it is handed batches, and every batch of the readings log passes here.
void RecordWriter::note_places(const Batch& batch) {
  if (batch.stream != Stream::readings) return;
  const auto first = readings_.last.value + 1;
  readings_.last.value += std::visit([](const auto& records) { return records.size(); }, batch.records);
  const auto* readings = std::get_if<std::vector<Reading>>(&batch.records);
  if (readings == nullptr) return;
  for (std::size_t at = 0; at < readings->size(); ++at) {
    const auto& reading = (*readings)[at];
    auto& places = readings_.places[{reading.meter_no, reading.channel_no}];
    places = {places.last, Seq{first + at}, reading.round_at};
  }
}

/// The events whose reading has its place by now, with their evidence.
std::vector<EdgeEvent> RecordWriter::take_placed() {
  std::vector<EdgeEvent> out;
  std::erase_if(found_, [&](FoundLife& life) {
    const auto places = readings_.places.find(life.of);
    if (places == readings_.places.end() || places->second.round_at != life.event.at) return false;
    if (places->second.before.value > 0) life.event.evidence.push_back(places->second.before);
    life.event.evidence.push_back(places->second.last);
    out.push_back(edge_event_of(life.event));
    return true;
  });
  return out;
}

void RecordWriter::life(MeterEvent found, MeterNo meter, ChannelNo channel) {
  found_.push_back({std::move(found), {meter, channel}});
  auto placed = take_placed();  // its block was full and is on its way already
  if (placed.empty()) return;
  for (const auto& event : placed) note(event);
  append({batch_of(std::move(placed), {})});
}

void RecordWriter::added(bool was_empty) {
  if (builder_.due_at() == Ticks::min()) append(builder_.take_due(clock_.ticks()));
  if (was_empty) opened_.set();
}

void RecordWriter::reading(Stream stream, Reading reading) {
  const bool was_empty = builder_.empty();
  builder_.add(stream, std::move(reading), clock_.ticks());
  added(was_empty);
}

void RecordWriter::closing(Closing closing) {
  const bool was_empty = builder_.empty();
  builder_.add(Stream::readings, std::move(closing), clock_.ticks());
  added(was_empty);
}

void RecordWriter::frozen(FrozenReading reading) {
  const bool was_empty = builder_.empty();
  builder_.add(Stream::readings, std::move(reading), clock_.ticks());
  added(was_empty);
}

void RecordWriter::catalogue(Stream stream, std::vector<CatalogueEntry> entries) {
  append(builder_.take_all());  // readings of the catalogue before
  std::vector<SavedMark> marks;
  if (stream == Stream::readings)
    marks = {numbering_mark({Seq{readings_.last.value + 1}, digest_of(entries)})};
  for (auto& entry : entries) builder_.add(stream, std::move(entry), clock_.ticks());
  auto batches = builder_.take_all();
  if (!batches.empty()) batches.back().marks = std::move(marks);
  append(std::move(batches));
}

void RecordWriter::event(EdgeEvent event) {
  note(event);
  append({batch_of({std::move(event)}, stamp())});
}

void RecordWriter::event(EdgeEvent event, std::vector<SavedMark> marks) {
  note(event);
  auto batches = builder_.take_all();
  batches.push_back(batch_of({std::move(event)}, stamp()));
  batches.back().marks = std::move(marks);
  append(std::move(batches));
}

void RecordWriter::latched(const BusId& bus, UnitAddress unit) {
  if (handlers_.latched) handlers_.latched(bus, unit);
}

void RecordWriter::note(const EdgeEvent& event) {
  log_.info("edge_event", {{"kind", event.kind}, {"subject", event.subject}, {"detail", event.detail}});
  if (alarms_.note(event) && handlers_.alarms_changed) handlers_.alarms_changed();
}

Awaitable<void> RecordWriter::settled() {
  append(builder_.take_all());
  while (outstanding_ > 0 && !stuck_) (void)co_await committed_.wait(std::chrono::hours(1));
}

void RecordWriter::stuck(const Error& why, const std::string& gateway) {
  stuck_ = true;
  committed_.set();
  const bool full = why.fault == Fault::full;
  event({clock_.now(), full ? "disk_full" : "disk_fault", gateway,
         why.message + "; readings wait in memory" +
             (full ? "; make room on the disk" : "; look at the disk")});
}

void RecordWriter::runs_again(const LostSpan& lost, const std::string& gateway) {
  stuck_ = false;
  event({clock_.now(), "disk_back", gateway, "what waited in memory is kept"});
  if (lost.records == 0) return;
  event({clock_.now(), "gap", gateway,
         std::to_string(lost.records) + " records taken from " + instant_text(lost.from) + " to " +
             instant_text(lost.to) +
             " were not kept: neither disk nor memory had room; cumulative registers are read on"});
}

Awaitable<void> RecordWriter::run() {
  while (!stopped_) {
    const auto due = builder_.due_at();
    if (due == Ticks::max()) {
      (void)co_await opened_.wait(std::chrono::hours(1));
      continue;
    }
    const auto left = std::chrono::ceil<Milliseconds>(due - clock_.ticks());
    if (left > Milliseconds{0}) (void)co_await opened_.wait(left);
    append(builder_.take_due(clock_.ticks()));
  }
}

void RecordWriter::stop() {
  stopped_ = true;
  opened_.set();
}

}  // namespace steward
