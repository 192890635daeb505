#include "edge/store/store_tail.hpp"

#include <algorithm>
#include <utility>

namespace steward {
namespace {

constexpr int never = 4;

/// What is given up first: 0. What never is: `never`.
int rank_of(const Batch& batch) {
  if (std::holds_alternative<LostRecords>(batch.records) ||
      std::holds_alternative<std::vector<CatalogueEntry>>(batch.records)) {
    return never;
  }
  if (batch.stream == Stream::telemetry) return 0;
  if (std::holds_alternative<std::vector<Closing>>(batch.records)) return 3;
  return batch.stream == Stream::readings ? 1 : 2;
}

std::uint64_t held_in(const Batch& batch) {
  if (std::holds_alternative<LostRecords>(batch.records)) return 0;
  return std::visit([](const auto& records) -> std::uint64_t { return records.size(); }, batch.records);
}

std::uint64_t held_in(const AppendJob& job) {
  std::uint64_t sum = 0;
  for (const auto& batch : job.batches) sum += held_in(batch);
  return sum;
}

}  // namespace

void StoreTail::push(AppendJob job) {
  if (renews_marks(job)) {
    finished_.push_back(std::move(job));
    return;
  }
  records_ += held_in(job);
  jobs_.push_back(std::move(job));
  shorten();
}

/// A job of marks alone whose marks all wait here already: the newer texts take their place, so that marks
/// do not fill the memory. They may then be on disk before records that came first; a mark counts further
/// than they do, never less.
bool StoreTail::renews_marks(const AppendJob& job) {
  std::vector<std::pair<SavedMark*, const SavedMark*>> renewed;
  for (const auto& batch : job.batches) {
    if (held_in(batch) > 0 || std::holds_alternative<LostRecords>(batch.records)) return false;
    for (const auto& mark : batch.marks) {
      SavedMark* found = nullptr;
      for (auto& waiting : jobs_) {
        for (auto& other : waiting.batches) {
          if (held_in(other) > 0) continue;
          for (auto& known : other.marks) {
            if (known.name == mark.name) found = &known;
          }
        }
      }
      if (found == nullptr) return false;
      renewed.emplace_back(found, &mark);
    }
  }
  for (const auto& [old, fresh] : renewed) old->text = fresh->text;
  return true;
}

std::vector<AppendJob> StoreTail::take(std::size_t batches) {
  std::vector<AppendJob> taken;
  std::size_t sum = 0;
  while (!jobs_.empty() && (taken.empty() || sum + jobs_.front().batches.size() <= batches)) {
    sum += jobs_.front().batches.size();
    records_ -= held_in(jobs_.front());
    taken.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  return taken;
}

void StoreTail::put_back(std::vector<AppendJob> jobs) {
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    records_ += held_in(*job);
    jobs_.push_front(std::move(*job));
  }
}

LostSpan StoreTail::take_lost() { return std::exchange(lost_, {}); }

std::vector<AppendJob> StoreTail::take_finished() { return std::exchange(finished_, {}); }

void StoreTail::shorten() {
  int rank = 0;
  while (records_ > most_ && rank < never) {
    if (!give_up_oldest(rank)) ++rank;
  }
}

/// The batch's places become a hole, or part of the hole just before it in its log.
void StoreTail::become_hole(Batch& batch) {
  const auto held = held_in(batch);
  LostRecords* before = nullptr;
  bool reached = false;
  for (auto& job : jobs_) {
    for (auto& other : job.batches) {
      reached = reached || &other == &batch;
      if (reached || other.stream != batch.stream) continue;
      auto* const hole = std::get_if<LostRecords>(&other.records);
      if (hole != nullptr ? hole->count > 0 : held_in(other) > 0) before = hole;
    }
  }
  if (lost_.records == 0) lost_.from = lost_.to = batch.stamp.wall;
  lost_.from = std::min(lost_.from, batch.stamp.wall);
  lost_.to = std::max(lost_.to, batch.stamp.wall);
  lost_.records += held;
  records_ -= held;
  if (before != nullptr) before->count += held;
  batch.records = LostRecords{before == nullptr ? held : 0};
}

/// One batch of this rank is given up. False: there is none.
bool StoreTail::give_up_oldest(int rank) {
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    const auto batch = std::ranges::find_if(
        job->batches, [&](const Batch& one) { return held_in(one) > 0 && rank_of(one) == rank; });
    if (batch == job->batches.end()) continue;
    become_hole(*batch);
    const bool empty = std::ranges::all_of(job->batches, [](const Batch& one) {
      const auto* const hole = std::get_if<LostRecords>(&one.records);
      return hole != nullptr && hole->count == 0 && one.marks.empty();
    });
    if (empty) {
      finished_.push_back(std::move(*job));
      jobs_.erase(job);
    }
    return true;
  }
  return false;
}

}  // namespace steward
