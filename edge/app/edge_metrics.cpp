#include "edge/app/edge_metrics.hpp"

#include "contract/nouns/log.hpp"

namespace steward {
namespace {

using Kind = Metric::Kind;
constexpr Metric meters{"steward_edge_meters", Kind::gauge, "Meters in the list."};
constexpr Metric meters_well{"steward_edge_meters_well", Kind::gauge,
                             "Meters that answer and are believed; `steward-edge status` names the others."};
constexpr Metric alarms{"steward_edge_alarms", Kind::gauge, "Alarms that stand."};
constexpr Metric rounds{"steward_edge_rounds_total", Kind::counter,
                        "Rounds read and committed since the start."};
constexpr Metric rounds_missed{"steward_edge_rounds_missed_total", Kind::counter,
                               "Rounds that were not read since the start."};
constexpr Metric round_at{"steward_edge_last_round_timestamp_seconds", Kind::gauge,
                          "Nominal instant of the last round, UTC."};
constexpr Metric round_readings{"steward_edge_last_round_readings", Kind::gauge,
                                "Readings the last round gave."};
constexpr Metric round_silent{"steward_edge_last_round_silent_meters", Kind::gauge,
                              "Meters that gave nothing in the last round."};
constexpr Metric records{"steward_edge_log_records_total", Kind::counter,
                         "Records committed to a log since it began: its newest place."};
constexpr Metric backlog{"steward_edge_log_backlog_records", Kind::gauge,
                         "Records the cloud has not signed for yet."};
constexpr Metric connected{"steward_edge_broker_connected", Kind::gauge, "1 while the broker is connected."};
constexpr Metric writable{"steward_edge_outbox_writable", Kind::gauge,
                          "1 while what is read can be committed."};
constexpr Metric outbox_bytes{"steward_edge_outbox_bytes", Kind::gauge, "Size of the outbox file."};
constexpr Metric store_jobs{"steward_edge_store_waiting_jobs", Kind::gauge,
                            "Jobs that wait for the disk; 1024 is the limit."};
constexpr Metric requests{"steward_edge_bus_requests_total", Kind::counter, "Requests sent on a bus."};
constexpr Metric answers{"steward_edge_bus_answers_total", Kind::counter,
                         "Requests that were answered rightly."};
constexpr Metric garbled{"steward_edge_bus_garbled_total", Kind::counter,
                         "Replies that were no whole frame."};
constexpr Metric late{"steward_edge_bus_late_total", Kind::counter,
                      "Replies that came after their request was given up."};

std::int64_t count(std::uint64_t value) { return static_cast<std::int64_t>(value); }

void write_buses(const EdgeFigures& figures, MetricsPage& page) {
  page.family(requests);
  for (const auto& [bus, counters] : figures.buses) page.sample({{"bus", bus}}, count(counters.asked));
  page.family(answers);
  for (const auto& [bus, counters] : figures.buses) page.sample({{"bus", bus}}, count(counters.answered));
  page.family(garbled);
  for (const auto& [bus, counters] : figures.buses)
    page.sample({{"bus", bus}}, count(counters.garbled + counters.cut));
  page.family(late);
  for (const auto& [bus, counters] : figures.buses) page.sample({{"bus", bus}}, count(counters.late));
}

}  // namespace

void write_edge_metrics(const EdgeFigures& figures, MetricsPage& page) {
  page.single(meters, figures.meters).single(meters_well, figures.meters_well).single(alarms, figures.alarms);
  page.single(rounds, figures.rounds).single(rounds_missed, figures.rounds_missed);
  if (const auto& last = figures.last_round) {
    page.single(round_at, Milliseconds{ms_of(last->round_at)});
    page.single(round_readings, std::int64_t{last->readings})
        .single(round_silent, std::int64_t{last->silent});
  }
  page.family(records);
  for (const auto stream : all_streams)
    page.sample({{"stream", word(stream)}},
                count(figures.marks[static_cast<std::size_t>(stream)].last.value));
  page.family(backlog);
  for (const auto stream : all_streams)
    page.sample({{"stream", word(stream)}}, count(figures.marks[static_cast<std::size_t>(stream)].backlog()));
  page.single(connected, std::int64_t{figures.broker_connected ? 1 : 0});
  page.single(writable, std::int64_t{figures.outbox_writable ? 1 : 0});
  page.single(outbox_bytes, figures.outbox_bytes).single(store_jobs, figures.store_jobs);
  write_buses(figures, page);
}

}  // namespace steward
