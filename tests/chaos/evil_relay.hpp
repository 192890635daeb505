#pragma once
#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <thread>

#include "kit/crypto/digest.hpp"
#include "kit/loop/loop.hpp"
#include "kit/mqtt/mqtt_pipe.hpp"
#include "tests/fault/dice.hpp"

namespace steward {

/// What a network that doubles and reorders would do, at the level where it can be done: behind TLS a proxy
/// sees no messages. A client with rights to every `up` topic hears each block and publishes it again, once
/// or twice, late and in another order than it came. Thread: any; one of its own does the work.
class EvilRelay {
 public:
  EvilRelay(Broker broker, std::uint64_t seed) : dice_(seed) {
    MqttPipe::Handlers handlers;
    handlers.up = [this] { up_ = true; };
    handlers.message = [this](MqttMessage message) { heard(std::move(message)); };
    handlers.room = [this] { send(); };
    pipe_ = std::make_unique<MqttPipe>(loop_, std::move(broker), std::nullopt,
                                       std::vector<std::string>{"steward/v1/+/+/up/+"}, std::move(handlers));
    thread_ = std::jthread([this] {
      pipe_->start();
      loop_.run();
    });
  }
  ~EvilRelay() {
    loop_.post([this] {
      pipe_->stop();
      loop_.stop();
    });
    thread_.join();
  }
  EvilRelay(const EvilRelay&) = delete;
  EvilRelay& operator=(const EvilRelay&) = delete;

  bool is_up() const { return up_; }
  std::uint64_t repeated() const { return repeated_; }  // messages sent again
  std::uint64_t overtook() const { return overtook_; }  // of these, sent before one that was older

 private:
  static constexpr std::size_t most_kept = 24;  // blocks; the oldest may come that much too late

  void heard(MqttMessage message) {
    if (!seen_.insert(sha256(message.payload)).second) return;  // our own echo
    kept_.push_back({++number_, std::move(message)});
    if (kept_.size() < most_kept) return;
    std::size_t left = kept_.size() / 2;
    while (left-- > 0) {
      const auto at = kept_.begin() + static_cast<std::ptrdiff_t>(dice_.place(kept_.size()));
      for (auto times = dice_.below(2) + 1; times > 0; --times) due_.push_back(*at);
      kept_.erase(at);
    }
    send();
  }
  void send() {
    while (!due_.empty()) {
      const auto& [number, message] = due_.front();
      if (!pipe_->publish(message.topic, message.payload, false))
        return;  // `room` or the next block calls again
      ++repeated_;
      if (number < newest_sent_) ++overtook_;
      newest_sent_ = std::max(newest_sent_, number);
      due_.pop_front();
    }
  }

  struct Kept {
    std::uint64_t number = 0;
    MqttMessage message;
  };
  fault::Dice dice_;
  Loop loop_;
  std::unique_ptr<MqttPipe> pipe_;
  std::set<Digest> seen_;
  std::deque<Kept> kept_;
  std::deque<Kept> due_;
  std::uint64_t number_ = 0;
  std::uint64_t newest_sent_ = 0;
  std::atomic<bool> up_{false};
  std::atomic<std::uint64_t> repeated_{0};
  std::atomic<std::uint64_t> overtook_{0};
  std::jthread thread_;
};

}  // namespace steward
