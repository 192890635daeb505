#include "cloud/ingest/ingest_service.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "contract/wire/topics.hpp"

namespace steward {
namespace {

/// How often the books are asked whether an operator wants something of a gateway.
constexpr Milliseconds glance_every{500};

}  // namespace

IngestService::IngestService(Loop& loop, std::vector<IngestLine> lines, IngestStores stores,
                             const Signer& cloud, const Clock& clock, const Log& log)
    : loop_(loop), clock_(clock), log_(log), pipeline_(stores, cloud, clock, log) {
  assert(!lines.empty());
  for (auto& line : lines) {
    if (line.site) sites_.push_back(*line.site);
    open_line(std::move(line));
  }
}

void IngestService::open_line(IngestLine line) {
  lines_.push_back(std::make_unique<Line>(Line{.site = line.site, .pipe = nullptr}));
  auto& opened = *lines_.back();
  MqttPipe::Handlers handlers;
  handlers.up = [this, &opened] { came_up(opened); };
  handlers.down = [this, &opened](const std::string& why) {
    log_.warning("broker_down", {{"why", why}});
    opened.is_up = false;
  };
  handlers.explained = [this](const TlsVerdict& why) {
    if (why.trouble == TlsTrouble::none) return;
    log_.error("broker_trouble",
               {{"trouble", std::string(word(why.trouble))}, {"why", why.en}, {"why_zh", why.zh}});
  };
  handlers.message = [this](MqttMessage message) { received(std::move(message)); };
  handlers.room = [this, &opened] { send_acks(opened); };
  auto topics =
      line.site
          ? std::vector<std::string>{site_up_topics(*line.site), site_state_topics(*line.site),
                                     site_command_result_topics(*line.site), site_reported_topics(*line.site)}
          : std::vector<std::string>{std::string(all_up_topics), std::string(all_state_topics),
                                     std::string(all_command_result_topics),
                                     std::string(all_reported_topics)};
  opened.pipe = std::make_unique<MqttPipe>(loop_, std::move(line.broker), std::nullopt, std::move(topics),
                                           std::move(handlers));
}

IngestService::~IngestService() = default;

void IngestService::start(std::function<void()> ready) {
  ready_ = std::move(ready);
  pipeline_.on_booked([this](const IngestFigures& figures) {
    loop_.post([this, figures] {
      books_writable_ = figures.failed_batches == books_.failed_batches;
      books_ = figures;
    });
  });
  pipeline_.start(
      sites_,
      [this](std::vector<OutgoingAck> acks) {
        loop_.post([this, acks = std::move(acks)]() mutable { keep_acks(std::move(acks)); });
      },
      [this](std::vector<OutgoingMessage> messages) {
        loop_.post([this, messages = std::move(messages)] { send_messages(messages); });
      },
      [this] {
        loop_.post([this] {
          for (const auto& line : lines_) line->pipe->stop();
          if (done_) std::exchange(done_, nullptr)();
        });
      });
  for (const auto& line : lines_) line->pipe->start();
  loop_.spawn(glance());
}

/// Wakes the books now and then: commands are put into them by other programs.
Awaitable<void> IngestService::glance() {
  while (!stopping_) {
    if (std::ranges::any_of(lines_, [](const auto& line) { return line->pipe->is_up(); })) pipeline_.glance();
    co_await pause(glance_every);
  }
}

/// The line that serves this site; nullptr: another program does.
IngestService::Line* IngestService::line_of(const SiteId& site) {
  const auto of =
      std::ranges::find_if(lines_, [&](const auto& line) { return !line->site || *line->site == site; });
  return of == lines_.end() ? nullptr : of->get();
}

/// Not kept: what is not sent now is due again soon.
void IngestService::send_messages(const std::vector<OutgoingMessage>& messages) {
  for (const auto& message : messages) {
    auto* const line = line_of(message.site);
    if (line == nullptr) continue;
    const auto sent = line->pipe->publish(message.topic, message.payload, message.retained);
    if (sent) continue;
    log_.debug("message_not_sent", {{"topic", message.topic}, {"why", sent.error().message}});
    if (message.retained) pipeline_.publish_again();
  }
}

void IngestService::came_up(Line& line) {
  log_.info("broker_up", {{"site", line.site ? line.site->text : std::string("all")}});
  line.was_up = line.is_up = true;
  pipeline_.publish_again();  // the broker may have forgotten what was retained
  const bool all = std::ranges::all_of(lines_, [](const auto& each) { return each->was_up; });
  if (all && ready_) std::exchange(ready_, nullptr)();
  send_acks(line);
}

void IngestService::stop(std::function<void()> done) {
  if (std::exchange(stopping_, true)) return;
  done_ = std::move(done);
  pipeline_.close();
}

void IngestService::received(MqttMessage message) {
  if (stopping_) return;
  if (pipeline_.push({std::move(message.topic), std::move(message.payload), clock_.now()})) return;
  log_.warning("queue_full", {{"dropped_since_start", ++dropped_}});
}

ServiceFigures IngestService::figures() const {
  ServiceFigures figures{.books = books_, .books_writable = books_writable_, .dropped = dropped_};
  figures.waiting = static_cast<std::int64_t>(pipeline_.waiting());
  for (const auto& line : lines_) figures.waiting_acks += static_cast<std::int64_t>(line->acks.size());
  figures.broker_connected =
      std::all_of(lines_.begin(), lines_.end(), [](const auto& line) { return line->is_up; });
  return figures;
}

void IngestService::keep_acks(std::vector<OutgoingAck> acks) {
  for (auto& ack : acks) {
    if (auto* const line = line_of(ack.site)) line->acks[ack.topic] = std::move(ack.payload);
  }
  for (const auto& line : lines_) send_acks(*line);
}

void IngestService::send_acks(Line& line) {
  while (!line.acks.empty()) {
    const auto next = line.acks.begin();
    if (auto sent = line.pipe->publish(next->first, next->second, true); !sent) {
      // retry and full: `up` or `room` will call again. Anything else is ours to mend.
      if (sent.error().fault == Fault::retry || sent.error().fault == Fault::full) return;
      log_.error("ack_not_sent", {{"topic", next->first}, {"why", sent.error().message}});
    }
    line.acks.erase(next);
  }
}

}  // namespace steward
