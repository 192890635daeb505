#include "tests/bench/measured_child.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

namespace steward::bench {
namespace {

double own_kb(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stod(line.substr(key.size()));
  }
  return 0;
}

struct Child {
  pid_t pid = -1;
  int told = -1;
};

Child start(const std::function<Polled()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child != 0) {
    ::close(ends[1]);
    return {child, ends[0]};
  }
  ::close(ends[0]);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_descriptor_limit();
  int code = 0;
  try {
    const Polled polled = work();
    if (::write(ends[1], &polled, sizeof polled) != static_cast<ssize_t>(sizeof polled)) code = 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    code = 1;
  }
  ::_exit(code);
}

std::optional<Polled> gather(const Child& child, int* died_of) {
  Polled polled;
  const bool told = ::read(child.told, &polled, sizeof polled) == static_cast<ssize_t>(sizeof polled);
  ::close(child.told);
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  if (died_of != nullptr) *died_of = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return told ? std::optional(polled) : std::nullopt;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

double own_rss_kb() { return own_kb("VmRSS:"); }
double own_virtual_kb() { return own_kb("VmSize:"); }

Polled in_child(const std::function<Polled()>& work, int* died_of) {
  const Child child = start(work);
  const auto polled = gather(child, died_of);
  if (!polled && died_of == nullptr) throw std::runtime_error("a measured child ended without a word");
  return polled.value_or(Polled{});
}

std::vector<Polled> in_children(const std::vector<std::function<Polled()>>& works) {
  std::vector<Child> children;
  for (const auto& work : works) children.push_back(start(work));
  std::vector<Polled> all;
  for (const auto& child : children) all.push_back(gather(child, nullptr).value_or(Polled{}));
  return all;
}

Helper::Helper(const std::function<void()>& work) {
  std::fflush(stdout);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_descriptor_limit();
  work();
  ::_exit(0);
}

Helper::~Helper() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace steward::bench
