#include <doctest/doctest.h>
#include <sys/stat.h>

#include <set>

#include "kit/crypto/certificate.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/random.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_keys.hpp"

using namespace steward;

namespace {

unsigned mode_of(const std::filesystem::path& file) {
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  return about.st_mode & 0777U;
}

Signature signature_from(std::string_view text) {
  Signature signature{};
  const auto bytes = from_hex(text);
  REQUIRE(bytes);
  REQUIRE(bytes->size() == signature.size());
  std::copy(bytes->begin(), bytes->end(), signature.begin());
  return signature;
}

constexpr Instant now = instant_from_ms(1'780'272'000'000);  // 2026-06-01 00:00:00 UTC

}  // namespace

TEST_SUITE("kit/crypto") {
  TEST_CASE("SHA-256 gives the digests of FIPS 180-4's examples") {
    CHECK(hex(sha256(bytes_of(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(sha256(bytes_of("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  TEST_CASE("hex reads back what it wrote and refuses what is not hex") {
    const Bytes bytes{0x00, 0x7f, 0xff, 0x10};
    CHECK(hex(bytes) == "007fff10");
    CHECK(*from_hex("007FfF10") == bytes);
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
  }

  TEST_CASE("a UUID is random, of version 4, and reads back from its text") {
    std::set<Uuid> seen;
    for (int i = 0; i < 1000; ++i) {
      const Uuid uuid = random_uuid();
      CHECK((uuid[6] >> 4U) == 4);
      CHECK((uuid[8] >> 6U) == 2);
      CHECK(*uuid_from(uuid_text(uuid)) == uuid);
      seen.insert(uuid);
    }
    CHECK(seen.size() == 1000);
    CHECK_FALSE(uuid_from("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"));
    CHECK_FALSE(uuid_from("f81d4fae7dec11d0a76500a0c91e6bf6"));
  }

  TEST_CASE("Ed25519 signs the second vector of RFC 8032 as the RFC does") {
    const SigningKey key = test::cloud_key();
    CHECK(hex(key.public_key()) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const Bytes message{0x72};
    const Signature expected = signature_from(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    CHECK(key.sign(message) == expected);
    CHECK(VerifyingKey(key.public_key()).verify(message, expected));
    CHECK_FALSE(VerifyingKey(key.public_key()).verify(Bytes{0x73}, expected));
    CHECK_FALSE(VerifyingKey(test::gateway_key().public_key()).verify(message, expected));
  }

  TEST_CASE("a signing key survives its file, which nobody else may read") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "block-key.pem";
    const SigningKey key = SigningKey::generate();
    REQUIRE(key.save(file));
    CHECK(mode_of(file) == 0600);
    const auto loaded = SigningKey::load(file);
    REQUIRE(loaded);
    CHECK(loaded->public_key() == key.public_key());

    const auto public_file = folder.path() / "cloud-key.pub.pem";
    REQUIRE(VerifyingKey(key.public_key()).save(public_file));
    const auto verifier = VerifyingKey::load(public_file);
    REQUIRE(verifier);
    CHECK(verifier->verify(bytes_of("a bill"), loaded->sign(bytes_of("a bill"))));
  }

  TEST_CASE("a missing key file is named, a file of something else refused") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "block-key.pem";
    const auto missing = SigningKey::load(file);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().fault == Fault::broken);
    CHECK(missing.error().message.find(file.string()) != std::string::npos);

    const auto authority = Authority::make("Steward test", valid_for_days(now, 10));
    REQUIRE(authority);
    REQUIRE(write_secret_file(file, authority->certificate()));
    CHECK(SigningKey::load(file).error().fault == Fault::malformed);
    CHECK(VerifyingKey::load(file).error().fault == Fault::malformed);
    REQUIRE(write_secret_file(file, std::string(100'000, 'x')));
    CHECK(SigningKey::load(file).error().fault == Fault::malformed);
  }

  TEST_CASE("an authority survives its folder and issues for clients and servers") {
    const TemporaryFolder folder;
    const auto made = Authority::make("Steward test", valid_for_days(now, 3650));
    REQUIRE(made);
    REQUIRE(made->save(folder.path()));
    CHECK(mode_of(folder.path() / "ca-key.pem") == 0600);
    const auto authority = Authority::load(folder.path());
    REQUIRE(authority);

    const auto name = gateway_common_name(SiteId("riverside"), GatewayId("gw1"));
    REQUIRE(name);
    const auto client = authority->issue_client(*name, valid_for_days(now, 365));
    REQUIRE(client);
    CHECK(*common_name_of(client->certificate) == "riverside/gw1");
    const std::vector<std::string> hosts{"localhost", "127.0.0.1", "::1"};
    const auto server = authority->issue_server(hosts, valid_for_days(now, 365));
    REQUIRE(server);
    CHECK(*common_name_of(server->certificate) == "localhost");
    CHECK(client->certificate != authority->issue_client(*name, valid_for_days(now, 365))->certificate);
  }

  TEST_CASE("names a certificate cannot hold are refused before anything is made") {
    const auto authority = Authority::make("Steward test", valid_for_days(now, 10));
    REQUIRE(authority);
    CHECK(authority->issue_client(std::string(64, 'a'), valid_for_days(now, 1)));
    CHECK(authority->issue_client(std::string(65, 'a'), valid_for_days(now, 1)).error().fault ==
          Fault::refused);
    CHECK(authority->issue_client("", valid_for_days(now, 1)).error().fault == Fault::refused);
    const std::vector<std::string> injected{"localhost,email:evil"};
    CHECK(authority->issue_server(injected, valid_for_days(now, 1)).error().fault == Fault::refused);
    CHECK(authority->issue_server({}, valid_for_days(now, 1)).error().fault == Fault::refused);
    CHECK_FALSE(gateway_common_name(SiteId(std::string(32, 's')), GatewayId(std::string(32, 'g'))));
    CHECK_FALSE(gateway_common_name(SiteId("a/b"), GatewayId("g")));
  }
}
