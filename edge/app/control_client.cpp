#include "edge/app/control_client.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace steward {
namespace {

/// A descriptor that closes itself.
struct Descriptor {
  int number = -1;
  explicit Descriptor(int n) : number(n) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

volatile sig_atomic_t interrupted = 0;

/// While it lives SIGINT and SIGTERM are noted, once each, and only inside `wait`'s ppoll.
class Interruptible {
 public:
  Interruptible() {
    interrupted = 0;
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &both, &before_);
    struct sigaction note = {};
    note.sa_handler = [](int) { interrupted = 1; };
    note.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &note, &old_int_);
    ::sigaction(SIGTERM, &note, &old_term_);
  }
  ~Interruptible() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  const sigset_t& mask_while_waiting() const { return before_; }

 private:
  sigset_t before_{};
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
};

Error not_there(const std::string& path) {
  return {Fault::retry,
          "no steward-edge is listening on " + path + " (" + std::strerror(errno) +
              "); start it with `steward-edge --config FILE`, or name the config that it runs with"
              " / 没有正在运行的 steward-edge；请先用 steward-edge --config 文件 启动，"
              "或改用其启动时的配置"};
}

bool send_line(int socket, const std::string& line) {
  return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
}

/// The connection, line by line.
class Talk {
 public:
  Talk(int socket, const Interruptible* signals) : socket_(socket), signals_(signals) {}

  /// The next line without its end.
  Result<std::string> line() {
    while (true) {
      const auto end = text_.find('\n');
      if (end != std::string::npos) {
        auto line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (text_.size() > max_control_answer)
        return Error{Fault::malformed, "the daemon's answer does not end"};
      if (auto more = wait(); !more) return more.error();
      char piece[4096];
      const auto count = ::recv(socket_, piece, sizeof piece, 0);
      if (count <= 0) return Error{Fault::retry, "the daemon closed the connection without an answer"};
      text_.append(piece, static_cast<std::size_t>(count));
    }
  }

 private:
  Result<void> wait() {
    while (true) {
      const timespec patience{std::chrono::duration_cast<std::chrono::seconds>(daemon_patience).count(), 0};
      pollfd readable{socket_, POLLIN, 0};
      const int ready =
          ::ppoll(&readable, 1, &patience, signals_ == nullptr ? nullptr : &signals_->mask_while_waiting());
      if (ready > 0) return {};
      if (ready == 0) return Error{Fault::retry, "the daemon closed the connection without an answer"};
      if (errno != EINTR) return Error{Fault::broken, std::string("cannot wait: ") + std::strerror(errno)};
      if (interrupted != 0 && !cancelled_) {
        cancelled_ = true;
        (void)send_line(socket_, print_control_request(CancelRequest{}) + "\n");
      }
    }
  }

  int socket_;
  const Interruptible* signals_;
  std::string text_;
  bool cancelled_ = false;
};

Result<Json> hear_answer(Talk& talk, const std::function<void(const Json&)>& progress) {
  JsonLimits limits;
  limits.bytes = max_control_answer;
  while (true) {
    auto line = talk.line();
    if (!line) return line.error();
    if (progress) {
      const auto json = Json::parse(*line, limits);
      if (json && json->is(Json::Kind::object) && !is_control_answer(*json)) {
        progress(*json);
        continue;
      }
    }
    return read_control_answer(*line);
  }
}

}  // namespace

Result<Json> ask_daemon(const std::string& path, const ControlRequest& request,
                        const std::function<void(const Json&)>& progress) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{Fault::broken, path + " is too long for a socket"};
  std::memcpy(address.sun_path, path.data(), path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.number < 0 ||
      ::connect(socket.number, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return not_there(path);
  if (!send_line(socket.number, print_control_request(request) + "\n"))
    return Error{Fault::retry, std::string("the daemon did not take the request: ") + std::strerror(errno)};
  if (!progress) {
    Talk talk(socket.number, nullptr);
    return hear_answer(talk, progress);
  }
  const Interruptible signals;
  Talk talk(socket.number, &signals);
  return hear_answer(talk, progress);
}

}  // namespace steward
