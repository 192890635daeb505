#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace steward::bench {

/// What a poller did in its time.
struct Polled {
  double requests = 0;  // answered rightly
  double failed = 0;
  double seconds = 0;
  double cpu_s = 0;       // of its process, connecting and warming up left out
  double rss_kb = 0;      // resident, all units connected and polled, less what the process had before
  double virtual_kb = 0;  // the same of its address space
  double extra[6] = {};   // what a bench wants told besides
};

/// Runs `work` in a child process, so that one way's memory, threads and descriptors
/// are not the next one's, and gives what it returned. A child that dies gives the
/// signal in `died_of` and zeros. The descriptor limit of the child is raised to the most allowed.
Polled in_child(const std::function<Polled()>& work, int* died_of = nullptr);

/// The same for several that run side by side; what each returned, in their order.
std::vector<Polled> in_children(const std::vector<std::function<Polled()>>& works);

/// A process of its own that runs `work` until the object's end.
class Helper {
 public:
  explicit Helper(const std::function<void()>& work);
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// Lets this process have as many descriptors as it may.
void raise_descriptor_limit();
/// VmRSS and VmSize of this process, kB.
double own_rss_kb();
double own_virtual_kb();

}  // namespace steward::bench
