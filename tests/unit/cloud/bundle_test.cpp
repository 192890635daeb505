// A bill in a file: recomputed by somebody who has the file and nothing else.
#include <doctest/doctest.h>

#include <sstream>

#include "cloud/app/verbs.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "cloud/verify/bundle_check.hpp"
#include "cloud/verify/verify_verbs.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/text/json.hpp"
#include "kit/crypto/key_file.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/cloud/edge_log.hpp"
#include "tests/unit/cloud/tiny_estate.hpp"

using namespace steward;

namespace {

struct Said {
  int exit = 0;
  std::string text;
  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

/// The tiny estate's June: the master and flat 101 signed by a gateway, flat 102 typed in, or all of them
/// signed.
struct Proof {
  TemporaryFolder folder;

  Said cloud(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--data", (folder.path() / "books").string()});
    std::ostringstream out;
    const auto exit = run_steward_cloud(arguments, {out, out});
    return {static_cast<int>(exit), out.str()};
  }
  static Said verify(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bill");
    std::ostringstream out;
    const auto exit = run_steward_verify(arguments, {out, out});
    return {static_cast<int>(exit), out.str()};
  }
  void import(const std::map<std::string, std::string>& files) const {
    write_estate(folder.path() / "estate", files);
    REQUIRE(cloud({"import", (folder.path() / "estate").string()}).exit == 0);
  }
  std::unique_ptr<SqliteStore> store() const {
    auto opened = SqliteStore::open(folder.path() / "books" / "steward.db", Uuid{1});
    REQUIRE(opened);
    return std::move(*opened);
  }
  void sign() const {
    const auto books = store();
    EdgeLog edge({SiteId{"tiny"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings}, 1);
    REQUIRE(books->transact([&] { return books->put_gateway(edge.row()); }));
    const auto june = test_instant(0);
    const auto july = june + std::chrono::hours(24 * 30);
    const auto block = edge.closings({edge.closing("M0", june, 1'000'000), edge.closing("M1", june, 10'000),
                                      edge.closing("M2", june, 20'000), edge.closing("M0", july, 1'153'000),
                                      edge.closing("M1", july, 110'000), edge.closing("M2", july, 70'000)},
                                     edge.key());
    const auto arrival = edge.arrival(block);
    Admission admission(*books);
    REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);
  }
  std::string path() const { return (folder.path() / "wang.bundle").string(); }
  std::string bundle() const {
    const auto said = cloud({"bundle", "2026-06-wang", "--out", path()});
    REQUIRE_MESSAGE(said.exit == 0, said.text);
    return *read_key_file(path());
  }
  /// A signed June, closed; its bundle's bytes.
  std::string made() const {
    import(tiny_estate(false));
    sign();
    REQUIRE(cloud({"close", "--month", "2026-06"}).exit == 0);
    return bundle();
  }
  void put(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
};

BundleVerdict verdict_of(const std::string& bytes, const TrustedKeys& trusted = {}) {
  const auto opened = read_bundle(bytes);
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  return check_bundle(*opened, trusted);
}

std::string all_of(const BundleVerdict& verdict) {
  std::string text;
  for (const auto& one : verdict.differs) text += one.en + "\n";
  return text;
}

BillBundle opened(const std::string& bytes) { return std::move(read_bundle(bytes)->bundle); }

}  // namespace

TEST_SUITE("verify/bill") {
  TEST_CASE("a bill is recomputed from its bundle alone, and the words say what was looked at") {
    Proof proof;
    const auto bytes = proof.made();
    CHECK(proof.bundle() == bytes);  // the same bytes again
    const auto said = Proof::verify({proof.path()});
    CHECK(said.exit == 0);
    for (const auto* part :
         {"the issuer's signature holds", "6 closing records are signed by their gateways (gw1)",
          "the inputs are those the bill names", "every byte is the same", "51.00 yuan", "the bill holds",
          "账单成立", "name those you know by --key"})
      CHECK_MESSAGE(said.has(part), part);
    const auto verdict = verdict_of(bytes);
    CHECK(verdict.holds());
    CHECK(verdict.typed_readings == 0);
    CHECK(verdict.inputs == (*proof.store()->bill_runs(SiteId{"tiny"})).at(0).inputs);
    // What an issued bill's page names is what the bundle comes to.
    proof.cloud({"close", "--month", "2026-06", "--issue"});
    const auto page = *read_key_file(proof.folder.path() / "books/bills/tiny/2026-06/2026-06-wang.txt");
    CHECK(page.find(hex(verdict.inputs)) != std::string::npos);
  }

  TEST_CASE("keys that came another way are the ones that count") {
    Proof proof;
    const auto bytes = proof.made();
    const auto gateway = hex(test_key(1).public_key());
    const auto issuer = hex(read_bundle(bytes)->issuer);
    CHECK(Proof::verify({"--key", gateway, "--issuer", issuer, proof.path()}).exit == 0);
    const auto other = hex(test_key(9).public_key());
    const auto stranger = Proof::verify({"--key", other, proof.path()});
    CHECK(stranger.exit == 3);
    CHECK(stranger.has("closing record 1 is not signed by any key of its gateway"));
    CHECK(Proof::verify({"--issuer", other, proof.path()}).has("not the issuer you named"));
    CHECK(Proof::verify({"--key", "abc", proof.path()}).exit == 2);
    CHECK(Proof::verify({(proof.folder.path() / "none").string()}).exit == 1);
    proof.put("hello");
    CHECK(Proof::verify({proof.path()}).exit == 2);
  }

  TEST_CASE("any one byte changed is noticed, and so is every cut") {
    Proof proof;
    const auto bytes = proof.made();
    CHECK(bytes.size() > 3000);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      auto changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      const auto opened = read_bundle(changed);
      CHECK_MESSAGE((!opened || !opened->sealed), at);
    }
    for (std::size_t at = 0; at < bytes.size(); at += 7) CHECK_FALSE(read_bundle(bytes.substr(0, at)));
    CHECK_FALSE(read_bundle(bytes + "x"));
    const auto control = read_bundle(bytes);
    CHECK((control && control->sealed));
  }

  TEST_CASE("a forger who signs anew what he has changed is found out by what is in the file") {
    Proof proof;
    const auto bytes = proof.made();
    const auto forger = test_key(66);
    const auto verdict_after = [&](const std::function<void(BillBundle&)>& change) {
      auto bundle = opened(bytes);
      change(bundle);
      auto verdict = verdict_of(*write_bundle(bundle, forger));
      CHECK_FALSE(verdict.holds());
      return all_of(verdict);
    };
    const auto replaced = [](std::string& text, const std::string& was, const std::string& now) {
      REQUIRE(text.find(was) != std::string::npos);
      text.replace(text.find(was), was.size(), now);
    };
    auto said = verdict_after([&](BillBundle& b) {
      auto bill = *read_bill(b.bill);
      bill.lines[0].amount = bill.lines[0].amount + Fen{100};
      bill.total = bill.total + Fen{100};
      b.bill = bill_json(bill).dump();
    });
    CHECK(said.find("line 1 asks 51.00 yuan; recomputed, it is 50.00") != std::string::npos);
    said = verdict_after([&](BillBundle& b) { replaced(b.files["tariffs.csv"], "0.50", "0.51"); });
    CHECK(said.find("the inputs in the file hash to") != std::string::npos);
    CHECK(said.find("line 1 asks 50.00 yuan; recomputed, it is 51.00") != std::string::npos);
    verdict_after([&](BillBundle& b) { replaced(b.files["occupancies.csv"], "王伟", "王炜"); });
    verdict_after([&](BillBundle& b) { b.closings[0].sealed[40] ^= 1; });
    verdict_after([&](BillBundle& b) { b.closings.pop_back(); });
    verdict_after([&](BillBundle& b) { std::swap(b.closings[0], b.closings[1]); });
    verdict_after([&](BillBundle& b) { b.keys[0].second = forger.public_key(); });
    verdict_after([&](BillBundle& b) { b.inputs[0] ^= 1; });
    verdict_after([&](BillBundle& b) { b.month = b.month + std::chrono::months(1); });
    verdict_after([&](BillBundle& b) {
      b.falls.push_back({MeterId{"M1"}, "energy_import", test_instant(5)});
    });
    said = verdict_after([&](BillBundle& b) { b.closings[0].settled = {test_instant(1000), Quality::good}; });
    CHECK(said.find("was moved without a word about it") != std::string::npos);
    verdict_after([&](BillBundle& b) {
      b.closings[0].taken_back = TakenBack{"unit_clash", test_instant(0), ""};
    });
    // The control: nothing changed, only signed by somebody else; that is told by --issuer alone.
    CHECK(verdict_of(*write_bundle(opened(bytes), forger)).holds());
    CHECK_FALSE(verdict_of(*write_bundle(opened(bytes), forger), {{}, {read_bundle(bytes)->issuer}}).holds());
  }

  TEST_CASE("a whole month forged in itself comes to another hash than the printed one") {
    Proof proof;
    proof.import(tiny_estate(true));
    proof.cloud({"close", "--month", "2026-06"});
    const auto printed = verdict_of(proof.bundle());
    CHECK(printed.typed_readings == 6);
    Proof forged;
    auto files = tiny_estate(true);
    auto& readings = files["readings.csv"];
    readings.replace(readings.find(",110,"), 5, ",111,");
    forged.import(files);
    forged.cloud({"close", "--month", "2026-06"});
    const auto other = verdict_of(forged.bundle());
    CHECK(other.holds());  // in itself: no meter signed what people type
    CHECK(other.inputs != printed.inputs);
    CHECK(other.issuer != printed.issuer);
    CHECK(Proof::verify({forged.path()}).has("6 readings were typed in: no meter signed them"));
  }

  TEST_CASE("an issued bill keeps its bundle through later imports, and no bundle is made of other inputs") {
    Proof proof;
    const auto bytes = proof.made();
    proof.cloud({"close", "--month", "2026-06", "--issue"});
    auto files = tiny_estate(false);
    files["tariffs.csv"] += "home,electricity,2026-06-01,month,1,,0.60\n";
    proof.import(files);
    CHECK(proof.bundle() == bytes);
    CHECK(proof.cloud({"bundle", "2026-06-nobody", "--out", proof.path()}).has("no bill"));
    const auto books = proof.store();
    EdgeLog late({SiteId{"tiny"}, GatewayId{"gw2"}, Uuid{8}, Stream::readings}, 2);
    REQUIRE(books->transact([&] { return books->put_gateway(late.row()); }));
    const auto arrival = late.arrival(late.closings({late.closing("M9", test_instant(0), 5)}, late.key()));
    Admission admission(*books);
    REQUIRE(admission.admit(std::span(&arrival, 1))->front().fate == Fate::admitted);
    const auto refused = proof.cloud({"bundle", "2026-06-wang", "--out", proof.path()});
    CHECK(refused.exit == static_cast<int>(Exit::refused));
    CHECK(refused.has("other readings or decisions"));
  }

  TEST_CASE("the page's worked bytes are what is written") {
    BillBundle bundle;
    bundle.bill = "{}";
    bundle.month = Month(std::chrono::year(2026), std::chrono::month(6));
    bundle.files["estate.csv"] = "x\n";
    bundle.closings.push_back({{0xD2, 0x84}, {}, {}});
    const auto bytes = *write_bundle(bundle, test_key(1));
    const auto record = R"({"month":"2026-06","inputs":")" + std::string(64, '0') +
                        R"(","keys":[],"events":[],"falls":[],"settled":"","judged":[]})";
    const auto at = [&](std::size_t from, std::size_t count) {
      return hex(bytes_of(bytes.substr(from, count)));
    };
    CHECK(bytes.substr(0, 15) == bill_bundle_magic);
    CHECK(at(15, 7) == "01000000027b7d");
    CHECK(at(22, 5) == "0200000099");
    CHECK(bytes.substr(27, 153) == record);
    CHECK(at(180, 18) == "030000000d6573746174652e63737600780a");
    CHECK(at(198, 7) == "0400000002d284");
    CHECK(at(205, 5) == "0000000060");
    CHECK(at(210, 32) == hex(test_key(1).public_key()));
    CHECK(bytes.size() == 306);
  }
}
