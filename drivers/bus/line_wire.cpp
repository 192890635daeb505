#include "drivers/bus/line_wire.hpp"

#include <optional>
#include <thread>
#include <variant>

#include "drivers/bus/guarded_bus.hpp"
#include "drivers/bus/line_hearing.hpp"
#include "drivers/line/exchange.hpp"
#include "kit/loop/bounded_queue.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

/// What an exchange takes beside its reply time-out: a second of draining, the
/// frames themselves at 300 baud. More means the line's thread hangs in the kernel.
constexpr Milliseconds longest_rest{60'000};

/// A request on its way to the line's thread and back.
struct Answer {
  explicit Answer(Loop& loop) : arrived(loop) {}
  Signal arrived;
  std::optional<Heard> heard;
  std::optional<Surveyed> surveyed;
};
struct Job {
  std::variant<Sending, Survey> what;
  std::shared_ptr<Answer> answer;
};

class LineWire final : public BusWire {
 public:
  LineWire(Loop& loop, OpenLine open, std::shared_ptr<LineTap> tap, const LineCodec& codec,
           const LineFormat& format, std::chrono::nanoseconds gap)
      : loop_(loop),
        open_(std::move(open)),
        tap_(std::move(tap)),
        codec_(codec),
        format_(format),
        gap_(gap),
        jobs_(1),
        thread_([this] { work(); }) {}
  ~LineWire() override {  // then the thread joins, after the exchange in hand
    jobs_.close();
    wake_.wake();
  }

  Awaitable<Heard> ask(const Sending& sending) override {
    const auto answer = std::make_shared<Answer>(loop_);
    const auto patience = std::chrono::ceil<Milliseconds>(sending.reply_timeout) + longest_rest;
    Heard heard;
    if (!jobs_.push({sending, answer})) {
      heard.lost = Error{Fault::broken, "the line's thread does not take requests"};
      co_return heard;
    }
    wake_.wake();
    const bool arrived = co_await answer->arrived.wait(patience);
    if (arrived) co_return std::move(*answer->heard);
    heard.lost = Error{Fault::broken, "the line's thread hangs in the device"};
    co_return heard;
  }

  Awaitable<Surveyed> survey(const Survey& survey) override {
    const auto answer = std::make_shared<Answer>(loop_);
    const auto patience = std::chrono::ceil<Milliseconds>(survey.wait) + longest_rest;
    Surveyed surveyed;
    if (!jobs_.push({survey, answer})) {
      surveyed.lost = Error{Fault::broken, "the line's thread does not take requests"};
      co_return surveyed;
    }
    wake_.wake();
    const bool arrived = co_await answer->arrived.wait(patience);
    if (arrived) co_return std::move(*answer->surveyed);
    surveyed.lost = Error{Fault::broken, "the line's thread hangs in the device"};
    co_return surveyed;
  }

 private:
  // From here on: the line's thread.

  void work() {
    wait_to_the_microsecond();
    while (true) {
      auto job = port_ ? jobs_.try_pop() : jobs_.pop();
      if (!job && (!port_ || jobs_.is_closed())) return;
      if (!job) {
        listen();
        continue;
      }
      if (const auto* asked = std::get_if<Survey>(&job->what)) {
        auto surveyed = std::make_shared<Surveyed>(search(*asked));
        loop_.post([answer = std::move(job->answer), surveyed] {
          answer->surveyed.emplace(std::move(*surveyed));
          answer->arrived.set();
        });
        continue;
      }
      auto heard = std::make_shared<Heard>(exchange(std::get<Sending>(job->what)));
      loop_.post([answer = std::move(job->answer), heard] {
        answer->heard.emplace(std::move(*heard));
        answer->arrived.set();
      });
    }
  }

  void listen() {
    if (exchange_->listen(port_->ticks() + std::chrono::minutes(1))) return;
    lost_ = Error{Fault::retry, "the serial device went away"};
    close();
  }

  Heard exchange(const Sending& sending) {
    Heard heard;
    heard.sent = heard.began = heard.ended = steady_ticks();
    if (lost_) {  // heard between two requests: those before it are without an answer
      heard.lost = std::exchange(lost_, std::nullopt);
      return heard;
    }
    if (auto ready = set_to(format_); !ready) {
      heard.lost = std::move(ready.error());
      return heard;
    }
    heard = hear_line(*exchange_, codec_, sending);
    if (heard.lost) close();
    return heard;
  }

  /// A read of a scan. At our own speed its frames are the guard's to hear too.
  Surveyed search(const Survey& survey) {
    Surveyed surveyed;
    surveyed.other_speed = survey.format != format_;
    surveyed.ended = steady_ticks();
    if (lost_) {
      surveyed.lost = std::exchange(lost_, std::nullopt);
      return surveyed;
    }
    if (auto ready = set_to(survey.format); !ready) {
      surveyed.lost = std::move(ready.error());
      return surveyed;
    }
    auto reply = exchange_->exchange(survey.request, survey.whole, survey.wait);
    if (!reply) {
      surveyed.lost = std::move(reply.error());
      close();
      return surveyed;
    }
    surveyed.went_out = reply->went_out;
    surveyed.ended = reply->ended;
    surveyed.delay = reply->burst.empty() ? std::chrono::nanoseconds{0} : reply->began - reply->sent;
    if (!surveyed.other_speed) surveyed.overheard = codec_.read_burst(survey.request, reply->burst).frames;
    surveyed.burst = std::move(reply->burst);
    return surveyed;
  }

  /// Opens the device, or opens it anew at another speed: what was heard at the old one is dropped,
  /// since every unit is quarantined at that.
  Result<void> set_to(const LineFormat& format) {
    if (port_ && set_ != format) close();
    if (port_) return {};
    auto opened = open_(format, &wake_);
    if (!opened) return std::move(opened.error());
    port_ = tap_ ? tapped(std::move(*opened), tap_) : std::move(*opened);
    set_ = format;
    exchange_.emplace(*port_, format, gap_);
    return {};
  }

  void close() {
    exchange_.reset();
    port_.reset();
  }

  Loop& loop_;
  const OpenLine open_;
  const std::shared_ptr<LineTap> tap_;
  const LineCodec& codec_;
  const LineFormat format_;
  LineFormat set_;  // of the open port: a scan may have changed it
  const std::chrono::nanoseconds gap_;
  Wake wake_;
  BoundedQueue<Job> jobs_;
  std::unique_ptr<LinePort> port_;
  std::optional<LineExchange> exchange_;
  std::optional<Error> lost_;
  std::jthread thread_;  // last: begins when all else is there, joins first
};

}  // namespace

std::unique_ptr<RegisterBus> make_line_bus(Loop& loop, LineBusSetup setup, GuardBook& book) {
  LineRules rules;
  rules.reply_timeout = setup.reply_timeout;
  rules.probe_permille = setup.probe_permille;
  auto wire = std::make_unique<LineWire>(loop, std::move(setup.open), std::move(setup.tap), *setup.codec,
                                         setup.format, setup.gap);
  return make_guarded_bus(loop, std::move(setup.device), std::move(wire), std::move(setup.units), rules,
                          book);
}

}  // namespace steward
