#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "kit/crypto/certificate.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

constexpr Instant now = instant_from_ms(1'780'272'000'000);  // 2026-06-01 00:00:00 UTC

/// What the openssl program says, and whether it was content.
struct Said {
  int status = 0;
  std::string text;
};

/// A folder with an authority, a gateway's and a server's certificate, asked about through openssl.
class Certificates {
 public:
  Certificates() {
    const auto authority = Authority::make("Steward test", valid_for_days(now, 3650));
    REQUIRE(authority);
    REQUIRE(authority->save(folder_.path()));
    const auto gateway = authority->issue_client("riverside/gw1", valid_for_days(now, 365));
    REQUIRE(gateway);
    REQUIRE(save_identity(*gateway, folder_.path(), "gateway"));
    const std::vector<std::string> hosts{"broker.example", "192.0.2.7", "::1"};
    const auto server = authority->issue_server(hosts, valid_for_days(now, 365));
    REQUIRE(server);
    REQUIRE(save_identity(*server, folder_.path(), "server"));
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  Said openssl(std::vector<std::string> words) const {
    words.insert(words.begin(), "openssl");
    ChildProcess program(words, folder_.path() / "said");
    const int status = program.wait();
    std::ostringstream text;
    text << std::ifstream(folder_.path() / "said").rdbuf();
    return {status, text.str()};
  }

  /// RFC 5280 with every strictness OpenSSL has, at a given second.
  Said verify(const std::string& certificate, std::vector<std::string> more,
              std::int64_t at_s = ms_of(now) / 1000) const {
    std::vector<std::string> words{"verify",       "-x509_strict", "-check_ss_sig",     "-CAfile",
                                   path("ca.pem"), "-attime",      std::to_string(at_s)};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(path(certificate));
    return openssl(words);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_SUITE("process/certificates") {
  TEST_CASE("openssl's strictest verification accepts a gateway as a client and a broker as a server") {
    const Certificates certificates;
    const Said gateway = certificates.verify("gateway.pem", {"-purpose", "sslclient"});
    CHECK_MESSAGE(gateway.status == 0, gateway.text);
    const Said by_name =
        certificates.verify("server.pem", {"-purpose", "sslserver", "-verify_hostname", "broker.example"});
    CHECK_MESSAGE(by_name.status == 0, by_name.text);
    for (const char* address : {"192.0.2.7", "::1"}) {
      const Said server = certificates.verify("server.pem", {"-purpose", "sslserver", "-verify_ip", address});
      CHECK_MESSAGE(server.status == 0, server.text);
    }
  }

  TEST_CASE("a gateway cannot pose as the broker, the broker not as a gateway, and neither as an authority") {
    const Certificates certificates;
    CHECK(certificates.verify("gateway.pem", {"-purpose", "sslserver"}).status != 0);
    CHECK(certificates.verify("server.pem", {"-purpose", "sslclient"}).status != 0);
    CHECK(certificates.verify("server.pem", {"-purpose", "sslserver", "-verify_hostname", "other.example"})
              .status != 0);
    CHECK(certificates.verify("server.pem", {"-purpose", "sslserver", "-verify_ip", "192.0.2.8"}).status !=
          0);
    const Said as_authority =
        certificates.openssl({"verify", "-attime", std::to_string(ms_of(now) / 1000), "-CAfile",
                              certificates.path("gateway.pem"), certificates.path("server.pem")});
    CHECK(as_authority.status != 0);
  }

  TEST_CASE("a certificate holds from the day before it was made, and not after its last day") {
    const Certificates certificates;
    constexpr std::int64_t day = 24 * 3600;
    const std::int64_t made = ms_of(now) / 1000;
    CHECK(certificates.verify("gateway.pem", {}, made - day).status == 0);
    CHECK(certificates.verify("gateway.pem", {}, made - day - 1).status != 0);
    CHECK(certificates.verify("gateway.pem", {}, made + 365 * day - 1).status == 0);
    CHECK(certificates.verify("gateway.pem", {}, made + 365 * day).status != 0);
  }

  TEST_CASE("openssl verifies a signature of ours and makes one that we verify") {
    const Certificates certificates;
    const SigningKey key = SigningKey::generate();
    REQUIRE(key.save(certificates.path("block-key.pem")));
    REQUIRE(VerifyingKey(key.public_key()).save(certificates.path("block-key.pub.pem")));
    const std::string message = "a reading is someone's money";
    std::ofstream(certificates.path("message")) << message;
    const Signature ours = key.sign(bytes_of(message));
    std::ofstream(certificates.path("ours"), std::ios::binary) << chars_of(ours);
    const Said verified = certificates.openssl(
        {"pkeyutl", "-verify", "-pubin", "-inkey", certificates.path("block-key.pub.pem"), "-rawin", "-in",
         certificates.path("message"), "-sigfile", certificates.path("ours")});
    CHECK_MESSAGE(verified.status == 0, verified.text);

    const Said signed_by_them =
        certificates.openssl({"pkeyutl", "-sign", "-inkey", certificates.path("block-key.pem"), "-rawin",
                              "-in", certificates.path("message"), "-out", certificates.path("theirs")});
    REQUIRE_MESSAGE(signed_by_them.status == 0, signed_by_them.text);
    std::ostringstream theirs;
    theirs << std::ifstream(certificates.path("theirs"), std::ios::binary).rdbuf();
    CHECK(theirs.str() == chars_of(ours));  // Ed25519 is deterministic
  }
}
