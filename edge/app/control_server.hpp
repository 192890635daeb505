#pragma once
#include <functional>
#include <memory>
#include <string>

#include "contract/nouns/result.hpp"
#include "contract/text/json.hpp"
#include "edge/app/control_messages.hpp"
#include "edge/app/control_stream.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// How many may talk to the daemon at once; more are turned away.
inline constexpr std::size_t max_control_clients = 8;
/// Requests of one client that may wait for their answer; more end its connection.
inline constexpr std::size_t max_control_waiting = 8;
/// How long a client that has asked nothing may be silent, and may leave a line untaken.
inline constexpr Milliseconds control_patience{5'000};

/// The daemon's own door: a unix socket, mode 0600, one JSON request per line,
/// one answer line each, in order; before it as many progress lines as the verb has.
/// While a verb is at work its client may send {"verb":"cancel"} or go away: both end it soon,
/// and so does closing its sending half. Whoever may open the file may ask everything,
/// so the file's mode and folder are the authorisation.
/// Thread: loop. Destroy before the loop.
class ControlServer {
 public:
  /// The stream lives at least as long as the answer is worked out.
  using Answer = std::function<Awaitable<Result<Json>>(ControlRequest, std::shared_ptr<ControlStream>)>;

  /// Makes the socket, in place of one that a dead daemon left behind.
  /// Faults: broken (the path cannot be used; message quotes the system).
  static Result<std::unique_ptr<ControlServer>> open(Loop& loop, const std::string& path, Answer answer);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Closes the listener and every connection and removes the file.
  void stop();

 private:
  struct Client;
  struct Parts;
  explicit ControlServer(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
