// How the daemon takes a technician's word about a meter's life.
#include "contract/text/meter_event_text.hpp"
#include "drivers/decode/decode.hpp"
#include "edge/app/daemon.hpp"
#include "edge/app/log_marks.hpp"
#include "edge/app/meter_list_file.hpp"
#include "edge/app/meter_verb.hpp"
#include "edge/site/read_site.hpp"

namespace steward {
namespace {

/// The answer is on its way before the daemon begins anew.
constexpr Milliseconds answer_time{200};

/// Holds rounds back for as long as it lives.
class Changing {
 public:
  explicit Changing(bool& flag) : flag_(flag) { flag_ = true; }
  ~Changing() { flag_ = false; }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  bool& flag_;
};

Error refused(const Problems& problems) {
  std::string all;
  for (const auto& problem : problems) {
    const auto where =
        problem.line > 0 ? problem.file + ":" + std::to_string(problem.line) + ": " : std::string();
    all += (all.empty() ? "" : "\n") + where + problem.en + " / " + problem.zh;
  }
  return {Fault::refused, std::move(all)};
}

/// Why the meter list is not to be changed here; nothing: it may be.
std::optional<Error> why_not_edited(bool stepped, std::uint64_t config_version) {
  if (stepped)
    return Error{Fault::refused, "the meter list cannot change in stepped time / 步进时间下不能修改表清单"};
  if (config_version == 0) return std::nullopt;
  const auto version = std::to_string(config_version);
  return Error{Fault::refused,
               "the meter list is the cloud's (config version " + version +
                   "): change it there with `steward-cloud config push` / 表清单由云端配置（版本 " + version +
                   "）管理；请用 steward-cloud config push 修改"};
}

/// What is known of a meter when somebody says what happened to it.
/// known: what the rounds remember; fresh: what it answered just now
MeterFacts facts_of(const SiteSetup& setup, const MeterId& meter, Instant now, const auto& known,
                    const auto& fresh) {
  MeterFacts facts;
  facts.now = now;
  for (const auto& one : setup.meters) facts.listed = facts.listed || one.meter == meter;
  if (known) {
    facts.channel = known->channel;
    facts.mark = known->mark;
    facts.finding = known->finding;
  }
  if (!fresh) {
    facts.unread = fresh.error().message;
  } else if (facts.channel != nullptr && fresh->channel->no == facts.channel->no) {
    const auto decoded = decode(*fresh->channel, fresh->words);
    if (decoded.quality != Quality::invalid) facts.fresh = decoded.value;
  }
  return facts;
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
  if (edits) {
    const auto why =
        why_not_edited(parts_.stepped != nullptr, configs_ ? configs_->state().active.version : 0);
    if (why) co_return *why;
  }
  const auto list = read_text_file(setup.meters_file, max_meter_list_bytes);
  if (!list) co_return list.error();
  auto fresh = co_await rounds_->ask_now(request.meter, {});
  if (in_round_ || restart_ || stopping_) {
    co_return Error{Fault::retry, "a round has begun; ask again in a moment / 抄表已开始，请稍后再试"};
  }
  const Changing changing(explaining_);
  const auto facts = facts_of(setup, request.meter, clock_.now(), rounds_->known_life(request.meter), fresh);
  Problems problems;
  const auto change = plan_meter_change(request, facts, *list, problems);
  if (!change) co_return refused(problems);
  auto batch = batch_of({edge_event_of(change->event)}, writer_->stamp());
  for (const auto& meter : setup.meters) {
    if (meter.meter != request.meter) continue;
    MeterWord word{meter.meter, facts.now, std::nullopt};
    if (change->mark) word.value = change->mark->value;
    batch.marks.push_back(word_mark(WordKind::explained, meter, word));
  }
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
  answer.set("compared_en", change->compared_en).set("compared_zh", change->compared_zh);
  if (change->list) {
    restart_ = true;
    if (auto put = put_next_list(setup.meters_file); !put)
      log_.warning("meter_list", {{"why", put.error().message}});
    spawn(stop_soon());
  }
  co_return answer;
}

}  // namespace steward
