#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace steward {

/// A program a test started; killed and reaped with the object.
class ChildProcess {
 public:
  /// Standard output and error go to `output`, standard input is empty.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output) {
    // All memory is taken before the fork: a thread that holds the allocator's lock at that moment
    // does not exist in the child, and nobody would ever give the lock back (fork(2)).
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const char* const file = output.c_str();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) run(arguments.data(), file);
  }
  ~ChildProcess() { kill_now(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// As a power cut would: SIGKILL, and wait until it is gone.
  void kill_now() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)wait();
  }
  void ask_to_stop() const { ::kill(pid_, SIGTERM); }
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0 && ::kill(pid_, 0) == 0; }

  /// Waits for its end; exit code, or 128 + signal.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  [[noreturn]] static void run(char* const* arguments, const char* output) {
    const int log = ::open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    // A socket of the test that the child kept open would outlive its closing here.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execvp(arguments[0], arguments);
    ::_exit(127);
  }

  pid_t pid_ = -1;
};

}  // namespace steward
