#include "edge/store/store_thread.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace steward {

StoreThread::StoreThread(Loop& loop, std::unique_ptr<Outbox> outbox, Committed committed)
    : loop_(loop),
      outbox_(std::move(outbox)),
      committed_(std::move(committed)),
      jobs_(max_store_jobs),
      thread_([this] { work(); }) {}

StoreThread::~StoreThread() { stop(); }

void StoreThread::stop() {
  jobs_.close();
  if (thread_.joinable()) thread_.join();
}

void StoreThread::work() {
  std::optional<Job> held;  // popped while looking for more appends
  while (true) {
    auto job = held ? std::exchange(held, std::nullopt) : jobs_.pop();
    if (!job) break;
    if (auto* task = std::get_if<Task>(&*job)) {
      (*task)(*outbox_);
      continue;
    }
    std::vector<AppendJob> together;
    std::size_t batches = 0;
    while (job) {
      auto* append = std::get_if<AppendJob>(&*job);
      if (append == nullptr) {
        held = std::move(job);
        break;
      }
      batches += append->batches.size();
      together.push_back(std::move(*append));
      job = batches < max_batches_per_commit ? jobs_.try_pop() : std::nullopt;
    }
    commit(std::move(together));
  }
  (void)outbox_->flush_acks();  // losing them costs a resend; there is nobody left to tell
}

Result<void> StoreThread::commit_batches(const std::vector<Batch>& batches) {
  auto blocks = outbox_->append(batches);
  if (!blocks) return std::move(blocks.error());
  return {};
}

/// One transaction for all jobs, which get their batches back. Only moved, never
/// copied: a batch is a thousand readings with a vector of words each.
Result<void> StoreThread::commit_together(std::vector<AppendJob>& jobs) {
  std::vector<Batch> together;
  std::vector<std::size_t> counts;
  for (auto& job : jobs) {
    counts.push_back(job.batches.size());
    std::ranges::move(job.batches, std::back_inserter(together));
  }
  auto done = commit_batches(together);
  auto next = together.begin();
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    const auto end = next + static_cast<std::ptrdiff_t>(counts[at]);
    std::ranges::move(next, end, jobs[at].batches.begin());
    next = end;
  }
  return done;
}

void StoreThread::commit(std::vector<AppendJob> jobs) {
  std::vector<Result<void>> results;
  auto together = commit_together(jobs);
  if (together || jobs.size() == 1) {
    results.assign(jobs.size(), together);
  } else {
    // One of them may be at fault; the others must not pay for it.
    for (auto& job : jobs) results.push_back(commit_batches(job.batches));
  }
  for (auto& job : jobs) job.batches.clear();  // here: the loop has readings to take
  loop_.post([committed = committed_, marks = outbox_->marks(), jobs = std::move(jobs),
              results = std::move(results)]() mutable {
    if (committed) committed(marks);
    for (std::size_t at = 0; at < jobs.size(); ++at) {
      if (jobs[at].done) jobs[at].done(std::move(results[at]));
    }
  });
}

void StoreThread::append(std::vector<Batch> batches, Appended done) {
  if (batches.empty()) {
    loop_.post([done = std::move(done)] {
      if (done) done({});
    });
    return;
  }
  auto kept = done;
  if (jobs_.push(AppendJob{std::move(batches), std::move(done)})) return;
  loop_.post([kept = std::move(kept)] {
    if (kept) kept(Error{Fault::full, "the disk does not keep up: too many commits are waiting"});
  });
}

namespace {

/// An answer that a coroutine waits for.
template <class T>
struct Answer {
  explicit Answer(Loop& loop) : given(loop) {}
  Signal given;
  std::optional<Result<T>> result;

  void give(Result<T> value) {
    result = std::move(value);
    given.set();
  }
};

template <class T>
Awaitable<Result<T>> answer_of(std::shared_ptr<Answer<T>> answer) {
  while (!answer->result) (void)co_await answer->given.wait(std::chrono::hours(1));
  co_return std::move(*answer->result);
}

}  // namespace

Awaitable<Result<void>> StoreThread::appended(std::vector<Batch> batches) {
  auto answer = std::make_shared<Answer<void>>(loop_);
  append(std::move(batches), [answer](Result<void> result) { answer->give(std::move(result)); });
  return answer_of<void>(answer);
}

Awaitable<Result<std::string>> StoreThread::mark(std::string name) {
  auto answer = std::make_shared<Answer<std::string>>(loop_);
  const bool taken = jobs_.push(Task([this, answer, name = std::move(name)](Outbox& outbox) {
    auto text = outbox.mark(name);
    loop_.post([answer, text = std::move(text)]() mutable { answer->give(std::move(text)); });
  }));
  if (!taken) answer->give(Error{Fault::full, "the store is not taking questions"});
  return answer_of<std::string>(answer);
}

Awaitable<Result<void>> StoreThread::with(std::function<void(Outbox&)> work) {
  auto answer = std::make_shared<Answer<void>>(loop_);
  const bool taken = jobs_.push(Task([this, answer, work = std::move(work)](Outbox& outbox) {
    work(outbox);
    loop_.post([answer] { answer->give({}); });
  }));
  if (!taken) answer->give(Error{Fault::full, "the store is not taking work"});
  return answer_of<void>(answer);
}

void StoreThread::read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Blocks done) {
  auto kept = done;
  const bool taken =
      jobs_.push(Task([this, stream, after, blocks, bytes, done = std::move(done)](Outbox& outbox) {
        auto found = outbox.read_after(stream, after, blocks, bytes);
        loop_.post([done, found = std::move(found)]() mutable { done(std::move(found)); });
      }));
  if (taken) return;
  loop_.post([kept = std::move(kept)] {
    kept(Error{Fault::full, "too many jobs are waiting for the disk"});
  });
}

void StoreThread::acknowledge(Stream stream, Seq upto) {
  // An ack that finds the queue full is forgotten: the next one says the same.
  (void)jobs_.push(Task([stream, upto](Outbox& outbox) { outbox.acknowledge(stream, upto); }));
}

void StoreThread::note_store(const CloudStore& store) {
  (void)jobs_.push(Task([store](Outbox& outbox) { outbox.note_store(store); }));
}

}  // namespace steward
