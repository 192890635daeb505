// Thirty days without a network, 200 meters, a reading each quarter of an hour: 576,000 readings come home,
// each once. How fast is `./dev bench ingest`'s matter.
#include <doctest/doctest.h>

#include <filesystem>

#include "kit/crypto/signing_key.hpp"
#include "tests/chaos/chaos_site.hpp"
#include "tests/support/offline_month.hpp"

using namespace steward;

TEST_SUITE("chaos/month") {
  TEST_CASE("a month offline, 576,000 readings: all arrive once, edge and cloud killed on the way") {
    ChaosSite site(1);
    const OfflineSpell spell;
    REQUIRE(spell.readings() == 576'000);
    site.start_broker();
    site.start_sim();
    const auto key = SigningKey::load(site.in("enrolment/block-key.pem"));
    REQUIRE(key);
    std::filesystem::create_directories(site.in("estate/data"));
    const auto written = write_offline_month(site.in("estate/data/outbox.db"), SiteId{"riverside"},
                                             GatewayId{"gw1"}, *key, spell);
    REQUIRE_MESSAGE(written, (written ? "" : written.error().message));
    site.start_cloud();
    site.start_edge(1);
    site.wait("a fifth has arrived", [&] { return site.booked() > 115'000; });
    site.kill("edge");
    site.start_edge(1);
    site.wait("a half has arrived", [&] { return site.booked() > 288'000; });
    site.kill("cloud");
    site.start_cloud();
    CHECK(site.wait_for_end("edge") == 0);  // it ends when the cloud has signed for everything
    CHECK(site.stop("cloud") == 0);

    const std::string of_spell =
        " FROM reading WHERE round_at_ms < " +
        std::to_string(ms_of(spell.from + spell.every * static_cast<std::int64_t>(spell.rounds)));
    CHECK(site.ask_books("SELECT count(*)" + of_spell) == 576'000);
    CHECK(site.ask_books("SELECT count(DISTINCT meter_no * 10000000 + (round_at_ms - " +
                         std::to_string(ms_of(spell.from)) + ") / 900000)" + of_spell) == 576'000);
    CHECK(site.ask_books("SELECT count(*)" + of_spell +
                         " AND value <> meter_no * 10000000 + (round_at_ms - " +
                         std::to_string(ms_of(spell.from)) + ") / 900000 * 17") == 0);
    CHECK(site.ask_books("SELECT count(*) FROM hole") == 0);
    CHECK(site.ask_books("SELECT count(*) FROM set_aside") == 0);
  }
}
