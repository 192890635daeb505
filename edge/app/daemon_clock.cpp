// How the daemon follows the world's time.
#include "contract/text/instant_text.hpp"
#include "contract/wire/time_record_text.hpp"
#include "edge/app/clock_floor.hpp"
#include "edge/app/daemon.hpp"
#include "edge/poll/schedule.hpp"

namespace steward {
namespace {

/// A smaller step no round and no bill notices.
constexpr Milliseconds small_step{1'000};
/// The floor on disk is renewed so often: one small row an hour.
constexpr Milliseconds floor_every{3'600'000};

std::string_view words_of(ClockTrust trust) {
  constexpr std::string_view words[] = {"unset", "rtc", "synced", "stepped"};
  return words[static_cast<std::size_t>(trust)];
}

}  // namespace

/// While no block is open: what a block holds is stamped by one clock.
Awaitable<void> Daemon::mind_the_clock() {
  if (parts_.edge_clock == nullptr) co_return;
  co_await writer_->settled();
  note_clock(parts_.edge_clock->look());
  const bool due = floor_kept_ == Ticks::min() || clock_.ticks() - floor_kept_ >= floor_every;
  if (due && clock_.trust() == ClockTrust::synced) keep_floor();
}

void Daemon::note_clock(const ClockNews& news) {
  for (const auto& record : news.records) writer_->event(edge_event_of(record, clock_.now()));
  if (news.contradicted) {
    say("clock_contradicted",
        "the time server and the cloud name different times: neither is believed, and nothing is billed on "
        "this "
        "clock until they agree; look at the time server and at the cloud's clock");
  }
  if (news.before != news.after) {
    say("clock_" + std::string(words_of(news.after)), "was " + std::string(words_of(news.before)));
    cloud_->state_changed();
  }
  if (std::chrono::abs(news.step) < small_step) return;
  say("clock_stepped", "by " + std::to_string(news.step.count()) + " ms, to " + instant_text(clock_.now()));
  // A round of a wrong clock was another instant: the true one is still to come, or is over.
  const auto limit = std::chrono::seconds(parts_.site.setup.rounds.skew_limit_s);
  if (std::chrono::abs(news.step) > limit && next_round_ != Instant{})
    next_round_ = round_at_or_after(clock_.now(), every_);
}

void Daemon::keep_floor() {
  if (parts_.edge_clock == nullptr || clock_.trust() != ClockTrust::synced) return;
  floor_kept_ = clock_.ticks();
  auto batch = batch_of({}, writer_->stamp());
  batch.marks = {{std::string(clock_floor_mark), std::to_string(ms_of(clock_.now()))}};
  std::vector<Batch> batches;
  batches.push_back(std::move(batch));
  store_->append(std::move(batches), [](Result<void>) {});  // lost, it costs nothing: the floor is lower
}

}  // namespace steward
