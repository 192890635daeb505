// What ingest costs: signed blocks become committed rows and a signed ack, through the pipeline that
// steward-cloud runs, beside a bare bulk insert of the same rows; then a gateway that was offline for
// a month empties its outbox into a cloud, all as programs.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <semaphore>
#include <vector>

#include "cloud/ingest/ingest_pipeline.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"
#include "kit/loop/clocks.hpp"
#include "tests/bench/goal.hpp"
#include "tests/bench/ingest_drain.hpp"
#include "tests/bench/process_usage.hpp"

using namespace steward;

namespace {

constexpr std::size_t readings_in_all = 256'000;
constexpr int turns = 7;
// What a transaction of the pipeline takes when there is plenty: 256 blocks.
constexpr std::size_t blocks_per_transaction = Admission::max_batch;

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

/// Blocks of one gateway, signed and chained, and the rows that they hold.
struct Material {
  std::size_t per_block = 0;
  SigningKey key = SigningKey::generate();
  std::vector<std::vector<Reading>> records;
  std::vector<Arrival> arrivals;

  explicit Material(std::size_t readings_per_block) : per_block(readings_per_block) {
    Digest previous{};
    for (std::size_t i = 0; i < readings_in_all / per_block; ++i) {
      records.push_back(round_of(i));
      const Block block{.log = {SiteId{"riverside"}, GatewayId{"gw1"}, Uuid{7}, Stream::readings},
                        .first = Seq{i * per_block + 1},
                        .last = Seq{(i + 1) * per_block},
                        .previous = previous,
                        .stamp = {.wall = instant_from_ms(1'780'243'200'000)},
                        .records = records.back()};
      auto bytes = need(encode_block(block, key));
      previous = sha256(bytes);
      arrivals.push_back(
          {up_topic(block.log.site, block.log.gateway, block.log.stream), std::move(bytes), Instant{}});
    }
  }
  std::vector<Reading> round_of(std::size_t round) const {
    std::vector<Reading> out;
    const auto at = instant_from_ms(1'780'243'200'000 + static_cast<std::int64_t>(round) * 900'000);
    for (std::size_t i = 0; i < per_block; ++i) {
      const auto value = static_cast<std::int64_t>(round * 1000 + i);
      out.push_back({.round_at = at,
                     .taken_at = at + Milliseconds(static_cast<std::int64_t>(i)),
                     .meter_no = MeterNo{static_cast<std::uint16_t>(i)},
                     .channel_no = ChannelNo{0},
                     .value = value,
                     .raw = {static_cast<std::uint16_t>(value >> 16), static_cast<std::uint16_t>(value)}});
    }
    return out;
  }
};

/// A fresh database in `folder` with the gateway enrolled, and its two connections.
struct Books {
  std::unique_ptr<SqliteStore> books;
  std::unique_ptr<SqliteStore> keys;

  Books(const std::filesystem::path& folder, const Material& material) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    books = need(SqliteStore::open(folder / "steward.db", Uuid{1}));
    keys = need(SqliteStore::open(folder / "steward.db", Uuid{1}));
    need(books->transact([&] {
      return books->put_gateway({SiteId{"riverside"}, GatewayId{"gw1"}, material.key.public_key(), {}});
    }));
  }
};

/// What one turn measured beside its rate: CPU, which a busy machine's neighbours distort least.
struct Costs {
  bench::Row per_core{"ingest, per second of CPU on both threads", "readings/s", {}};
  bench::Row raw{"CPU of the raw insert", "us/reading", {}};
  bench::Row proving{"CPU of proving (its own thread)", "us/reading", {}};
  bench::Row booking{"CPU of booking (its own thread)", "us/reading", {}};
};

/// Readings per second of one turn of `work`; its CPU goes into `row`.
double rate_of(bench::Row& row, const std::function<void()>& work) {
  const double cpu = bench::own_cpu_s();
  const double seconds = bench::seconds_of(work);
  row.samples.push_back((bench::own_cpu_s() - cpu) * 1e6 / readings_in_all);
  return readings_in_all / seconds;
}

double ingest(const std::filesystem::path& folder, const Material& material, Costs* costs) {
  Books books(folder, material);
  auto arrivals = material.arrivals;
  const SystemClock clock;
  const Log log(clock, Level::error);
  const auto cloud = SigningKey::generate();
  std::size_t acks = 0;
  std::binary_semaphore ended{0};
  std::counting_semaphore<> booked_some{0};
  const double cpu = bench::own_cpu_s();
  const double seconds = bench::seconds_of([&] {
    IngestPipeline pipeline({*books.books, *books.keys}, cloud, clock, log);
    pipeline.start(
        {},
        [&](const std::vector<OutgoingAck>& due) {
          acks += due.size();
          booked_some.release();
        },
        [](const std::vector<OutgoingMessage>&) {}, [&] { ended.release(); });
    for (auto& arrival : arrivals) {
      // The queue sheds what does not fit: here it is offered again when a batch was booked.
      while (!pipeline.push(arrival)) booked_some.acquire();
    }
    pipeline.close();
    ended.acquire();
  });
  if (costs != nullptr) costs->per_core.samples.push_back(readings_in_all / (bench::own_cpu_s() - cpu));
  const auto booked = need(books.books->counts(SiteId{"riverside"}));
  if (booked.readings != static_cast<std::int64_t>(readings_in_all) || acks < 2) {
    std::fprintf(stderr, "ingest: %lld readings, %zu acks\n", static_cast<long long>(booked.readings), acks);
    std::exit(1);
  }
  return readings_in_all / seconds;
}

/// The raw limit: the same rows, no key, no signature, no decoding, no evidence.
double raw_insert(const std::filesystem::path& folder, const Material& material, Costs& costs) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto database = need(Database::open(folder / "raw.db"));
  need(database.execute(
      "CREATE TABLE r (a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT, i INT, j INT)"));
  auto insert = need(database.prepare("INSERT INTO r VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"));
  return rate_of(costs.raw, [&] {
    std::int64_t seq = 0;
    for (std::size_t i = 0; i < material.records.size(); i += blocks_per_transaction) {
      auto transaction = need(Transaction::begin(database));
      for (std::size_t in = i; in < std::min(i + blocks_per_transaction, material.records.size()); ++in) {
        for (const auto& r : material.records[in]) {
          need(insert.run(1, 1, ++seq, ms_of(r.round_at), ms_of(r.taken_at), r.meter_no.value,
                          r.channel_no.value, r.value, 0, 0));
        }
      }
      need(transaction.commit());
    }
  });
}

/// The proving thread's part alone.
double prove_all(const Material& material, Costs& costs) {
  const VerifyingKey key(material.key.public_key());
  return rate_of(costs.proving, [&] {
    for (const auto& arrival : material.arrivals) {
      if (!prove_block(arrival.payload, key).proven) std::exit(1);
    }
  });
}

/// The booking thread's part alone: everything proven before.
double book_all(const std::filesystem::path& folder, const Material& material, Costs& costs) {
  Books books(folder, material);
  auto arrivals = material.arrivals;
  const VerifyingKey key(material.key.public_key());
  for (auto& arrival : arrivals) arrival.proof = prove_block(arrival.payload, key);
  Admission admission(*books.books);
  return rate_of(costs.booking, [&] {
    for (std::size_t at = 0; at < arrivals.size(); at += blocks_per_transaction) {
      const auto count = std::min(blocks_per_transaction, arrivals.size() - at);
      for (const auto& outcome : need(admission.admit(std::span(arrivals).subspan(at, count)))) {
        if (outcome.fate != Fate::admitted) std::exit(1);
      }
    }
  });
}

void in_one_program(const std::filesystem::path& folder, bench::Report& report) {
  const Material small(100);
  const Material large(1000);
  Costs costs;
  auto rows = bench::interleaved(
      turns, "readings/s",
      {{"raw bulk insert, no key, 25,600 rows a transaction",
        [&] { return raw_insert(folder, small, costs); }},
       {"ingest, blocks of 100", [&] { return ingest(folder, small, &costs); }},
       {"ingest, blocks of 1,000", [&] { return ingest(folder, large, nullptr); }},
       {"  of it, blocks of 100: proving alone", [&] { return prove_all(small, costs); }},
       {"  of it, blocks of 100: booking alone", [&] { return book_all(folder, small, costs); }}});
  for (auto* row : {&costs.per_core, &costs.raw, &costs.proving, &costs.booking})
    row->samples.erase(row->samples.begin());  // the turn that warms up
  const double booking_to_raw =
      bench::spread_of(costs.raw.samples).median / bench::spread_of(costs.booking.samples).median;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < rows[0].samples.size(); ++i)
    ratios.push_back(rows[1].samples[i] / rows[0].samples[i]);
  for (const auto* row : {&costs.raw, &costs.proving, &costs.booking, &costs.per_core}) rows.push_back(*row);
  rows.push_back({"ingest of blocks of 100 / raw, turn by turn", "x", ratios});
  report.note(
      "ingest = verify, decode | check the link, load, keep the bytes, commit (FULL), sign the ack; two "
      "threads");
  for (const auto& row : rows) report.row(row);
  report.at_least("ratio_to_raw_blocks_of_100", bench::spread_of(ratios).median, "x", 0.45);
  // The booking thread is the slower one; where cores are shared its CPU says what the wall clock cannot.
  report.at_least("booking_cpu_ratio_to_raw", booking_to_raw, "x", 0.45);
  report.at_least("readings_per_core", bench::spread_of(costs.per_core.samples).median, "readings/s",
                  150'000);
}

}  // namespace

int main() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("steward-ingest-bench-" + std::to_string(::getpid()));
  int code = 1;
  try {
    bench::Report report("ingest");
    in_one_program(folder / "one", report);
    bench::drain_a_month(folder / "month", report);
    code = report.finish();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "ingest: %s\n", failure.what());
  }
  std::filesystem::remove_all(folder);
  return code;
}
