// How the daemon takes a technician's word about a meter's life.
#include "contract/text/meter_event_text.hpp"
#include "edge/app/daemon.hpp"
#include "edge/app/meter_list_file.hpp"
#include "edge/app/meter_verb.hpp"
#include "edge/site/read_site.hpp"

namespace steward {
namespace {

/// The answer is on its way before the daemon begins anew.
constexpr Milliseconds answer_time{200};

Error refused(const Problems& problems) {
  std::string all;
  for (const auto& problem : problems) {
    const auto where =
        problem.line > 0 ? problem.file + ":" + std::to_string(problem.line) + ": " : std::string();
    all += (all.empty() ? "" : "\n") + where + problem.en + " / " + problem.zh;
  }
  return {Fault::refused, std::move(all)};
}

}  // namespace

Awaitable<void> Daemon::stop_soon() {
  co_await pause(answer_time);
  stop_asked();
}

Awaitable<Result<Json>> Daemon::meter_life(MeterRequest request) {
  const auto& setup = parts_.site.setup;
  const bool edits = request.kind == MeterEventKind::exchange || request.kind == MeterEventKind::removed;
  if (in_round_ || restart_) {
    co_return Error{Fault::retry, "a round is under way; ask again in a moment / 正在抄表，请稍后再试"};
  }
  if (edits && parts_.stepped != nullptr) {
    co_return Error{Fault::refused,
                    "the meter list cannot change in stepped time / 步进时间下不能修改表清单"};
  }
  const auto list = read_text_file(setup.meters_file, max_meter_list_bytes);
  if (!list) co_return list.error();
  const auto known = rounds_->known_life(request.meter);
  MeterFacts facts;
  facts.now = clock_.now();
  for (const auto& meter : setup.meters) facts.listed = facts.listed || meter.meter == request.meter;
  if (known) {
    facts.channel = known->channel;
    facts.mark = known->mark;
    facts.finding = known->finding;
  }
  Problems problems;
  const auto change = plan_meter_change(request, facts, *list, problems);
  if (!change) co_return refused(problems);
  auto batch = batch_of({edge_event_of(change->event)}, writer_->stamp());
  if (change->list) {
    if (auto written = write_next_list(setup.meters_file, *change->list); !written) co_return written.error();
    const auto next = load_site(options_.config, options_.profiles, problems, next_list(setup.meters_file));
    if (!next) {
      drop_next_list(setup.meters_file);
      co_return refused(problems);
    }
    batch.marks.push_back({std::string(meter_list_mark), list_mark_text(*change->list)});
    // The guard must not hold the new device against the old one's serial number.
    for (const auto& meter : setup.meters) {
      if (meter.meter == request.meter) books_.at(meter.bus)->note_latch(meter.unit, false);
    }
  }
  std::vector<Batch> batches;
  batches.push_back(std::move(batch));
  const auto stored = co_await store_->appended(std::move(batches));
  if (!stored) {
    broken(stored.error());
    co_return stored.error();
  }
  writer_->note(edge_event_of(change->event));
  rounds_->explained(request.meter, change->mark);
  auto answer =
      Json::object().set("outcome", word(change->event.kind)).set("restarting", change->list.has_value());
  if (change->list) {
    restart_ = true;
    if (auto put = put_next_list(setup.meters_file); !put)
      log_.warning("meter_list", {{"why", put.error().message}});
    spawn(stop_soon());
  }
  co_return answer;
}

}  // namespace steward
