#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "edge/store/outbox.hpp"
#include "edge/store/store_tail.hpp"
#include "kit/loop/awaitable.hpp"
#include "kit/loop/bounded_queue.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Jobs that may wait for the disk. Beyond it the disk has stopped, not slowed:
/// an append fails with `full` and its caller keeps the records.
inline constexpr std::size_t max_store_jobs = 1024;
/// Appends that are waiting together share one transaction and one fsync.
inline constexpr std::size_t max_batches_per_commit = 64;
/// How long a disk that could not write is left alone.
inline constexpr Milliseconds disk_pause{2'000};

/// What the store has to tell its owner; all on the loop.
struct StoreHandlers {
  /// After every commit, where the logs stand; before the answers to the appends in it.
  std::function<void(const LogMarks&)> committed = {};
  /// The disk cannot be written (full, broken); what waits is in memory. Once, until it is over.
  std::function<void(const Error&)> stuck = {};
  /// It can again, and everything held is on it but what is named here.
  std::function<void(const LostSpan&)> runs_again = {};
  /// The file is damaged, in these words. Nothing is written any more: the program must begin again. Once.
  std::function<void(const std::string&)> damaged = {};
};

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
  using Committed = std::function<void(const LogMarks&)>;

  StoreThread(Loop& loop, std::unique_ptr<Outbox> outbox, StoreHandlers handlers,
              Milliseconds pause = disk_pause);
  StoreThread(Loop& loop, std::unique_ptr<Outbox> outbox, Committed committed)
      : StoreThread(loop, std::move(outbox), StoreHandlers{std::move(committed)}) {}
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  /// All of `batches` in one transaction. Faults: full (disk, or too many jobs
  /// waiting), broken, malformed (a record outside the format's limits).
  void append(std::vector<Batch> batches, Appended done);
  /// The same, but waits in memory for as long as the disk cannot write; readings that memory cannot hold
  /// become a hole. Faults: malformed; when it is stopped before the disk could write, the disk's.
  void keep(std::vector<Batch> batches, Appended done);
  /// `append`, waiting for it.
  Awaitable<Result<void>> appended(std::vector<Batch> batches);
  Awaitable<Result<std::string>> mark(std::string name);
  /// Runs `work` with the outbox, on its thread, in turn; resumes when it is done. Faults: full (not run).
  Awaitable<Result<void>> with(std::function<void(Outbox&)> work);

  /// Blocks to send, holes included.
  void read_after(const Uuid& epoch, Stream stream, Seq after, std::size_t blocks, std::size_t bytes,
                  Blocks done);
  void acknowledge(const Uuid& epoch, Stream stream, Seq upto);
  void acknowledge(Stream stream, Seq upto);
  void note_store(const CloudStore& store);

  /// Jobs that wait for the disk now.
  std::size_t waiting() const { return jobs_.size(); }
  /// Runs `look` (the file's check) beside everything else, on a thread of its own, once; what it finds goes
  /// to `damaged`. A fault of it says nothing.
  void check(std::function<Result<std::string>()> look);

  /// Finishes what was asked, saves the acks and ends the thread. Answers that
  /// are still on their way are delivered by the loop, if it runs on.
  void stop();

 private:
  using Task = std::function<void(Outbox&)>;
  using Job = std::variant<AppendJob, Task>;

  void push(std::vector<Batch> batches, Appended done, bool waits);
  void work();
  void handle(Job job, std::optional<Job>& held);
  void commit(std::vector<AppendJob> jobs);
  Result<void> commit_together(std::vector<AppendJob>& jobs);
  Result<void> commit_batches(const std::vector<Batch>& batches);
  void keep_waiting(std::vector<AppendJob> jobs, const Error& why);
  void fail_all(std::vector<AppendJob> jobs, const Error& why);
  void try_again();
  void give_up();
  void found_damaged(const std::string& why);
  void answer(std::vector<AppendJob> jobs, std::vector<Result<void>> results);

  Loop& loop_;
  std::unique_ptr<Outbox> outbox_;
  StoreHandlers handlers_;
  Milliseconds pause_;
  BoundedQueue<Job> jobs_;
  // Of its own thread:
  StoreTail tail_;
  std::vector<AppendJob> doubtful_;  // whose transaction failed with the disk: to be asked again as they were
  std::optional<Error> stuck_;
  bool damaged_ = false;
  std::chrono::steady_clock::time_point try_at_{};
  std::jthread check_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace steward
