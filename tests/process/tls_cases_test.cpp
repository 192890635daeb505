// What can be wrong with TLS between a gateway and its broker, one case a line: none of it lets a byte
// through, and each is told in words that name the cause and the next step, by the pipe the gateway uses
// itself.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <set>

#include "edge/commission/doctor.hpp"
#include "kit/crypto/tls_probe.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/support/test_broker.hpp"
#include "tests/support/tls_pki.hpp"

using namespace steward;

namespace {

constexpr Milliseconds patience{30'000};
constexpr Milliseconds short_patience{400};  // for a peer that never answers

/// A case: what the server shows, what we show, and what must come of it.
struct Case {
  std::string name;
  TlsTrouble expected = TlsTrouble::none;
  std::string says;                  // in the verdict's English: cause or next step
  std::string server = "server";     // its certificate
  std::string client = "gw1";        // ours, NAME.pem
  std::vector<std::string> options;  // of `openssl s_server`
  std::string host = "localhost";
  std::string ca = "ours-ca";
  int our_clock_days = 0;  // how far our clock is off
};

std::vector<Case> cases() {
  using enum TlsTrouble;
  const std::string renew = "steward-cloud broker setup --renew";
  const std::string ask = "enrol request";
  const std::vector<std::string> revoked{"-crl_check", "-CRL", "{crl}"};
  return {
      {"all is well", none, "takes our certificate"},
      {"TLS 1.2 only", none, "TLSv1.2", "server", "gw1", {"-tls1_2"}},
      {"TLS 1.3 only", none, "TLSv1.3", "server", "gw1", {"-tls1_3"}},
      {"an address that is in the certificate", none, "127.0.0.1", "server", "gw1", {}, "127.0.0.1"},
      {"an intermediate that the server sends along",
       none,
       "",
       "chain",
       "gw1",
       {"-cert_chain", "{middle}"},
       "localhost",
       "root"},
      {"the server's certificate has expired", server_expired, renew, "server-expired"},
      {"the server's certificate is not valid yet", server_not_yet, "this machine's clock says",
       "server-early"},
      {"our clock is before 2020",
       TlsTrouble::clock,
       "time server (NTP)",
       "server",
       "gw1",
       {},
       "localhost",
       "ours-ca",
       -365 * 30},
      {"a server of another authority", server_unknown, "authority we do not trust", "server-others"},
      {"an intermediate is missing", server_unknown, "intermediate", "chain", "gw1", {}, "localhost", "root"},
      {"a server that signed itself", server_self_signed, "anybody could have made it", "server-self"},
      {"a certificate of another host", server_name, "DNS:elsewhere.example", "server-elsewhere"},
      {"an address where the certificate has a name",
       server_name,
       "DNS:localhost",
       "server-name-only",
       "gw1",
       {},
       "127.0.0.1"},
      {"a client's certificate on the server", server_purpose, renew, "client-as-server"},
      {"a server with a short key",
       server_weak,
       "too weak",
       "server-weak",
       "gw1",
       {"-cipher", "ALL:@SECLEVEL=0"}},
      {"a server signed with SHA-1",
       server_weak,
       "too weak",
       "server-sha1",
       "gw1",
       {"-cipher", "ALL:@SECLEVEL=0"}},
      {"TLS 1.1 at most",
       old_tls,
       "no TLS 1.2 or newer",
       "server",
       "gw1",
       {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}},
      {"TLS 1.0 at most",
       old_tls,
       "update the broker",
       "server",
       "gw1",
       {"-tls1", "-cipher", "ALL:@SECLEVEL=0"}},
      {"our certificate has expired", own_expired, ask, "server", "gw1-expired"},
      {"our certificate is not valid yet", own_not_yet, "this machine's clock says", "server", "gw1-early"},
      {"expired by the server's clock only",
       refused_expired,
       "check the broker's clock",
       "server",
       "gw1-expired",
       {},
       "localhost",
       "ours-ca",
       -20},
      {"our certificate is of another authority, TLS 1.3",
       refused_unknown,
       ask,
       "server",
       "gw1-others",
       {"-tls1_3"}},
      {"our certificate is of another authority, TLS 1.2",
       refused_unknown,
       ask,
       "server",
       "gw1-others",
       {"-tls1_2"}},
      {"our certificate was revoked", refused_revoked, "gateway list", "server", "gw1-revoked", revoked},
      {"another of ours was revoked", none, "takes our certificate", "server", "gw1", revoked},
      {"another gateway's certificate", own_name, "riverside/gw2, not riverside/gw1", "server", "gw2"},
      {"a certificate without a name", own_nameless, ask, "server", "gw1-nameless"},
      {"a server's certificate as ours", own_purpose, "not for a TLS client", "server", "server-as-client"},
      {"another certificate's key", key_differs, "enrol accept", "server", "gw1-mismatch"},
      {"a key that others may read", file_open, "chmod 600", "server", "gw1-open"},
      {"a file that is cut short", file_broken, "enrol accept", "server", "gw1-cut"},
      {"a file of garbage", file_broken, "damaged", "server", "gw1-garbage"},
      {"an authority of garbage",
       file_broken,
       "garbage-ca.pem",
       "server",
       "gw1",
       {},
       "localhost",
       "garbage-ca"},
      {"no file at all", file_missing, "enrol the gateway", "server", "gw1-missing"},
  };
}

/// All the files of all cases.
struct Files : TlsPki {
  explicit Files(Instant now) : TlsPki(now) {
    const auto valid = days(-100, 100);
    server("server", ours(), {"localhost", "127.0.0.1"}, valid);
    server("server-expired", ours(), {"localhost"}, days(-100, -1));
    server("server-early", ours(), {"localhost"}, days(2, 100));
    server("server-others", others(), {"localhost"}, valid);
    server("server-elsewhere", ours(), {"elsewhere.example"}, valid);
    server("server-name-only", ours(), {"localhost"}, valid);
    const auto as_server = ours().issue_client("localhost", valid);
    REQUIRE(save_identity(*as_server, std::filesystem::path(in("")), "client-as-server"));
    client("gw1", ours(), "riverside/gw1", valid);
    client("gw2", ours(), "riverside/gw2", valid);
    client("gw1-expired", ours(), "riverside/gw1", days(-100, -1));
    client("gw1-early", ours(), "riverside/gw1", days(2, 100));
    client("gw1-others", others(), "riverside/gw1", valid);
    const auto lost = client("gw1-revoked", ours(), "riverside/gw1", valid);
    const std::vector<std::string> serials{certificate_facts(lost)->serial};
    const auto crl = ours().revocation_list(serials, now, "");
    REQUIRE(crl);
    REQUIRE(write_public_file(in("crl.pem"), *crl));
    const auto both = ours().issue_server(std::vector<std::string>{"localhost"}, valid);
    identity("server-as-client", both->certificate + both->private_key);
    const auto gw1 = text("gw1.pem");
    identity("gw1-mismatch",
             gw1.substr(0, gw1.find("-----BEGIN PRIVATE")) + *private_key_in(text("gw2.pem")));
    identity("gw1-cut", gw1.substr(0, 300));
    identity("gw1-garbage", "\x01\x02 not PEM");
    identity("garbage-ca", "neither is this");
    identity("gw1-open", gw1);
    REQUIRE(::chmod(in("gw1-open.pem").c_str(), 0644) == 0);

    const std::vector<std::string> p256{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"};
    const std::string as_one = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n";
    odd("server-self", "/CN=localhost", p256, as_one, "");
    odd("server-weak", "/CN=localhost", {"-newkey", "rsa:1024"}, as_one, "ours-ca");
    odd("server-sha1", "/CN=localhost", p256, as_one, "ours-ca", "-sha1");
    odd("gw1-odd", "/O=nameless", p256, "extendedKeyUsage=clientAuth\n", "ours-ca");
    identity("gw1-nameless", text("gw1-odd.pem") + text("gw1-odd-key.pem"));
    odd("root", "/CN=root", p256, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n", "");
    odd("middle", "/CN=middle", p256, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
        "root");
    odd("chain", "/CN=localhost", p256, as_one, "middle");
  }
};

/// Waits until somebody listens; what it hears of us is one connection without a word.
void await_listener(std::uint16_t port) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool there = ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (there) return;
    ::poll(nullptr, 0, 2);
  }
  FAIL("nobody listens");
}

/// `openssl s_server`, which wants a certificate of ours.
std::unique_ptr<ChildProcess> serve(const Files& files, const Case& one, std::uint16_t port) {
  std::vector<std::string> command{"openssl",
                                   "s_server",
                                   "-www",
                                   "-accept",
                                   "127.0.0.1:" + std::to_string(port),
                                   "-cert",
                                   files.in(one.server + ".pem"),
                                   "-key",
                                   files.in(one.server + "-key.pem"),
                                   "-CAfile",
                                   files.in("ours-ca.pem"),
                                   "-Verify",
                                   "3",
                                   "-verify_return_error"};
  for (auto option : one.options) {
    if (option == "{crl}") option = files.in("crl.pem");
    if (option == "{middle}") option = files.in("middle.pem");
    command.push_back(option);
  }
  auto server = std::make_unique<ChildProcess>(command, files.in("server.log"));
  await_listener(port);
  return server;
}

Broker broker_of(const Files& files, const Case& one, std::uint16_t port) {
  return {.host = one.host,
          .port = port,
          .client_id = "riverside/gw1",
          .ca_file = files.in(one.ca + ".pem"),
          .cert_file = files.in(one.client + ".pem"),
          .key_file = files.in(one.client + ".pem"),
          .common_name = "riverside/gw1"};
}

TlsSide side_of(const Broker& broker) {
  return {broker.host, broker.port, broker.ca_file, broker.cert_file, broker.key_file, broker.common_name};
}

/// TLS itself holds, so the pipe would wait for an MQTT answer that s_server never gives: the probe is asked
/// alone.
bool tls_holds(TlsTrouble expected) {
  return expected == TlsTrouble::none || expected == TlsTrouble::own_name ||
         expected == TlsTrouble::own_nameless || expected == TlsTrouble::file_open;
}

/// What the gateway's own pipe has to say when it tries to connect.
TlsVerdict explained_by_pipe(const Broker& broker, bool& came_up) {
  Loop loop;
  std::optional<TlsVerdict> verdict;
  came_up = false;
  MqttPipe pipe(loop, broker, std::nullopt, {},
                {.up = [&] { came_up = true; },
                 .down = {},
                 .message = {},
                 .room = {},
                 .explained = [&](const TlsVerdict& why) { verdict = why; }});
  pipe.start();
  REQUIRE(loop.run_until([&] { return verdict || came_up; }, patience));
  pipe.stop();
  return verdict.value_or(TlsVerdict{});
}

}  // namespace

TEST_SUITE("process/tls") {
  TEST_CASE("whatever is wrong with TLS is refused, and told with its cause and the next step") {
    const auto now = SystemClock().now();
    const Files files(now);
    std::set<TlsTrouble> seen;
    for (const auto& one : cases()) {
      CAPTURE(one.name);
      const auto port = free_port();
      const auto server = serve(files, one, port);
      const auto broker = broker_of(files, one, port);
      bool came_up = false;
      const auto verdict =
          one.our_clock_days == 0 && !tls_holds(one.expected)
              ? explained_by_pipe(broker, came_up)
              : probe_tls(side_of(broker), SystemClock().now() + std::chrono::days(one.our_clock_days),
                          patience);
      CAPTURE(verdict.en);
      CHECK_FALSE(came_up);
      CHECK(word(verdict.trouble) == word(one.expected));
      CHECK(verdict.en.find(one.says) != std::string::npos);
      CHECK(verdict.zh.size() > 20);
      seen.insert(verdict.trouble);
    }
    CHECK(seen.size() >= 22);  // so many kinds, not the same one again and again
  }

  TEST_CASE("a peer that speaks no TLS hears our TLS greeting and not one word of MQTT") {
    const auto now = SystemClock().now();
    const Files files(now);
    const Case one{.name = "plaintext"};
    SUBCASE("a broker's plaintext port") {
      const auto port = free_port();
      std::ofstream(files.in("plain.conf"))
          << "listener " << port << " 127.0.0.1\nallow_anonymous true\nuser root\n";
      const ChildProcess mosquitto({"mosquitto", "-c", files.in("plain.conf")}, files.in("plain.log"));
      await_listener(port);
      bool came_up = false;
      const auto verdict = explained_by_pipe(broker_of(files, one, port), came_up);
      CHECK_FALSE(came_up);
      CHECK(verdict.trouble == TlsTrouble::not_tls);
      CHECK(verdict.en.find("there is no connection without TLS") != std::string::npos);
    }
    SUBCASE("a peer that listens and says nothing") {
      const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof address;
      REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
      REQUIRE(::listen(listener, 4) == 0);
      REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
      const auto verdict =
          probe_tls(side_of(broker_of(files, one, ntohs(address.sin_port))), now, short_patience);
      CHECK(verdict.trouble == TlsTrouble::no_answer);
      const int heard = ::accept(listener, nullptr, nullptr);
      unsigned char first[2] = {};
      REQUIRE(::recv(heard, first, sizeof first, 0) == 2);
      CHECK(first[0] == 0x16);  // a TLS handshake record (RFC 8446, 5.1); MQTT's CONNECT would be 0x10
      CHECK(first[1] == 0x03);
      ::close(heard);
      ::close(listener);
    }
    SUBCASE("nobody there, and a name that is none") {
      CHECK(probe_tls(side_of(broker_of(files, one, free_port())), now, short_patience).trouble ==
            TlsTrouble::nobody_listens);
      auto nameless = broker_of(files, one, 8883);
      nameless.host = std::string(64, 'x') + ".example";  // a label has 63 bytes at most (RFC 1035, 2.3.4)
      const auto verdict = probe_tls(side_of(nameless), now, short_patience);
      CHECK(verdict.trouble == TlsTrouble::no_such_host);
      CHECK(verdict.en.find("correct \"broker\" in the config") != std::string::npos);
    }
  }

  TEST_CASE("a renewed certificate is taken up at the next attempt, without a restart") {
    TestBroker server;
    auto broker = server.client("gw1");
    broker.common_name = "gw1";
    const auto good = read_key_file(broker.cert_file);
    const auto key = read_key_file(broker.key_file);
    const TlsPki pki(SystemClock().now());
    const auto identity = pki.in("gateway.pem");
    pki.client("gateway", pki.ours(), "gw1", pki.days(-9, -1));
    broker.cert_file = broker.key_file = identity;
    Loop loop;
    bool up = false;
    std::vector<TlsTrouble> told;
    MqttPipe pipe(loop, broker, std::nullopt, {},
                  {.up = [&] { up = true; },
                   .down = {},
                   .message = {},
                   .room = {},
                   .explained = [&](const TlsVerdict& why) { told.push_back(why.trouble); }});
    pipe.start();
    REQUIRE(loop.run_until([&] { return !told.empty(); }, patience));
    CHECK(told.front() == TlsTrouble::own_expired);
    CHECK_FALSE(up);
    pki.identity("gateway", *good + *key);
    CHECK(loop.run_until([&] { return up; }, patience));
  }

  TEST_CASE("a certificate about to end is told a month before, one that has ended with what to do") {
    using std::chrono::hours;
    CHECK(judge_certificate("gateway.pem", hours(24 * 31)).grade == Grade::ok);
    const auto soon = judge_certificate("gateway.pem", hours(24 * 29));
    CHECK(soon.grade == Grade::look);
    CHECK(soon.en.find("ends in 29 days; ask for another before (`steward-edge enrol request`)") !=
          std::string::npos);
    CHECK(judge_certificate("gateway.pem", hours(-1)).grade == Grade::bad);
  }
}
