#include "cloud/app/cloud_metrics.hpp"

#include <doctest/doctest.h>

#include "tests/support/metrics_document.hpp"

using namespace steward;

TEST_SUITE("cloud/metrics") {
  TEST_CASE("the cloud's metrics are read by Prometheus and are those of the document, word for word") {
    ServiceFigures figures;
    figures.books.blocks = {{Fate::admitted, 12}, {Fate::fork, 1}};
    figures.dropped = 3;
    MetricsPage text;
    write_cloud_metrics(figures, text);
    const auto page = PrometheusReader::read(text.text());
    for (const auto& mistake : page.mistakes) FAIL_CHECK(mistake);
    for (const auto& difference : metrics_page_differences(page, "steward_cloud_")) FAIL_CHECK(difference);
    CHECK(page.families.at("steward_cloud_blocks_total").samples.at("{fate=\"admitted\"}") == "12");
    CHECK(page.families.at("steward_cloud_dropped_messages_total").samples.at("") == "3");
    CHECK(page.families.at("steward_cloud_books_writable").samples.at("") == "1");
  }
}
