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

/// How the service stands, for whoever watches it.
struct ServiceFigures {
  IngestFigures books;         // as of the last batch
  bool books_writable = true;  // the last batch that wrote succeeded
  bool broker_connected = false;
  std::int64_t dropped = 0;  // messages, since the start
  std::int64_t waiting = 0;  // messages, for the books
  std::int64_t waiting_acks = 0;
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

  ServiceFigures figures() const;
  /// How long the pipeline has been at one message or batch; 0 while there is none.
  Milliseconds busy() const { return pipeline_.busy(); }

 private:
  struct Line {
    std::optional<SiteId> site;
    std::unique_ptr<MqttPipe> pipe;
    std::map<std::string, Bytes> acks{};  // by topic, not yet handed to the broker
    bool was_up = false;
    bool is_up = false;
  };

  void open_line(IngestLine line);
  void came_up(Line& line);
  void received(MqttMessage message);
  void keep_acks(std::vector<OutgoingAck> acks);
  void send_acks(Line& line);
  void send_messages(const std::vector<OutgoingMessage>& messages);
  Awaitable<void> glance();
  Line* line_of(const SiteId& site);

  Loop& loop_;
  const Clock& clock_;
  const Log& log_;
  std::vector<std::unique_ptr<Line>> lines_;  // loop
  std::vector<SiteId> sites_;                 // whose gateways are told how far they are; empty: all
  std::function<void()> ready_;
  std::function<void()> done_;
  IngestFigures books_;         // loop
  bool books_writable_ = true;  // loop
  std::int64_t dropped_ = 0;    // loop
  bool stopping_ = false;       // loop
  IngestPipeline pipeline_;     // last: its threads end before what they call goes
};

}  // namespace steward
