// An auditor's check of exported blocks: what holds, and every way in which it does not.
#include "cloud/verify/block_chain.hpp"

#include <fstream>
#include <functional>
#include <sstream>

#include "cloud/verify/block_file.hpp"
#include "cloud/verify/verify_verbs.hpp"
#include "contract/text/json.hpp"
#include "contract/wire/envelope.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_keys.hpp"
#include "tests/unit/cloud/edge_log.hpp"
#include "tests/unit/contract/examples.hpp"

using namespace steward;

namespace {

LogId log_of(Stream stream, std::uint8_t epoch) {
  return {SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{epoch}, stream};
}

/// What a gateway wrote: two logs of readings (a new epoch), the first with a hole, and events.
struct History {
  EdgeLog first{log_of(Stream::readings, 7), 1};
  EdgeLog second{log_of(Stream::readings, 8), 1};
  EdgeLog events{log_of(Stream::events, 8), 1};
  std::vector<Bytes> blocks;

  History() {
    blocks.push_back(first.readings(3, 100));
    const auto lost = sha256(first.readings(4, 200));  // 4..7, which the disk then lost
    first.pretend(4, sha256(blocks[0]));
    blocks.push_back(first.append(Hole{Seq{4}, Seq{7}, "corrupt", lost}, 4));
    first.pretend(8, lost);
    blocks.push_back(first.readings(2, 300));
    blocks.push_back(first.closings({first.closing("E-1", test_instant(0), 42)}, first.key()));
    blocks.push_back(second.readings(2, 400));
    blocks.push_back(second.readings(1, 500));
    blocks.push_back(events.append(std::vector<EdgeEvent>{{test_instant(0), "started", "", "1.0"}}));
  }
};

std::string file_of(const std::vector<Bytes>& blocks) {
  std::ostringstream out;
  BlockFileWriter writer(out);
  for (const auto& block : blocks) writer.add(block);
  REQUIRE(writer.finish());
  return out.str();
}

/// What the check says of a file: findings, and what is wrong with the file itself.
struct Verdict {
  std::vector<ChainFinding> findings;
  std::vector<ChainedLog> logs;
  std::string file;
  bool holds() const { return findings.empty() && file.empty(); }
  std::string text() const {
    std::string all = file;
    for (const auto& finding : findings) all += "\n" + finding.en;
    return all;
  }
};

Verdict check(const std::string& file, const std::vector<const Verifier*>& keys) {
  std::istringstream in(file);
  BlockFileReader reader(in);
  BlockChain chain(keys);
  Verdict verdict;
  for (;;) {
    auto next = reader.next();
    if (!next) verdict.file = next.error().message;
    if (!next || !*next) break;
    chain.take((*next)->offset, (*next)->bytes);
  }
  verdict.findings = chain.findings();
  verdict.logs = chain.logs();
  return verdict;
}

const VerifyingKey gateway_key(test_key(1).public_key());
const VerifyingKey other_key(test_key(2).public_key());

Verdict check_blocks(const std::vector<Bytes>& blocks) { return check(file_of(blocks), {&gateway_key}); }

/// The program itself on `file`.
struct Said {
  VerifyExit exit;
  std::string out;
  std::string err;
};
Said run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const auto exit = run_steward_verify(arguments, {out, err});
  return {exit, out.str(), err.str()};
}

}  // namespace

TEST_SUITE("verify/blocks") {
  TEST_CASE("what a gateway signed holds: every block, every link, over a hole and two epochs") {
    const auto verdict = check_blocks(History().blocks);
    CHECK_MESSAGE(verdict.holds(), verdict.text());
    REQUIRE(verdict.logs.size() == 3);
    CHECK(verdict.logs[0].first == Seq{1});
    CHECK(verdict.logs[0].last == Seq{10});
    REQUIRE(verdict.logs[0].missing.size() == 1);
    CHECK(verdict.logs[0].missing[0].first == Seq{4});
    CHECK(verdict.logs[0].missing[0].last == Seq{7});
    CHECK(verdict.logs[0].missing[0].reason == "corrupt");
    CHECK(verdict.logs[1].last == Seq{3});
    CHECK(verdict.logs[2].log.stream == Stream::events);
  }

  TEST_CASE("the worked bytes of docs/formats/block-file.md are these two examples in a file") {
    const auto catalogue = test::example_bytes("block-catalogue.hex");
    const auto readings = test::example_bytes("block-readings.hex");
    const auto file = file_of({catalogue, readings});
    CHECK(file.size() == 880);
    CHECK(file.substr(0, 21) == "steward blocks 1\n" + std::string("\0\0\x01\xd6", 4));
    CHECK(file.substr(491, 4) == std::string("\0\0\x01\x79", 4));
    CHECK(file.substr(872) == std::string("\0\0\0\0\0\0\0\x02", 8));
    const VerifyingKey key(test::gateway_key().public_key());
    const auto verdict = check(file, {&key});
    CHECK_MESSAGE(verdict.holds(), verdict.text());
    CHECK(verdict.logs.at(0).last == Seq{9});
  }

  TEST_CASE("a range from the middle of a log holds, and says that what was before is not in it") {
    auto blocks = History().blocks;
    blocks.erase(blocks.begin());
    const auto verdict = check_blocks(blocks);
    CHECK_MESSAGE(verdict.holds(), verdict.text());
    CHECK_FALSE(verdict.logs[0].from_start());
    CHECK(verdict.logs[1].from_start());
  }

  TEST_CASE("one bit flipped anywhere in a file is noticed, and the block it is in is named") {
    EdgeLog log(log_of(Stream::events, 7), 1);
    std::vector<Bytes> blocks;
    std::vector<std::pair<std::size_t, std::size_t>> spans;  // where each block stands in the file
    std::size_t at = block_file_magic.size();
    for (int i = 0; i < 3; ++i) {
      blocks.push_back(log.append(std::vector<EdgeEvent>{{test_instant(i), "kind", "", ""}}));
      at += 4;
      spans.emplace_back(at, at + blocks.back().size());
      at += blocks.back().size();
    }
    const auto good = file_of(blocks);
    REQUIRE(check(good, {&gateway_key}).holds());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      CAPTURE(bit);
      auto bad = good;
      bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ 1U << bit % 8);
      const auto verdict = check(bad, {&gateway_key});
      REQUIRE_FALSE(verdict.holds());
      for (std::size_t i = 0; i < spans.size(); ++i) {
        if (bit / 8 < spans[i].first || bit / 8 >= spans[i].second) continue;
        REQUIRE(verdict.findings.size() == 1);  // the root cause alone
        REQUIRE(verdict.findings[0].block == i + 1);
        REQUIRE(verdict.findings[0].offset == spans[i].first);
      }
    }
  }

  TEST_CASE("each thing done to a file is told in one sentence that says where") {
    struct Deed {
      const char* what;
      std::function<void(std::vector<Bytes>&)> done;
      std::uint64_t block;
      const char* words;
    };
    EdgeLog foreign(log_of(Stream::readings, 7), 2);
    EdgeLog elsewhere({SiteId{"riverside"}, GatewayId{"gw2"}, Uuid{7}, Stream::readings}, 1);
    EdgeLog twin(log_of(Stream::readings, 8), 1);  // the same key, another history
    const auto other_history = [&] {
      twin.pretend(1, Digest{});
      return twin.readings(2, 999);
    }();
    const std::vector<Deed> deeds{
        {"taken out", [](auto& b) { b.erase(b.begin() + 2); }, 3, "places 8..9 behind block 2 are missing"},
        {"doubled", [](auto& b) { b.insert(b.begin() + 3, b[2]); }, 4, "doubled, or the order was changed"},
        {"moved", [](auto& b) { std::swap(b[4], b[5]); }, 6, "doubled, or the order was changed"},
        {"a log interrupted", [](auto& b) { std::swap(b[5], b[6]); }, 7, "another one interrupts"},
        {"signed by another", [&](auto& b) { b[0] = foreign.readings(3, 100); }, 1,
         "not signed by the given key"},
        {"of another gateway", [&](auto& b) { b[2] = elsewhere.readings(2, 1); }, 3,
         "this file is of riverside/gw1"},
        {"of another history", [&](auto& b) { b[4] = other_history; }, 6,
         "one of them is of another history"},
        {"no block at all",
         [](auto& b) {
           b[1] = {1, 2, 3};
         },
         2, "is not a block"},
    };
    for (const auto& deed : deeds) {
      CAPTURE(deed.what);
      auto blocks = History().blocks;
      deed.done(blocks);
      const auto verdict = check_blocks(blocks);
      CAPTURE(verdict.text());
      REQUIRE(verdict.findings.size() == 1);
      CHECK(verdict.findings[0].block == deed.block);
      CHECK(verdict.findings[0].en.find(deed.words) != std::string::npos);
    }
  }

  TEST_CASE("a file cut off anywhere, or with more behind its end, is told apart from a whole one") {
    const auto good = file_of(History().blocks);
    for (std::size_t size = 0; size < good.size(); size += size < 400 ? 1 : 37) {
      CAPTURE(size);
      REQUIRE_FALSE(check(good.substr(0, size), {&gateway_key}).file.empty());
    }
    CHECK(check(good + "x", {&gateway_key}).file.find("behind the end") != std::string::npos);
    auto counted = good;
    counted.back() = 6;
    CHECK(check(counted, {&gateway_key}).file.find("says that it has 6 blocks, but has 7") !=
          std::string::npos);
  }

  TEST_CASE("a block whose places join but that names no block before it is of another history") {
    EdgeLog log(log_of(Stream::readings, 7), 1);
    std::vector<Bytes> blocks{log.readings(2, 1)};
    log.pretend(3, Digest{9});
    blocks.push_back(log.readings(2, 2));
    const auto verdict = check_blocks(blocks);
    REQUIRE(verdict.findings.size() == 1);
    CHECK(verdict.findings[0].block == 2);
    log.pretend(3, sha256(blocks[0]));  // the same, but linked
    blocks[1] = log.readings(2, 2);
    CHECK(check_blocks(blocks).holds());
  }

  TEST_CASE("a gateway that was given a new key holds under both, and under neither alone") {
    EdgeLog log(log_of(Stream::readings, 7), 1);
    std::vector<Bytes> blocks{log.readings(2, 1)};
    EdgeLog renewed(log_of(Stream::readings, 7), 2);
    renewed.pretend(3, sha256(blocks[0]));
    blocks.push_back(renewed.readings(2, 2));
    const auto file = file_of(blocks);
    CHECK(check(file, {&gateway_key, &other_key}).holds());
    CHECK_FALSE(check(file, {&gateway_key}).holds());
    CHECK_FALSE(check(file, {&other_key}).holds());
  }

  TEST_CASE("closings that another key sealed are a refused place, as in the books, and never pass unseen") {
    EdgeLog log(log_of(Stream::readings, 7), 1);
    const auto verdict = check_blocks(
        {log.closings({log.closing("E-1", test_instant(0), 42)}, test_key(2)), log.readings(1, 1)});
    CHECK_MESSAGE(verdict.holds(), verdict.text());
    REQUIRE(verdict.logs[0].missing.size() == 1);
    CHECK(verdict.logs[0].missing[0].reason.starts_with("refused: "));
  }

  TEST_CASE(
      "the program: exit code, sentence and JSON for what holds, what does not and what cannot be asked") {
    const TemporaryFolder folder;
    const auto in = [&](const char* name) { return (folder.path() / name).string(); };
    const auto write = [&](const char* name, const std::string& text) {
      std::ofstream(in(name), std::ios::binary) << text;
    };
    auto blocks = History().blocks;
    write("good", file_of(blocks));
    blocks[2][200] ^= 1;
    write("bad", file_of(blocks));
    write("none", file_of({}));
    write("other", "{}");
    REQUIRE(gateway_key.save(in("key.pem")));
    const auto key = hex(gateway_key.public_key());

    const auto good = run({"blocks", in("good"), "--key", key});
    CHECK(good.exit == VerifyExit::holds);
    CHECK(good.out.find("7 blocks hold") != std::string::npos);
    CHECK(good.out.find("hole 缺口 4..7: corrupt") != std::string::npos);
    CHECK(run({"blocks", in("good"), "--key", in("key.pem")}).exit == VerifyExit::holds);

    const auto bad = run({"blocks", in("bad"), "--key", key});
    CHECK(bad.exit == VerifyExit::differs);
    CHECK(bad.err.find("block 3 (byte ") != std::string::npos);
    CHECK(bad.err.find("第 3 块") != std::string::npos);
    const auto json = Json::parse(run({"blocks", in("bad"), "--key", key, "--json"}).out);
    REQUIRE(json);
    CHECK_FALSE(json->find("ok")->boolean());
    CHECK(json->find("findings")->items().at(0).find("block")->integer() == 3);
    CHECK(Json::parse(run({"blocks", in("good"), "--key", key, "--json"}).out)->find("ok")->boolean());

    CHECK(run({"blocks", in("none"), "--key", key}).exit == VerifyExit::differs);
    CHECK(run({"blocks", in("other"), "--key", key}).exit == VerifyExit::bad_input);
    CHECK(run({"blocks", in("good"), "--key", "nokey"}).exit == VerifyExit::bad_input);
    CHECK(run({"blocks", in("good")}).exit == VerifyExit::bad_input);
    CHECK(run({"blocks", in("absent"), "--key", key}).exit == VerifyExit::failed);
    CHECK(run({"bill", in("good")}).exit == VerifyExit::bad_input);
    const auto help = run({"--help"});
    CHECK(help.exit == VerifyExit::holds);
    CHECK(help.out.find("Examples 示例") != std::string::npos);
    CHECK(run({"blocks", "--help"}).out.find("steward-verify blocks --key") != std::string::npos);
  }
}
