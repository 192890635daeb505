#include "edge/store/store_thread.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace steward {

StoreThread::StoreThread(Loop& loop, std::unique_ptr<Outbox> outbox, StoreHandlers handlers,
                         Milliseconds pause)
    : loop_(loop),
      outbox_(std::move(outbox)),
      handlers_(std::move(handlers)),
      pause_(pause),
      jobs_(max_store_jobs),
      thread_([this] { work(); }) {}

StoreThread::~StoreThread() { stop(); }

void StoreThread::stop() {
  jobs_.close();
  if (thread_.joinable()) thread_.join();
  if (check_.joinable()) check_.join();
}

void StoreThread::work() {
  std::optional<Job> held;  // popped while looking for more appends
  for (;;) {
    auto job = held ? std::exchange(held, std::nullopt) : stuck_ ? jobs_.pop_until(try_at_) : jobs_.pop();
    if (job) {
      handle(std::move(*job), held);
    } else if (jobs_.is_closed()) {
      break;
    }
    if (stuck_ && !damaged_ && std::chrono::steady_clock::now() >= try_at_) try_again();
  }
  give_up();
  (void)outbox_->flush_acks();  // losing them costs a resend; there is nobody left to tell
}

void StoreThread::handle(Job job, std::optional<Job>& held) {
  if (auto* task = std::get_if<Task>(&job)) {
    (*task)(*outbox_);
    return;
  }
  std::vector<AppendJob> together;
  together.push_back(std::move(std::get<AppendJob>(job)));
  if (stuck_) {
    keep_waiting(std::move(together), *stuck_);
    return;
  }
  auto batches = together.front().batches.size();
  while (batches < max_batches_per_commit) {
    auto next = jobs_.try_pop();
    if (!next) break;
    auto* append = std::get_if<AppendJob>(&*next);
    if (append == nullptr) {
      held = std::move(next);
      break;
    }
    batches += append->batches.size();
    together.push_back(std::move(*append));
  }
  commit(std::move(together));
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

namespace {

/// Of the disk's doing, or of the records'?
bool is_of_the_disk(Fault fault) {
  return fault == Fault::full || fault == Fault::broken || fault == Fault::retry ||
         fault == Fault::implausible;
}

}  // namespace

void StoreThread::commit(std::vector<AppendJob> jobs) {
  auto together = commit_together(jobs);
  if (!together && is_of_the_disk(together.error().fault)) {
    keep_waiting(std::move(jobs), together.error());
    return;
  }
  if (together || jobs.size() == 1) {
    std::vector<Result<void>> results(jobs.size(), together);
    answer(std::move(jobs), std::move(results));
    return;
  }
  // One of them may be at fault; the others must not pay for it.
  for (auto& job : jobs) {
    std::vector<AppendJob> one;
    one.push_back(std::move(job));
    if (stuck_) {
      keep_waiting(std::move(one), *stuck_);
    } else {
      commit(std::move(one));
    }
  }
}

/// The disk did not take them. Whether it has them after all is open after `broken`: then they are asked
/// again together and unchanged, whoever gave them.
void StoreThread::keep_waiting(std::vector<AppendJob> jobs, const Error& why) {
  const bool first = !stuck_;
  if (first) {
    stuck_ = why;
    try_at_ = std::chrono::steady_clock::now() + pause_;
  }
  if (why.fault == Fault::implausible) {
    fail_all(std::move(jobs), why);
    return;
  }
  if (first && why.fault == Fault::broken) {
    doubtful_ = std::move(jobs);
  } else {
    std::vector<AppendJob> failed;
    for (auto& job : jobs) {
      if (job.waits) {
        tail_.push(std::move(job));
      } else {
        failed.push_back(std::move(job));
      }
    }
    std::vector<Result<void>> results(failed.size(), why);
    auto finished = tail_.take_finished();
    results.resize(failed.size() + finished.size());
    std::ranges::move(finished, std::back_inserter(failed));
    if (!failed.empty()) answer(std::move(failed), std::move(results));
  }
  if (!first) return;
  loop_.post([told = handlers_.stuck, why] {
    if (told) told(why);
  });
}

/// Nothing is written to a damaged file; whoever waits is told.
void StoreThread::fail_all(std::vector<AppendJob> jobs, const Error& why) {
  if (why.fault == Fault::implausible) found_damaged(why.message);
  while (!tail_.empty()) std::ranges::move(tail_.take(max_store_jobs), std::back_inserter(jobs));
  if (jobs.empty()) return;
  std::vector<Result<void>> results(jobs.size(), why);
  answer(std::move(jobs), std::move(results));
}

void StoreThread::try_again() {
  const bool in_doubt = !doubtful_.empty();
  auto jobs = in_doubt ? std::exchange(doubtful_, {}) : tail_.take(max_batches_per_commit);
  if (!jobs.empty()) {
    const auto done = commit_together(jobs);
    const bool failed = !done && is_of_the_disk(done.error().fault);
    if (failed) {
      try_at_ = std::chrono::steady_clock::now() + pause_;
      if (done.error().fault == Fault::implausible) {
        stuck_ = done.error();
        fail_all(std::move(jobs), done.error());
      } else if (in_doubt || done.error().fault == Fault::broken) {
        doubtful_ = std::move(jobs);
      } else {
        tail_.put_back(std::move(jobs));
      }
      return;
    }
    std::vector<Result<void>> results(jobs.size(), done);
    answer(std::move(jobs), std::move(results));
  }
  if (!tail_.empty()) return;  // the next of it at once: try_at_ has passed
  stuck_.reset();
  loop_.post([told = handlers_.runs_again, lost = tail_.take_lost()] {
    if (told) told(lost);
  });
}

/// The end: what the disk never took is told to whoever waits.
void StoreThread::give_up() {
  while (stuck_ && !damaged_) {
    const auto before = tail_.records() + doubtful_.size();
    try_again();
    if (stuck_ && tail_.records() + doubtful_.size() >= before) break;
  }
  fail_all(std::exchange(doubtful_, {}), stuck_ ? *stuck_ : Error{Fault::broken, "stopped"});
}

void StoreThread::found_damaged(const std::string& why) {
  if (std::exchange(damaged_, true)) return;
  loop_.post([told = handlers_.damaged, why] {
    if (told) told(why);
  });
}

void StoreThread::answer(std::vector<AppendJob> jobs, std::vector<Result<void>> results) {
  for (auto& job : jobs) job.batches.clear();  // here: the loop has readings to take
  loop_.post([committed = handlers_.committed, marks = outbox_->marks(), jobs = std::move(jobs),
              results = std::move(results)]() mutable {
    if (committed) committed(marks);
    for (std::size_t at = 0; at < jobs.size(); ++at) {
      if (jobs[at].done) jobs[at].done(std::move(results[at]));
    }
  });
}

void StoreThread::append(std::vector<Batch> batches, Appended done) {
  push(std::move(batches), std::move(done), false);
}

void StoreThread::keep(std::vector<Batch> batches, Appended done) {
  push(std::move(batches), std::move(done), true);
}

void StoreThread::push(std::vector<Batch> batches, Appended done, bool waits) {
  if (batches.empty()) {
    loop_.post([done = std::move(done)] {
      if (done) done({});
    });
    return;
  }
  auto kept = done;
  if (jobs_.push(AppendJob{std::move(batches), std::move(done), waits})) return;
  loop_.post([kept = std::move(kept)] {
    if (kept) kept(Error{Fault::full, "the disk does not keep up: too many commits are waiting"});
  });
}

void StoreThread::check(std::function<Result<std::string>()> look) {
  check_ = std::jthread([this, look = std::move(look)] {
    const auto flaw = look();
    if (!flaw || flaw->empty()) return;
    (void)jobs_.push(Task([this, why = *flaw](Outbox&) { found_damaged(why); }));
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

void StoreThread::read_after(const Uuid& epoch, Stream stream, Seq after, std::size_t blocks,
                             std::size_t bytes, Blocks done) {
  auto kept = done;
  const bool taken =
      jobs_.push(Task([this, epoch, stream, after, blocks, bytes, done = std::move(done)](Outbox& outbox) {
        auto found = outbox.read_to_send(epoch, stream, after, blocks, bytes);
        if (!found && found.error().fault == Fault::implausible) found_damaged(found.error().message);
        loop_.post([done, found = std::move(found)]() mutable { done(std::move(found)); });
      }));
  if (taken) return;
  loop_.post([kept = std::move(kept)] {
    kept(Error{Fault::full, "too many jobs are waiting for the disk"});
  });
}

void StoreThread::acknowledge(const Uuid& epoch, Stream stream, Seq upto) {
  // An ack that finds the queue full is forgotten: the next one says the same.
  (void)jobs_.push(Task([epoch, stream, upto](Outbox& outbox) { outbox.acknowledge(epoch, stream, upto); }));
}

void StoreThread::acknowledge(Stream stream, Seq upto) {
  (void)jobs_.push(Task([stream, upto](Outbox& outbox) { outbox.acknowledge(stream, upto); }));
}

void StoreThread::note_store(const CloudStore& store) {
  (void)jobs_.push(Task([store](Outbox& outbox) { outbox.note_store(store); }));
}

}  // namespace steward
