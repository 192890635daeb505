// A gateway becomes known to a cloud: what it asks with, what the cloud answers, and what neither believes.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "edge/enrol/enrolment_folder.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/signing_key.hpp"
#include "kit/loop/clocks.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

constexpr Instant now = instant_from_ms(1'780'272'000'000);  // 2026-06-01 00:00:00 UTC

mode_t mode_of(const std::filesystem::path& file) {
  struct stat about = {};
  REQUIRE_MESSAGE(::stat(file.c_str(), &about) == 0, file.string());
  return about.st_mode & 07777;
}

std::string text_of(const std::filesystem::path& file) {
  const auto text = read_key_file(file);
  REQUIRE_MESSAGE(text, (text ? "" : text.error().message));
  return *text;
}

/// A cloud's operator and gateways' technicians at one desk.
struct Desk {
  TemporaryFolder folder;

  std::filesystem::path in(const std::string& name) const { return folder.path() / name; }
  std::pair<Exit, std::string> cloud(std::vector<std::string> words,
                                     const std::string& books = "books") const {
    std::ostringstream said;
    words.insert(words.begin(), {"--data", in(books).string()});
    const auto exit = run_steward_cloud(words, {said, said});
    return {exit, said.str()};
  }
  Bytes ask(const std::string& keys, const std::string& gateway = "gw1", bool new_block_key = false) const {
    auto asked =
        EnrolmentFolder(in(keys)).request(SiteId{"riverside"}, GatewayId{gateway}, new_block_key, now);
    REQUIRE_MESSAGE(asked, (asked ? "" : asked.error().message));
    return *asked;
  }
  /// The cloud's word on a request; its answer is in `keys`.enrolment.
  std::pair<Exit, std::string> add(const Bytes& request, const std::string& keys,
                                   std::vector<std::string> more = {},
                                   const std::string& books = "books") const {
    return put("add", request, keys, std::move(more), books);
  }
  std::pair<Exit, std::string> rotate(const Bytes& request, const std::string& keys) const {
    return put("rotate", request, keys, {}, "books");
  }
  std::pair<Exit, std::string> put(const std::string& verb, const Bytes& request, const std::string& keys,
                                   std::vector<std::string> more, const std::string& books) const {
    REQUIRE(write_public_file(in(keys + ".request"), chars_of(request)));
    std::vector<std::string> words{"gateway",   verb,
                                   "--request", in(keys + ".request").string(),
                                   "--out",     in(keys + ".enrolment").string()};
    words.insert(words.end(), more.begin(), more.end());
    return cloud(words, books);
  }
  Result<AcceptedEnrolment> accept(const std::string& keys) const { return accept(keys, keys); }
  Result<AcceptedEnrolment> accept(const std::string& keys, const std::string& answer) const {
    return EnrolmentFolder(in(keys)).accept(bytes_of(text_of(in(answer + ".enrolment"))));
  }
  GatewayRow known() const {
    const auto store = SqliteStore::open(in("books/steward.db"), Uuid{1});
    REQUIRE(store);
    const auto row = (*store)->gateway(SiteId{"riverside"}, GatewayId{"gw1"});
    REQUIRE(row);
    REQUIRE(row->has_value());
    return **row;
  }
  PublicKey known_key() const { return known().block_key; }
};

}  // namespace

TEST_SUITE("cloud/enrolment") {
  TEST_CASE("a gateway's private keys are made on it, closed to others, and are in nothing that travels") {
    const Desk desk;
    const auto request = desk.ask("keys");
    CHECK(mode_of(desk.in("keys")) == 0700);
    CHECK(mode_of(desk.in("keys/block-key.pem")) == 0600);
    CHECK(mode_of(desk.in("keys/next-gateway-key.pem")) == 0600);
    const auto [exit, said] =
        desk.add(request, "keys", {"--broker-host", "broker.example", "--broker-port", "8884"});
    REQUIRE_MESSAGE(exit == Exit::ok, said);
    const auto accepted = desk.accept("keys");
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    CHECK(said.find(fingerprint(accepted->cloud_key)) != std::string::npos);  // what a person compares

    CHECK(mode_of(desk.in("keys/gateway.pem")) == 0600);
    CHECK_FALSE(std::filesystem::exists(desk.in("keys/next-gateway-key.pem")));
    const auto identity = text_of(desk.in("keys/gateway.pem"));
    CHECK(*common_name_of(identity) == "riverside/gw1");
    CHECK(is_pair(identity, identity));
    CHECK(is_issued_by(identity, text_of(desk.in("keys/ca.pem"))));
    CHECK(desk.known_key() == SigningKey::load(desk.in("keys/block-key.pem"))->public_key());
    CHECK(text_of(desk.in("keys/enrolment.json")).find("\"broker.example\"") != std::string::npos);

    // The secrets themselves, in PEM and in raw bytes, against all that left either machine.
    const auto block_pem = text_of(desk.in("keys/block-key.pem"));
    const auto secret = block_pem.substr(28, 64);  // the base64 between the lines
    const auto tls_secret = private_key_in(identity)->substr(28, 64);
    for (const auto* name : {"keys.request", "keys.enrolment"}) {
      const auto text = text_of(desk.in(name));
      CHECK(text.find("PRIVATE KEY") == std::string::npos);
      CHECK(text.find(secret) == std::string::npos);
      CHECK(text.find(tls_secret) == std::string::npos);
    }
    CHECK(block_pem.find(secret) != std::string::npos);  // the search would have found them
    for (const auto& file : std::filesystem::recursive_directory_iterator(desk.in("books"))) {
      if (!file.is_regular_file()) continue;
      std::ifstream stored(file.path(), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(stored)), {});
      CHECK(text.find(secret) == std::string::npos);
      CHECK(text.find(tls_secret) == std::string::npos);
    }
  }

  TEST_CASE("asked twice, a gateway asks with the same keys; an answer given twice changes nothing") {
    const Desk desk;
    const auto first = decode_request(desk.ask("keys"), VerifyingKey(*key_in_request(desk.ask("keys"))));
    const auto second = decode_request(desk.ask("keys"), VerifyingKey(first->block_key));
    REQUIRE(second);
    CHECK(first->block_key == second->block_key);
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    REQUIRE(desk.accept("keys"));
    const auto identity = text_of(desk.in("keys/gateway.pem"));
    const auto again = desk.accept("keys");
    REQUIRE_MESSAGE(again, (again ? "" : again.error().message));
    CHECK_FALSE(again->new_certificate);
    CHECK(text_of(desk.in("keys/gateway.pem")) == identity);
  }

  TEST_CASE("a request that was forged, changed or not asked by its own keys is refused") {
    const Desk desk;
    const auto good = desk.ask("keys");
    const auto owner = SigningKey::load(desk.in("keys/block-key.pem"));
    const auto honest = decode_request(good, VerifyingKey(owner->public_key()));
    REQUIRE(honest);
    const auto thief = SigningKey::generate();

    SUBCASE("any bit changed on the way") {
      for (std::size_t at = 0; at < good.size(); at += 37) {
        CAPTURE(at);
        auto changed = good;
        changed[at] ^= 0x20U;
        CHECK(desk.add(changed, "changed").first == Exit::bad_input);
      }
    }
    SUBCASE("another's block key, signed by the thief") {
      const auto& stolen = *honest;
      CHECK_FALSE(encode_request(stolen, thief));  // ours does not even write one
    }
    SUBCASE("a certificate request of another name") {
      auto other = *honest;
      other.gateway = GatewayId{"gw2"};
      const auto bytes = encode_request(other, *owner);
      REQUIRE(bytes);
      const auto [exit, said] = desk.add(*bytes, "other");
      CHECK(exit == Exit::refused);
      CHECK(said.find("is for \"riverside/gw1\", not for \"riverside/gw2\"") != std::string::npos);
    }
    SUBCASE("a name that could reach another's topic") {
      for (const std::string bad :
           {"+", "#", "a/b", "Riverside", "", "very-long-name-of-more-than-32-bytes"}) {
        CAPTURE(bad);
        auto other = *honest;
        other.site = SiteId{bad};
        CHECK_FALSE(encode_request(other, *owner));
        CHECK_FALSE(EnrolmentFolder(desk.in("bad")).request(SiteId{bad}, GatewayId{"gw1"}, false, now));
      }
    }
    SUBCASE("not a request at all") {
      for (const std::string text : {"", "hello", "-----BEGIN CERTIFICATE REQUEST-----\n"}) {
        const auto [exit, said] = desk.add({text.begin(), text.end()}, "junk");
        CHECK(exit == Exit::bad_input);
        CHECK(said.find("不是入网申请文件") != std::string::npos);
      }
    }
    CHECK_FALSE(std::filesystem::exists(desk.in("other.enrolment")));
    CHECK(desk.add(good, "keys").first == Exit::ok);
  }

  TEST_CASE("a known gateway is refused with other keys without --renew; with it the old ones are shut out") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("one"), "one").first == Exit::ok);
    const auto old = desk.known_key();
    const auto [exit, said] = desk.add(desk.ask("two"), "two");
    CHECK(exit == Exit::refused);
    CHECK(said.find("--renew") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(desk.in("two.enrolment")));
    CHECK(desk.known_key() == old);
    CHECK(desk.add(desk.ask("two"), "two", {"--renew"}).first == Exit::ok);
    CHECK(desk.known_key() == SigningKey::load(desk.in("two/block-key.pem"))->public_key());
  }

  TEST_CASE("an answer to another gateway, by another cloud or changed on its way is not installed") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("one"), "one").first == Exit::ok);
    REQUIRE(desk.add(desk.ask("two", "gw2"), "two").first == Exit::ok);
    const auto nothing_installed = [&] { return !std::filesystem::exists(desk.in("one/gateway.pem")); };
    const auto crossed = desk.accept("one", "two");
    REQUIRE_FALSE(crossed);
    CHECK(crossed.error().message.find("is not for the keys in") != std::string::npos);
    CHECK(nothing_installed());

    auto changed = text_of(desk.in("one.enrolment"));
    changed[changed.size() / 2] ^= 1;
    CHECK_FALSE(EnrolmentFolder(desk.in("one")).accept(bytes_of(changed)));
    CHECK(nothing_installed());
    CHECK_FALSE(desk.accept("never-asked", "one"));

    REQUIRE(desk.accept("one"));
    // The same request, answered by a cloud this gateway does not belong to.
    REQUIRE(desk.add(desk.ask("one"), "one", {}, "other-books").first == Exit::ok);
    const auto foreign = desk.accept("one");
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().message.find("by another cloud") != std::string::npos);
  }

  TEST_CASE("a private key that others may read stops everything, and the message says what to do") {
    const Desk desk;
    (void)desk.ask("keys");
    for (const mode_t mode : {0640U, 0604U, 0660U}) {
      CAPTURE(mode);
      REQUIRE(::chmod(desk.in("keys/block-key.pem").c_str(), mode) == 0);
      const auto asked =
          EnrolmentFolder(desk.in("keys")).request(SiteId{"riverside"}, GatewayId{"gw1"}, false, now);
      REQUIRE_FALSE(asked);
      CHECK(asked.error().message.find("chmod 600") != std::string::npos);
    }
    REQUIRE(::chmod(desk.in("keys/block-key.pem").c_str(), 0600) == 0);
    CHECK(EnrolmentFolder(desk.in("keys")).request(SiteId{"riverside"}, GatewayId{"gw1"}, false, now));
  }

  TEST_CASE("a gateway at work gets another certificate, and nothing else changes") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    REQUIRE(desk.accept("keys"));
    const auto before = text_of(desk.in("keys/gateway.pem"));
    const auto block_key = text_of(desk.in("keys/block-key.pem"));
    const auto [exit, said] = desk.rotate(desk.ask("keys"), "keys");
    REQUIRE_MESSAGE(exit == Exit::ok, said);
    const auto accepted = desk.accept("keys");
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    CHECK(accepted->new_certificate);
    CHECK_FALSE(accepted->new_block_key);
    CHECK(text_of(desk.in("keys/gateway.pem")) != before);
    CHECK_FALSE(is_pair(text_of(desk.in("keys/gateway.pem")), before));  // another TLS key too
    CHECK(text_of(desk.in("keys/block-key.pem")) == block_key);
    CHECK_FALSE(desk.known().next_key);
  }

  TEST_CASE("another block key is taken only when the present one has asked for it") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    REQUIRE(desk.accept("keys"));
    const auto present = desk.known_key();

    // Somebody with keys of his own under the gateway's name, and one who wraps them in his own consent.
    const auto thief = desk.ask("thief");
    CHECK(desk.rotate(thief, "thief").first == Exit::refused);
    const auto other = SigningKey::generate();
    CHECK(desk.rotate(seal_succession(thief, other), "thief").first == Exit::refused);
    CHECK_FALSE(desk.known().next_key);

    const auto asked = desk.ask("keys", "gw1", true);
    const auto next = text_of(desk.in("keys/next-block-key.pem"));
    (void)desk.ask("keys", "gw1", true);
    CHECK(text_of(desk.in("keys/next-block-key.pem")) == next);  // asked again: the same keys
    const auto [exit, said] = desk.rotate(asked, "keys");
    REQUIRE_MESSAGE(exit == Exit::ok, said);
    CHECK(desk.known_key() == present);  // until the gateway has spoken under the new one
    REQUIRE(desk.known().next_key);
    const auto accepted = desk.accept("keys");
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    CHECK(accepted->new_block_key);
    CHECK(SigningKey::load(desk.in("keys/block-key.pem"))->public_key() == *desk.known().next_key);
    CHECK_FALSE(std::filesystem::exists(desk.in("keys/next-block-key.pem")));
    CHECK(desk.cloud({"gateway", "list"}).second.find("waits for its new key") != std::string::npos);
  }

  TEST_CASE("a power cut between any two files of an accepted rotation leaves keys that fit each other") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    REQUIRE(desk.accept("keys"));
    REQUIRE(desk.rotate(desk.ask("keys", "gw1", true), "keys").first == Exit::ok);
    const auto fits = [&](const std::filesystem::path& folder) {
      const auto identity = text_of(folder / "gateway.pem");
      const auto block_key = SigningKey::load(folder / "block-key.pem")->public_key();
      return is_pair(identity, identity) && is_issued_by(identity, text_of(folder / "ca.pem")) &&
             (block_key == desk.known_key() || block_key == *desk.known().next_key);
    };
    // The files in the order they are replaced; a cut after each of them, then accepted again.
    const auto old = desk.in("old");
    std::filesystem::copy(desk.in("keys"), old, std::filesystem::copy_options::recursive);
    REQUIRE(desk.accept("keys"));
    const std::vector<std::string> order{"ca.pem", "cloud-key.pub.pem", "enrolment.json", "gateway.pem",
                                         "block-key.pem"};
    for (std::size_t done = 0; done <= order.size(); ++done) {
      CAPTURE(done);
      const auto cut = desk.in("cut" + std::to_string(done));
      std::filesystem::copy(old, cut, std::filesystem::copy_options::recursive);
      for (std::size_t at = 0; at < done; ++at) {
        std::filesystem::copy_file(desk.in("keys") / order[at], cut / order[at],
                                   std::filesystem::copy_options::overwrite_existing);
      }
      CHECK(fits(cut));
      const auto again = EnrolmentFolder(cut).accept(bytes_of(text_of(desk.in("keys.enrolment"))));
      REQUIRE_MESSAGE(again, (again ? "" : again.error().message));
      CHECK(fits(cut));
      CHECK(SigningKey::load(cut / "block-key.pem")->public_key() == *desk.known().next_key);
    }
  }

  TEST_CASE("a revoked gateway is listed with its reason, on the revocation list, and comes back only anew") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    REQUIRE(desk.accept("keys"));
    const std::vector<std::string> revoke{"gateway",   "revoke", "--site", "riverside",
                                          "--gateway", "gw1",    "--why",  "stolen from the cabinet"};
    CHECK(desk.cloud(revoke).first == Exit::ok);
    CHECK(desk.known().revoked_why == "stolen from the cabinet");
    CHECK(desk.cloud({"gateway", "list"}).second.find("stolen from the cabinet") != std::string::npos);
    CHECK(text_of(desk.in("books/authority/crl.pem")).starts_with("-----BEGIN X509 CRL-----"));
    CHECK(desk.rotate(desk.ask("keys"), "keys").first == Exit::refused);
    CHECK(desk.add(desk.ask("keys"), "keys").first == Exit::refused);
    CHECK(desk.add(desk.ask("keys"), "keys", {"--renew"}).first == Exit::ok);
    CHECK_FALSE(desk.known().revoked_at);
    auto nobody = revoke;
    nobody[5] = "gw9";
    CHECK(desk.cloud(nobody).first == Exit::bad_input);
  }

  TEST_CASE("the office's own keys are closed to others too") {
    const Desk desk;
    REQUIRE(desk.add(desk.ask("keys"), "keys").first == Exit::ok);
    CHECK(mode_of(desk.in("books/cloud-key.pem")) == 0600);
    CHECK(mode_of(desk.in("books/authority/ca-key.pem")) == 0600);
    CHECK(mode_of(desk.in("books/steward.db")) == 0600);
    CHECK(desk.cloud({"gateway", "list"}).second.find("riverside") != std::string::npos);
  }
}
