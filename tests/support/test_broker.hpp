#pragma once
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <memory>
#include <string>

#include "kit/crypto/certificate.hpp"
#include "kit/loop/clocks.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace steward {

/// A TCP port on 127.0.0.1 that nobody listens on.
inline std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(::bind(probe, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ::close(probe);
  return ntohs(address.sin_port);
}

/// A real mosquitto on loopback with certificates of its own; every client
/// certificate may read and write everything (rights are another test's matter).
class TestBroker {
 public:
  TestBroker() : authority_(make_authority()), port_(free_port()) {
    REQUIRE(authority_.save(folder_.path()));
    const std::vector<std::string> hosts{"localhost", "127.0.0.1"};
    auto server = authority_.issue_server(hosts, valid_for_days(SystemClock().now(), 2));
    REQUIRE(server);
    REQUIRE(save_identity(*server, folder_.path(), "server"));
    const auto in = [&](const char* name) { return (folder_.path() / name).string(); };
    std::ofstream(in("mosquitto.conf"))
        << "listener " << port_ << " 127.0.0.1\ncafile " << in("ca.pem") << "\ncertfile " << in("server.pem")
        << "\nkeyfile " << in("server-key.pem")
        << "\nrequire_certificate true\nuse_identity_as_username true\n"
        << "allow_anonymous false\nuser root\npersistence false\n";
    start();
  }

  void start() {
    process_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"mosquitto", "-c", (folder_.path() / "mosquitto.conf").string()},
        folder_.path() / "mosquitto.log");
  }
  void kill_now() { process_.reset(); }

  /// What a client called `name` needs to connect.
  Broker client(const std::string& name) {
    auto identity = authority_.issue_client(name, valid_for_days(SystemClock().now(), 2));
    REQUIRE(identity);
    REQUIRE(save_identity(*identity, folder_.path(), name));
    const auto in = [&](const std::string& file) { return (folder_.path() / file).string(); };
    return {.host = "localhost",
            .port = port_,
            .client_id = name,
            .ca_file = in("ca.pem"),
            .cert_file = in(name + ".pem"),
            .key_file = in(name + "-key.pem")};
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  static Authority make_authority() {
    auto authority = Authority::make("test authority", valid_for_days(SystemClock().now(), 2));
    REQUIRE(authority);
    return std::move(*authority);
  }

  TemporaryFolder folder_;
  Authority authority_;
  std::uint16_t port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace steward
