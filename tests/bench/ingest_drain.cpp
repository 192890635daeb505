#include "tests/bench/ingest_drain.hpp"

#include <stdexcept>

#include "kit/crypto/signing_key.hpp"
#include "tests/bench/chain_site.hpp"
#include "tests/bench/process_usage.hpp"
#include "tests/support/offline_month.hpp"

namespace steward::bench {
namespace {

constexpr double most_seconds = 60;
const Instant back_at = instant_from_ms(1'780'272'000'000);  // 2026-06-01, behind the month

}  // namespace

void drain_a_month(const std::filesystem::path& folder, Report& report) {
  const OfflineSpell spell;
  ChainSite chain(folder, {.flats = 4, .stepped = true}, back_at);
  const auto key = SigningKey::load(folder / "enrolment/block-key.pem");
  if (!key) throw std::runtime_error(key.error().message);
  std::filesystem::create_directories(folder / "gateway/data");
  const auto written = write_offline_month((folder / "gateway/data/outbox.db").string(), SiteId{"riverside"},
                                           GatewayId{"gw1"}, *key, spell);
  if (!written) throw std::runtime_error(written.error().message);
  const double broker = usage_of(chain.broker()).cpu_s;
  const double cloud = usage_of(chain.cloud()).cpu_s;
  double edge = 0;
  int code = 0;
  const double seconds = seconds_of([&] {
    const auto process = chain.start_edge(back_at, back_at);
    await_end(process->pid());
    edge = usage_of(process->pid()).cpu_s;
    code = process->wait();
  });
  const auto readings = static_cast<double>(spell.readings());
  if (code != 0 || chain.readings() < static_cast<std::int64_t>(spell.readings())) {
    throw std::runtime_error("steward-edge ended with " + std::to_string(code) + ", " +
                             std::to_string(chain.readings()) + " readings in the books");
  }
  const auto cost = [&](double cpu_s) { return cpu_s * 1e6 / readings; };
  report.row({"month offline, steward-edge started to last ack", "s", {seconds}});
  report.row({"  of it CPU of steward-edge", "us/reading", {cost(edge)}});
  report.row({"  of it CPU of mosquitto", "us/reading", {cost(usage_of(chain.broker()).cpu_s - broker)}});
  report.row({"  of it CPU of steward-cloud", "us/reading", {cost(usage_of(chain.cloud()).cpu_s - cloud)}});
  report.at_most("month_offline_drained", seconds, "s", most_seconds);
}

}  // namespace steward::bench
