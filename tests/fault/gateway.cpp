#include "tests/fault/gateway.hpp"

#include <algorithm>

#include "drivers/modbus/frame.hpp"

namespace steward::fault {
namespace {

using namespace std::chrono_literals;

bool sealed_right(ByteView frame) {
  const auto crc = plain_crc(frame.first(frame.size() - 2));
  return frame[frame.size() - 2] == crc % 256 && frame[frame.size() - 1] == crc / 256;
}

}  // namespace

/// The first whole frame of the buffer; nothing whole: the buffer is dropped.
Bytes VirtualGateway::take_frame() {
  const std::size_t length = buffer_.size() < 3         ? 0
                             : (buffer_[1] & 0x80) != 0 ? 5
                                                        : 5 + std::size_t{buffer_[2]};
  Bytes frame;
  if (length >= 5 && buffer_.size() >= length && sealed_right(ByteView(buffer_).first(length))) {
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(length);
    frame.assign(buffer_.begin(), end - 2);
    buffer_.erase(buffer_.begin(), end);
  } else {
    buffer_.clear();
  }
  return frame;
}

/// The gateway answers its open request with these bytes (unit and PDU), and the master hears them.
std::optional<HeardFrame> VirtualGateway::answer(Bytes frame, std::optional<std::uint16_t> wanted) {
  const auto transaction = open_->transaction;
  open_.reset();
  if (!transaction) return std::nullopt;
  Bytes mbap{
      static_cast<std::uint8_t>(*transaction / 256), static_cast<std::uint8_t>(*transaction % 256), 0, 0,
      static_cast<std::uint8_t>(frame.size() / 256), static_cast<std::uint8_t>(frame.size() % 256)};
  mbap.insert(mbap.end(), frame.begin(), frame.end());
  stream_.add(mbap);
  std::optional<HeardFrame> found;
  while (auto heard = stream_.next()) {
    if (wanted == heard->transaction) {
      found = std::move(heard->frame);
    } else {
      strays_.push_back({std::move(heard->frame), line_.ticks()});
    }
  }
  return found;
}

std::optional<HeardFrame> VirtualGateway::pump(Ticks until, std::optional<std::uint16_t> wanted) {
  while (true) {
    if (!open_ && !queue_.empty()) {
      open_ = std::move(queue_.front());
      queue_.pop_front();
      if (!keeps_ || dice_.rolls(500)) {
        while (*line_.receive(buffer_, line_.ticks())) continue;
        buffer_.clear();
      }
      (void)line_.send(open_->rtu);
      open_->until = line_.ticks() + dice_.between(100ms, 600ms);
    }
    if (open_ && !buffer_.empty()) {
      Bytes frame = take_frame();
      if (!frame.empty()) {
        if (auto found = answer(std::move(frame), wanted)) return found;
        continue;
      }
    }
    const Ticks deadline = open_ ? std::min(until, open_->until) : until;
    if (*line_.receive(buffer_, deadline)) continue;
    if (open_ && line_.ticks() >= open_->until) {
      Bytes refusal{open_->rtu[0], static_cast<std::uint8_t>(open_->rtu[1] | 0x80), 0x0B};
      if (auto found = answer(std::move(refusal), wanted)) return found;
      continue;
    }
    if (line_.ticks() >= until) return std::nullopt;
  }
}

Heard VirtualGateway::hear(const Sending& sending) {
  const auto transaction = ++transaction_;
  Bytes request = encode_request({Framing::rtu, 0, sending.asked.unit, sending.asked.span});
  Heard heard;
  heard.before = std::exchange(strays_, {});
  heard.went_out = true;
  heard.sent = line_.ticks();
  queue_.push_back({transaction, std::move(request), {}});
  if (auto found = pump(heard.sent + sending.reply_timeout, transaction))
    heard.after.frames.push_back(std::move(*found));
  heard.began = heard.ended = line_.ticks();
  return heard;
}

void VirtualGateway::reconnect() {
  queue_.clear();
  if (open_) open_->transaction.reset();
  strays_.clear();
  stream_ = {};
}

}  // namespace steward::fault
