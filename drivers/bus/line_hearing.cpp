#include "drivers/bus/line_hearing.hpp"

namespace steward {

Heard hear_line(LineExchange& line, const LineCodec& codec, const Sending& sending) {
  const Bytes request = codec.encode(sending.asked);
  const Ticks tried = line.now();
  auto reply = line.exchange(
      request, [&](ByteView so_far) { return codec.burst_length(sending.asked, request, so_far); },
      sending.reply_timeout);
  Heard heard;
  for (const auto& stray : line.take_strays()) {
    for (auto& frame : codec.read_burst({}, stray.bytes).frames)
      heard.before.push_back({std::move(frame), stray.at});
  }
  if (!reply) {
    heard.lost = std::move(reply.error());
    heard.sent = heard.began = tried;
    heard.ended = line.now();
    return heard;
  }
  heard.went_out = reply->went_out;
  heard.sent = reply->sent;
  heard.ended = reply->ended;
  heard.after = codec.read_burst(request, reply->burst);
  // An echo comes at once and says nothing of the unit's delay.
  heard.began = heard.after.echoed ? reply->last : reply->began;
  return heard;
}

}  // namespace steward
