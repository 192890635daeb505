#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"
#include "kit/loop/loop.hpp"

namespace steward {

/// Who may ask at once: a scraper, a second one, and a person with curl. More are turned away.
inline constexpr std::size_t max_monitor_clients = 8;
/// From connect to the last byte taken: a scrape gives up after 10 s by default.
inline constexpr Milliseconds monitor_patience{5'000};

/// Where to listen. Off this machine only when told so: the page names buses and says what is broken.
struct MonitorAt {
  std::array<std::uint8_t, 4> address{127, 0, 0, 1};
  std::uint16_t port = 9464;
  bool beyond_loopback = false;
};

struct MonitorAnswer {
  int status = 200;
  std::string_view type;
  std::string body;
};

/// A responder for GET and HEAD of HTTP/1.1, one request a connection, on the loop: what little of HTTP a
/// scraper needs (decision 0084 says why not Beast). On loopback it also looks at the Host field, so that a
/// web page whose name is made to mean 127.0.0.1 reads nothing. Thread: loop. Destroy before the loop.
class MonitorServer {
 public:
  /// path: of the request, such as "/metrics"
  using Answer = std::function<MonitorAnswer(std::string_view path)>;

  /// patience: monitor_patience but for tests
  /// Faults: refused (an address beyond loopback, and nobody said so), broken (the port cannot be had).
  static Result<std::unique_ptr<MonitorServer>> open(Loop& loop, const MonitorAt& at, Answer answer,
                                                     Milliseconds patience = monitor_patience);
  ~MonitorServer();
  MonitorServer(const MonitorServer&) = delete;
  MonitorServer& operator=(const MonitorServer&) = delete;

  /// The port it listens on; of interest when 0 was asked for.
  std::uint16_t port() const;

 private:
  struct Parts;
  explicit MonitorServer(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

}  // namespace steward
