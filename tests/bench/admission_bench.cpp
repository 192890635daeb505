// What admission costs: signed blocks of 1,000 readings into the cloud's SQLite
// books, beside the raw limit on the same disk: the same columns, no key, no
// signature, no decoding, no evidence, as many rows a transaction.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "cloud/ingest/admission.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "tests/bench/goal.hpp"

using namespace steward;

namespace {

constexpr std::size_t blocks = 100;
constexpr std::size_t per_block = 500;  // stays below 64 KiB with raw words
constexpr double readings = static_cast<double>(blocks * per_block);

template <class T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}
void need(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

std::vector<Reading> round_of(std::size_t round) {
  std::vector<Reading> records;
  const auto at = instant_from_ms(1'780'243'200'000 + static_cast<std::int64_t>(round) * 3'600'000);
  for (std::size_t i = 0; i < per_block; ++i) {
    const auto value = static_cast<std::int64_t>(round * 1000 + i);
    records.push_back({.round_at = at,
                       .taken_at = at + Milliseconds(static_cast<std::int64_t>(i)),
                       .meter_no = MeterNo{static_cast<std::uint16_t>(i)},
                       .channel_no = ChannelNo{0},
                       .value = value,
                       .raw = {static_cast<std::uint16_t>(value >> 16), static_cast<std::uint16_t>(value)}});
  }
  return records;
}

std::vector<Arrival> signed_log(const SigningKey& key) {
  std::vector<Arrival> arrivals;
  Digest previous{};
  for (std::size_t i = 0; i < blocks; ++i) {
    const Block block{.log = {SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings},
                      .first = Seq{i * per_block + 1},
                      .last = Seq{(i + 1) * per_block},
                      .previous = previous,
                      .stamp = {.wall = instant_from_ms(1'780'243'200'000)},
                      .records = round_of(i)};
    auto bytes = need(encode_block(block, key));
    previous = sha256(bytes);
    arrivals.push_back({up_topic(block.log.site, block.log.gateway, block.log.stream), std::move(bytes),
                        instant_from_ms(1'780'243'200'000)});
  }
  return arrivals;
}

std::filesystem::path fresh(const std::filesystem::path& folder, const char* name) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder / name;
}

double admit_all(const std::filesystem::path& folder, const SigningKey& key,
                 const std::vector<Arrival>& arrivals, std::size_t batch) {
  auto store = need(SqliteStore::open(fresh(folder, "steward.db"), Uuid{1}));
  need(store->transact([&] {
    return store->put_gateway({SiteId{"riverside"}, GatewayId{"gw1"}, key.public_key(), instant_from_ms(0)});
  }));
  Admission admission(*store);
  return readings / bench::seconds_of([&] {
           for (std::size_t at = 0; at < arrivals.size(); at += batch) {
             for (const auto& outcome : need(admission.admit(std::span(arrivals).subspan(at, batch)))) {
               if (outcome.fate != Fate::admitted) std::exit(1);
             }
           }
         });
}

double raw_insert(const std::filesystem::path& folder, std::size_t batch) {
  auto database = need(Database::open(fresh(folder, "raw.db")));
  need(database.execute(
      "CREATE TABLE r (a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT, i INT, j INT)"));
  auto insert = need(database.prepare("INSERT INTO r VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"));
  std::vector<std::vector<Reading>> rounds;
  for (std::size_t i = 0; i < blocks; ++i) rounds.push_back(round_of(i));
  return readings / bench::seconds_of([&] {
           for (std::size_t i = 0; i < blocks; i += batch) {
             auto transaction = need(Transaction::begin(database));
             auto seq = static_cast<std::int64_t>(i * per_block);
             for (std::size_t in = i; in < i + batch; ++in) {
               for (const auto& r : rounds[in]) {
                 need(insert.run(1, 1, ++seq, ms_of(r.round_at), ms_of(r.taken_at), r.meter_no.value,
                                 r.channel_no.value, r.value, 0, 0));
               }
             }
             need(transaction.commit());
           }
         });
}

}  // namespace

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "steward-admission-bench";
  const auto key = SigningKey::generate();
  const auto arrivals = signed_log(key);
  bench::Report report("admission");
  const auto rows = bench::interleaved(
      5, "readings/s",
      {{"raw insert, no key, 1,000 readings a transaction", [&] { return raw_insert(folder, 2); }},
       {"admit, 1,000 readings (2 blocks) a transaction",
        [&] { return admit_all(folder, key, arrivals, 2); }},
       {"raw insert, no key, 25,000 a transaction", [&] { return raw_insert(folder, 50); }},
       {"admit, 25,000 (50 blocks) a transaction", [&] { return admit_all(folder, key, arrivals, 50); }}});
  for (const auto& row : rows) report.row(row);
  const auto median = [&](std::size_t at) { return bench::spread_of(rows[at].samples).median; };
  report.note("admit = verify, check the link, decode, load, keep the bytes, commit with synchronous=FULL");
  report.at_least("ratio_to_raw_25000", median(3) / median(2), "x", 0.5);
  report.at_least("ratio_to_raw_1000", median(1) / median(0), "x", 0.5);
  std::filesystem::remove_all(folder);
  return report.finish();
}
