#include "drivers/line/line_tap.hpp"

#include <utility>

namespace steward {
namespace {

class TappedPort final : public LinePort {
 public:
  TappedPort(std::unique_ptr<LinePort> port, std::shared_ptr<LineTap> tap)
      : port_(std::move(port)), tap_(std::move(tap)) {}

  Ticks ticks() const override { return port_->ticks(); }
  bool sends_whole() const override { return port_->sends_whole(); }
  Result<void> send(ByteView bytes) override {
    auto sent = port_->send(bytes);
    if (sent) tap_->sent(bytes, port_->ticks());
    return sent;
  }
  Result<bool> receive(Bytes& into, Ticks deadline) override {
    const auto before = into.size();
    auto came = port_->receive(into, deadline);
    if (into.size() > before) tap_->heard(ByteView(into).subspan(before), port_->ticks());
    return came;
  }

 private:
  std::unique_ptr<LinePort> port_;
  std::shared_ptr<LineTap> tap_;
};

}  // namespace

void LineTap::put(bool sent, ByteView bytes, Ticks at) {
  if (!listening_.load(std::memory_order_relaxed)) return;
  if (!pieces_.push({at, sent, Bytes(bytes.begin(), bytes.end())}))
    missed_.fetch_add(1, std::memory_order_relaxed);
}

bool LineTap::listen() {
  if (listening_.load(std::memory_order_relaxed)) return false;
  (void)take();
  missed_.store(0, std::memory_order_relaxed);
  listening_.store(true, std::memory_order_relaxed);
  return true;
}

void LineTap::leave() { listening_.store(false, std::memory_order_relaxed); }

std::vector<LinePiece> LineTap::take() {
  std::vector<LinePiece> pieces;
  while (pieces.size() < most_pieces) {
    auto piece = pieces_.try_pop();
    if (!piece) break;
    pieces.push_back(std::move(*piece));
  }
  return pieces;
}

std::unique_ptr<LinePort> tapped(std::unique_ptr<LinePort> port, std::shared_ptr<LineTap> tap) {
  return std::make_unique<TappedPort>(std::move(port), std::move(tap));
}

}  // namespace steward
