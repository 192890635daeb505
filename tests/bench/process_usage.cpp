#include "tests/bench/process_usage.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace steward::bench {
namespace {

constexpr int look_again_ms = 5;
constexpr int fields_before_utime = 11;  // of /proc/PID/stat, counted after the program's name

double megabytes(const std::string& line) {  // "VmRSS:     9876 kB"
  return std::stod(line.substr(line.find(':') + 1)) * 1024 / 1e6;
}

}  // namespace

Usage usage_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream file(folder + "/stat");
  std::string stat;
  if (!std::getline(file, stat)) throw std::runtime_error("no process " + std::to_string(pid));
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));  // the name may hold spaces
  std::string skipped;
  for (int i = 0; i < fields_before_utime; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  Usage usage{.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK))};
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) usage.rss_mb = megabytes(line);
    if (line.starts_with("VmHWM:")) usage.most_mb = megabytes(line);
  }
  return usage;
}

double cpu_s_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    throw std::runtime_error("no process " + std::to_string(pid));
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double own_cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void await_end(pid_t pid) {
  siginfo_t about{};
  ::waitid(P_PID, static_cast<id_t>(pid), &about, WEXITED | WNOWAIT);
}

void idle_ms(int milliseconds) { ::poll(nullptr, 0, milliseconds); }

void idle_ns(std::int64_t nanoseconds) {
  const timespec length{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  ::ppoll(nullptr, 0, &length, nullptr);
}

void await(const std::string& what, int seconds, const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error(what + ": not in " + std::to_string(seconds) + " s");
    idle_ms(look_again_ms);
  }
}

}  // namespace steward::bench
