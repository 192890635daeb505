#include "cloud/app/cloud_metrics.hpp"

namespace steward {
namespace {

using Kind = Metric::Kind;
constexpr Metric blocks{
    "steward_cloud_blocks_total", Kind::counter,
    "Blocks by what became of them: admitted, again, early, aside, unproven, fork, stranger."};
constexpr Metric records{"steward_cloud_records_total", Kind::counter, "Records taken into the books."};
constexpr Metric states{"steward_cloud_states_total", Kind::counter, "States of gateways that were kept."};
constexpr Metric batches{"steward_cloud_batches_total", Kind::counter, "Transactions of the books."};
constexpr Metric failed{"steward_cloud_failed_batches_total", Kind::counter,
                        "Transactions the books refused; their blocks come again."};
constexpr Metric dropped{"steward_cloud_dropped_messages_total", Kind::counter,
                         "Messages that found the queue full; they come again."};
constexpr Metric waiting{"steward_cloud_queue_waiting_messages", Kind::gauge,
                         "Messages that wait for the books; 1024 is the limit."};
constexpr Metric acks{"steward_cloud_waiting_acks", Kind::gauge,
                      "Acks the broker has not taken yet, the newest of each gateway."};
constexpr Metric connected{"steward_cloud_broker_connected", Kind::gauge, "1 while the broker is connected."};
constexpr Metric writable{"steward_cloud_books_writable", Kind::gauge,
                          "1 while the last transaction succeeded."};

}  // namespace

void write_cloud_metrics(const ServiceFigures& figures, MetricsPage& page) {
  page.family(blocks);
  for (const auto& [fate, count] : figures.books.blocks) page.sample({{"fate", word(fate)}}, count);
  page.single(records, figures.books.records).single(states, figures.books.states);
  page.single(batches, figures.books.batches).single(failed, figures.books.failed_batches);
  page.single(dropped, figures.dropped).single(waiting, figures.waiting).single(acks, figures.waiting_acks);
  page.single(connected, std::int64_t{figures.broker_connected ? 1 : 0});
  page.single(writable, std::int64_t{figures.books_writable ? 1 : 0});
}

}  // namespace steward
