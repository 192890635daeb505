#pragma once
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace steward {

/// The service manager's side of sd_notify(3): a unix datagram socket in a folder of its own.
class FakeServiceManager {
 public:
  FakeServiceManager()
      : path_((folder_.path() / "notify").string()),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path_.size() < sizeof(address.sun_path));
    std::copy(path_.begin(), path_.end(), address.sun_path);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~FakeServiceManager() { ::close(socket_); }
  FakeServiceManager(const FakeServiceManager&) = delete;
  FakeServiceManager& operator=(const FakeServiceManager&) = delete;

  const std::string& path() const { return path_; }
  /// What came since the last call; does not wait.
  std::vector<std::string> heard() const {
    std::vector<std::string> lines;
    char piece[256];
    for (;;) {
      const auto count = ::recv(socket_, piece, sizeof(piece), MSG_DONTWAIT);
      if (count < 0) return lines;
      lines.emplace_back(piece, static_cast<std::size_t>(count));
    }
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
  int socket_;
};

}  // namespace steward
