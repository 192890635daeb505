#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// The service manager that started us (systemd, `Type=notify`), or nobody. Datagrams of `KEY=value` lines to
/// a unix socket: sd_notify(3) describes the protocol and promises to keep it. Our own because libsystemd
/// would bring four decompressors into the process that holds the signing key (decision 0085).
/// Nothing here waits or fails aloud: a service that cannot tell goes on serving.
/// Thread: any.
class ServiceManager {
 public:
  /// Nobody listens.
  ServiceManager() = default;
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and takes them out of the environment, so that no
  /// child speaks in our name. Call before other threads begin.
  static ServiceManager of_environment();
  /// socket: a path, or "@name" of the abstract kind
  ServiceManager(std::string socket, std::optional<Milliseconds> watchdog)
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  void ready() const { say("READY=1"); }
  void alive() const { say("WATCHDOG=1"); }
  void stopping() const { say("STOPPING=1"); }

  /// How long it waits for `alive` before it kills us; nothing: it does not.
  std::optional<Milliseconds> watchdog() const { return watchdog_; }

 private:
  void say(std::string_view line) const;
  std::string socket_;  // empty: nobody
  std::optional<Milliseconds> watchdog_;
};

}  // namespace steward
