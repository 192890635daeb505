#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/ingest/ingest_pipeline.hpp"
#include "kit/loop/loop.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"

namespace steward {

/// One connection to the broker, with the rights of its certificate: one site, or all.
struct IngestLine {
  Broker broker;
  std::optional<SiteId> site{};  // none: every site
};

/// Keeps the cloud on the line: blocks and states from the broker into the pipeline,
/// acks back out.
///
/// When the books are slower than the broker the pipeline fills, and what does not
/// fit is dropped: it is still in its gateway, un-acknowledged, and comes again.
/// While the broker is away, acks wait, the newest one per gateway.
///
/// Several programs may share a database, each with the sites it serves; one that
/// serves what another does costs work and changes nothing (admission locks the log's row).
/// Thread: loop; the pipeline has its own.
class IngestService {
 public:
  /// lines: at least one. `stores` must not be used by anybody else from `start` until `stop` is done.
  IngestService(Loop& loop, std::vector<IngestLine> lines, IngestStores stores, const Signer& cloud,
                const Clock& clock, const Log& log);
  ~IngestService();
  IngestService(const IngestService&) = delete;
  IngestService& operator=(const IngestService&) = delete;

  /// Connects and begins to work. `ready` is called once, when the broker takes
  /// messages for us on every line for the first time.
  void start(std::function<void()> ready);
  /// Takes nothing new, books what is queued, sends the last acks, disconnects,
  /// then calls `done`. Calls after the first do nothing.
  void stop(std::function<void()> done);

 private:
  struct Line {
    std::optional<SiteId> site;
    std::unique_ptr<MqttPipe> pipe;
    std::map<std::string, Bytes> acks{};  // by topic, not yet handed to the broker
    bool was_up = false;
  };

  void open_line(IngestLine line);
  void came_up(Line& line);
  void received(MqttMessage message);
  void keep_acks(std::vector<OutgoingAck> acks);
  void send_acks(Line& line);

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  std::vector<std::unique_ptr<Line>> lines_;  // loop
  std::vector<SiteId> sites_;                 // whose gateways are told how far they are; empty: all
  std::function<void()> ready_;
  std::function<void()> done_;
  std::int64_t dropped_ = 0;  // loop
  bool stopping_ = false;     // loop
  IngestPipeline pipeline_;   // last: its threads end before what they call goes
};

}  // namespace steward
