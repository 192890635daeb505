#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "edge/store/outbox.hpp"
#include "kit/loop/awaitable.hpp"
#include "kit/loop/bounded_queue.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Jobs that may wait for the disk. Beyond it the disk has stopped, not slowed:
/// an append fails with `full` and its caller keeps the records.
inline constexpr std::size_t max_store_jobs = 1024;
/// Appends that are waiting together share one transaction and one fsync.
inline constexpr std::size_t max_batches_per_commit = 64;

/// The one thread that writes the outbox, seen from the loop.
///
/// Every call returns at once; answers come on the loop, later, in the order the
/// jobs were given. `stop` lets the jobs in hand finish.
/// Thread: loop (each member); the work itself is done on its own thread.
class StoreThread {
 public:
  using Appended = std::function<void(Result<void>)>;
  using Blocks = std::function<void(Result<std::vector<StoredBlock>>)>;
  using Text = std::function<void(Result<std::string>)>;
  /// Told after every commit where the logs stand; runs on the loop before the
  /// answers to the appends in it.
  using Committed = std::function<void(const LogMarks&)>;

  StoreThread(Loop& loop, std::unique_ptr<Outbox> outbox, Committed committed);
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  /// All of `batches` in one transaction. Faults: full (disk, or too many jobs
  /// waiting), broken, malformed (a record outside the format's limits).
  void append(std::vector<Batch> batches, Appended done);
  /// The same, waiting for it.
  Awaitable<Result<void>> appended(std::vector<Batch> batches);
  Awaitable<Result<std::string>> mark(std::string name);
  /// Runs `work` with the outbox, on its thread, in turn; resumes when it is done. Faults: full (not run).
  Awaitable<Result<void>> with(std::function<void(Outbox&)> work);

  void read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Blocks done);
  void acknowledge(Stream stream, Seq upto);
  void note_store(const CloudStore& store);

  /// Jobs that wait for the disk now.
  std::size_t waiting() const { return jobs_.size(); }

  /// Finishes what was asked, saves the acks and ends the thread. Answers that
  /// are still on their way are delivered by the loop, if it runs on.
  void stop();

 private:
  struct AppendJob {
    std::vector<Batch> batches;
    Appended done;
  };
  using Task = std::function<void(Outbox&)>;
  using Job = std::variant<AppendJob, Task>;

  void work();
  void commit(std::vector<AppendJob> jobs);
  Result<void> commit_together(std::vector<AppendJob>& jobs);
  Result<void> commit_batches(const std::vector<Batch>& batches);

  Loop& loop_;
  std::unique_ptr<Outbox> outbox_;
  Committed committed_;
  BoundedQueue<Job> jobs_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace steward
