#include "drivers/modbus/gateway_wire.hpp"

#include <functional>
#include <utility>

#include "drivers/line/line_port.hpp"
#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/mbap_stream.hpp"
#include "kit/loop/loop.hpp"

namespace steward {
namespace {

Ticks now() { return Ticks(std::chrono::steady_clock::now().time_since_epoch()); }

/// What two kinds of TCP peers share: one request at a time, everything heard in between kept.
class TcpWire : public BusWire {
 public:
  TcpWire(Loop& loop, TcpPlace place)
      : link_(loop, std::move(place),
              {.bytes = [this](ByteView bytes, Ticks at) { hear(bytes, at); },
               .lost =
                   [this](const std::string& why) {
                     lost_ = Error{Fault::retry, why};
                     changed_.set();
                   }}),
        changed_(loop) {}

  Awaitable<Heard> ask(const Sending& sending) override {
    Heard heard;
    heard.before = std::exchange(strays_, {});
    const auto trip =
        co_await travel([&] { return begin(sending); }, sending.reply_timeout, [&] { end(heard); });
    heard.went_out = trip.went_out;
    heard.sent = trip.sent;
    heard.began = trip.began;
    heard.ended = trip.ended;
    heard.lost = trip.lost;
    co_return heard;
  }

 protected:
  /// How one request fared.
  struct Trip {
    bool went_out = false;
    Ticks sent = now();
    Ticks began = sent;
    Ticks ended = sent;
    std::optional<Error> lost;
  };
  /// begin: gives the bytes; done: takes what came, before a lost path forgets it; both while it runs.
  Awaitable<Trip> travel(const std::function<Bytes()>& begin, std::chrono::nanoseconds patience,
                         const std::function<void()>& done) {
    Trip trip;
    if (lost_) {  // between two requests
      trip.lost = std::exchange(lost_, std::nullopt);
      reset();
      co_return trip;
    }
    if (!link_.is_open()) {
      reset();
      const auto opened = co_await link_.open();
      if (!opened) {
        trip.lost = opened.error();
        co_return trip;
      }
    }
    const Bytes request = begin();
    if (auto sent = link_.send(request); !sent) {
      trip.lost = std::move(sent.error());
      co_return trip;
    }
    trip.went_out = true;
    trip.sent = now();
    began_.reset();
    const auto until = trip.sent + patience;
    while (!is_whole() && !lost_ && now() < until) {
      (void)co_await changed_.wait(std::chrono::ceil<Milliseconds>(until - now()));
    }
    trip.ended = now();
    trip.began = began_.value_or(trip.ended);
    done();
    if (lost_) {
      trip.lost = std::exchange(lost_, std::nullopt);
      link_.drop();
      reset();
    }
    co_return trip;
  }
  std::vector<StrayFrame> take_strays() { return std::exchange(strays_, {}); }

  /// The request's bytes; from here on what comes may answer it.
  virtual Bytes begin(const Sending& sending) = 0;
  virtual bool is_whole() const = 0;
  /// Hands over what came for the request, which ends.
  virtual void end(Heard& heard) = 0;
  virtual void hear(ByteView bytes, Ticks at) = 0;
  virtual void reset() = 0;

  void note_first(Ticks at) {
    if (!began_) began_ = at;
  }
  void note_stray(HeardFrame frame, Ticks at) {
    if (strays_.size() == most_strays) strays_.erase(strays_.begin());
    strays_.push_back({std::move(frame), at});
  }
  void break_up(std::string why) { lost_ = Error{Fault::malformed, std::move(why)}; }
  void changed() { changed_.set(); }

 private:
  static constexpr std::size_t most_strays = 64;

  TcpLink link_;
  Signal changed_;
  std::vector<StrayFrame> strays_;
  std::optional<Error> lost_;
  std::optional<Ticks> began_;
};

class GatewayWire final : public TcpWire {
 public:
  using TcpWire::TcpWire;

 private:
  Bytes begin(const Sending& sending) override {
    open_ = ++transaction_;
    answer_.reset();
    return encode_request({Framing::mbap, transaction_, sending.asked.unit, sending.asked.span});
  }
  bool is_whole() const override { return answer_.has_value(); }
  void end(Heard& heard) override {
    if (answer_) heard.after.frames.push_back(std::move(*answer_));
    answer_.reset();
    open_.reset();
  }
  void reset() override {
    stream_ = {};
    asked_on_path_from_ = transaction_;
  }

  void hear(ByteView bytes, Ticks at) override {
    stream_.add(bytes);
    while (auto frame = stream_.next()) {
      if (open_ == frame->transaction && !answer_) {
        note_first(at);
        answer_ = std::move(frame->frame);
      } else if (was_asked(frame->transaction)) {
        note_stray(std::move(frame->frame), at);
      } else {
        break_up("a reply to transaction " + std::to_string(frame->transaction) + ", which was never asked");
      }
    }
    if (stream_.is_broken()) break_up("not a Modbus TCP reply");
    changed();
  }

  /// On this connection; ids go round after 65535 requests, which take longer than any quarantine.
  bool was_asked(std::uint16_t transaction) const {
    const auto age = static_cast<std::uint16_t>(transaction_ - transaction);
    return age < static_cast<std::uint16_t>(transaction_ - asked_on_path_from_);
  }

  MbapStream stream_;
  std::uint16_t transaction_ = 0;
  std::uint16_t asked_on_path_from_ = 0;  // the id before the first one of this connection
  std::optional<std::uint16_t> open_;
  std::optional<HeardFrame> answer_;
};

class OverTcpWire final : public TcpWire {
 public:
  OverTcpWire(Loop& loop, TcpPlace place, const LineCodec& codec)
      : TcpWire(loop, std::move(place)), codec_(codec) {}

  /// A read of a scan, at whatever speed the server is set to: `survey.format` is not looked at.
  Awaitable<Surveyed> survey(const Survey& survey) override {
    Surveyed surveyed;
    for (auto& stray : take_strays()) surveyed.overheard.push_back(std::move(stray.frame));
    const auto begin = [&] {
      request_ = survey.request;
      burst_.clear();
      search_ = &survey;
      is_open_ = true;
      return request_;
    };
    const auto done = [&] {
      for (auto& frame : codec_.read_burst(request_, burst_).frames)
        surveyed.overheard.push_back(std::move(frame));
      surveyed.burst = std::exchange(burst_, {});
      search_ = nullptr;
      is_open_ = false;
    };
    const auto trip = co_await travel(begin, survey.wait, done);
    surveyed.went_out = trip.went_out;
    surveyed.ended = trip.ended;
    surveyed.lost = trip.lost;
    if (!surveyed.burst.empty()) surveyed.delay = trip.began - trip.sent;
    co_return surveyed;
  }

 private:
  Bytes begin(const Sending& sending) override {
    asked_ = sending.asked;
    request_ = codec_.encode(sending.asked);
    burst_.clear();
    is_open_ = true;
    return request_;
  }
  bool is_whole() const override {
    if (burst_.size() > max_burst_bytes) return true;
    const auto whole =
        search_ != nullptr ? search_->whole(burst_) : codec_.burst_length(asked_, request_, burst_);
    return burst_.size() >= whole;
  }
  void end(Heard& heard) override {
    heard.after = codec_.read_burst(request_, burst_);
    burst_.clear();
    is_open_ = false;
  }
  void reset() override { burst_.clear(); }

  /// A device server sends what it got in pieces of its own: frames are cut by length. What
  /// comes while nothing is asked is taken apart as it comes; a torn frame there is noise.
  void hear(ByteView bytes, Ticks at) override {
    if (is_open_) {
      note_first(at);
      const auto room = max_burst_bytes + 1 - std::min<std::size_t>(burst_.size(), max_burst_bytes + 1);
      const auto taken = bytes.first(std::min(bytes.size(), room));
      burst_.insert(burst_.end(), taken.begin(), taken.end());
    } else {
      for (auto& frame : codec_.read_burst({}, bytes).frames) note_stray(std::move(frame), at);
    }
    changed();
  }

  const LineCodec& codec_;
  Asked asked_;
  Bytes request_;
  Bytes burst_;
  const Survey* search_ = nullptr;  // of the request in hand
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<BusWire> make_gateway_wire(Loop& loop, TcpPlace place) {
  return std::make_unique<GatewayWire>(loop, std::move(place));
}

std::unique_ptr<BusWire> make_over_tcp_wire(Loop& loop, TcpPlace place, const LineCodec& codec) {
  return std::make_unique<OverTcpWire>(loop, std::move(place), codec);
}

}  // namespace steward
