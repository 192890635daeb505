#include "edge/app/edge_metrics.hpp"

#include <doctest/doctest.h>

#include "tests/support/metrics_document.hpp"

using namespace steward;

namespace {

EdgeFigures busy_gateway() {
  EdgeFigures figures;
  figures.meters = 32;
  figures.meters_well = 31;
  figures.rounds = 7;
  figures.last_round = RoundReport{instant_from_ms(1'780'246'800'000), 31, 1, false};
  figures.marks[static_cast<std::size_t>(Stream::readings)] = {Seq{900}, Seq{860}, {}};
  figures.broker_connected = true;
  figures.buses["b1"].asked = 40;
  figures.buses["b1"].answered = 38;
  figures.buses["b1"].garbled = 1;
  figures.buses["b1"].cut = 1;
  figures.buses["b2"];
  return figures;
}

PrometheusPage page_of(const EdgeFigures& figures) {
  MetricsPage page;
  write_edge_metrics(figures, page);
  return PrometheusReader::read(page.text());
}

}  // namespace

TEST_SUITE("edge/metrics") {
  TEST_CASE("the gateway's metrics are read by Prometheus and are those of the document, word for word") {
    const auto page = page_of(busy_gateway());
    for (const auto& mistake : page.mistakes) FAIL_CHECK(mistake);
    for (const auto& difference : metrics_page_differences(page, "steward_edge_")) FAIL_CHECK(difference);

    auto less = page;
    less.families.erase("steward_edge_alarms");
    less.families["steward_edge_meters"].help += " And more.";
    CHECK(metrics_page_differences(less, "steward_edge_").size() == 2);
  }

  TEST_CASE("the figures are where their names say") {
    const auto page = page_of(busy_gateway());
    const auto value = [&](const char* name, const char* labels) {
      return page.families.at(name).samples.at(labels);
    };
    CHECK(value("steward_edge_meters_well", "") == "31");
    CHECK(value("steward_edge_last_round_timestamp_seconds", "") == "1780246800.000");
    CHECK(value("steward_edge_log_backlog_records", "{stream=\"readings\"}") == "40");
    CHECK(value("steward_edge_log_backlog_records", "{stream=\"doors\"}") == "0");
    CHECK(value("steward_edge_bus_garbled_total", "{bus=\"b1\"}") == "2");
    CHECK(value("steward_edge_bus_requests_total", "{bus=\"b2\"}") == "0");
  }

  TEST_CASE("before the first round nothing is said about a last one") {
    const auto page = page_of(EdgeFigures{});
    CHECK(page.mistakes.empty());
    CHECK(page.families.count("steward_edge_last_round_readings") == 0);
  }
}
