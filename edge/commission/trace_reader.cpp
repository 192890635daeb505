#include "edge/commission/trace_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace steward {
namespace {

constexpr std::size_t most_heard = 512;

}  // namespace

std::string_view word(TraceLine::Kind kind) {
  constexpr std::array<std::string_view, 7> words{"request", "reply",   "exception", "foreign",
                                                  "echo",    "garbage", "silence"};
  return words[static_cast<std::size_t>(kind)];
}

void TraceReader::take(const LinePiece& piece) {
  if (!piece.sent) {
    if (!heard_.empty() && (piece.at >= last_ + gap_ || heard_.size() >= most_heard)) judge_burst();
    if (heard_.empty()) heard_at_ = piece.at;
    heard_.insert(heard_.end(), piece.bytes.begin(), piece.bytes.end());
    last_ = piece.at;
    return;
  }
  judge_burst();
  say_silence(piece.at);
  auto words = frame_words(framing_, true, piece.bytes);
  asked_at_ = piece.at;
  asked_ = open_ = true;
  asked_unit_ = words ? words->unit : "";
  request_ = piece.bytes;
  add(TraceLine::Kind::request, piece.at, piece.bytes, words.value_or(FrameWords{}));
  if (!words) {
    lines_.back().en = "a request in no protocol that is known";
    lines_.back().zh = "无法识别的请求";
  }
}

std::vector<TraceLine> TraceReader::lines(Ticks now) {
  if (!heard_.empty() && now >= last_ + gap_) judge_burst();
  if (open_ && heard_.empty() && now >= asked_at_ + timeout_) say_silence(now);
  return std::exchange(lines_, {});
}

std::chrono::milliseconds TraceReader::since_request(Ticks at) const {
  if (!asked_) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(at - asked_at_);
}

void TraceReader::add(TraceLine::Kind kind, Ticks at, ByteView bytes, const FrameWords& words) {
  lines_.push_back({kind, at,
                    kind == TraceLine::Kind::request ? std::chrono::milliseconds{} : since_request(at),
                    words.unit, words.en, words.zh, Bytes(bytes.begin(), bytes.end())});
}

void TraceReader::judge_burst() {
  const auto heard = std::exchange(heard_, {});
  ByteView left(heard);
  const bool echoed = open_ && !request_.empty() && left.size() >= request_.size() &&
                      std::equal(request_.begin(), request_.end(), left.begin());
  if (echoed) {
    add(TraceLine::Kind::echo, heard_at_, left.first(request_.size()),
        {FrameWords::Kind::request, asked_unit_, "our own request came back (the adapter hears itself)",
         "收到自己的请求（转换器回波）", 0});
    left = left.subspan(request_.size());
    request_.clear();
  }
  if (!left.empty()) open_ = false;
  while (!left.empty()) {
    const auto words = frame_words(framing_, false, left);
    if (!words) break;
    auto kind = TraceLine::Kind::reply;
    if (words->kind == FrameWords::Kind::exception) kind = TraceLine::Kind::exception;
    if (words->kind == FrameWords::Kind::request) kind = TraceLine::Kind::foreign;
    add(kind, heard_at_, left.first(words->bytes), *words);
    left = left.subspan(words->bytes);
  }
  if (left.empty()) return;
  const auto count = std::to_string(left.size());
  add(TraceLine::Kind::garbage, heard_at_, left,
      {FrameWords::Kind::reply, "", count + " bytes that make no frame: noise, a cut reply, or another speed",
       count + " 字节不成帧：干扰、残缺应答或波特率不符", 0});
}

void TraceReader::say_silence(Ticks now) {
  if (!std::exchange(open_, false)) return;
  const auto waited = std::to_string(since_request(now).count());
  add(TraceLine::Kind::silence, now, {},
      {FrameWords::Kind::reply, asked_unit_, "no reply in " + waited + " ms", waited + " 毫秒内无应答", 0});
}

}  // namespace steward
