#include "tests/fault/lying.hpp"

#include <algorithm>

#include "tests/fault/site.hpp"

namespace steward::fault {
namespace {

constexpr std::uint16_t shortest_block = 8;

}  // namespace

Sending Lying::on_wire(const Sending& sending) const {
  Sending wire = sending;
  if (wire.asked.span.is_item()) return item_on_wire(wire);
  auto& span = wire.asked.span;
  const bool probe = span.first == serial_register;
  if (probe) {
    if (removed_ == Removed::alternating_probe) span.count = probes[0].count;
  } else if (removed_ == Removed::dictionary) {
    span.count = shortest_block;
  } else if (removed_ == Removed::alternating_count) {
    span.count = sending.wanted;
  }
  return wire;
}

/// Gives a frame the length that the guard believes it asked for.
void Lying::rename(HeardFrame& frame, const Sending& open) const {
  if (frame.kind != HeardFrame::Kind::reply) return;
  if (frame.unit.protocol != Protocol::modbus) return rename_item(frame, open);
  const bool answers_open = frame.unit == open.asked.unit &&
                            frame.words.size() == on_wire(open).asked.span.count &&
                            frame.function == static_cast<std::uint8_t>(open.asked.span.kind);
  if (answers_open) {
    frame.words.resize(open.asked.span.count);
    frame.tag = tag_of(open.asked.span);
    return;
  }
  const auto asked = last_asked_.find({frame.unit, frame.words.size()});
  if (asked == last_asked_.end()) return;
  frame.words.resize(asked->second.count);
  frame.tag = register_tag(frame.function, frame.words.size());
}

/// SER 1 goes out as 0, SER 3 as 2, a meter's time is asked for as its date.
Sending Lying::item_on_wire(Sending wire) const {
  auto& span = wire.asked.span;
  const bool probe = span == probes_of(wire.asked.unit.protocol)[1];
  if (removed_ == Removed::alternating_probe && probe) span = probes_of(wire.asked.unit.protocol)[0];
  if (removed_ == Removed::alternating_count && !wire.identity && span.kind == RegisterKind::cjt188_item)
    span.first = span.item();
  return wire;
}

/// Gives a frame the identifier that the guard believes it asked for.
void Lying::rename_item(HeardFrame& frame, const Sending& open) const {
  const auto& asked = open.asked;
  const auto as = [&](const RegisterSpan& span, std::uint8_t sequence) {
    frame.tag = tag_of(span, sequence);
    frame.odd = span.count % 2 != 0;
    if (!in_two_frames(span.count)) frame.words.resize(span.words());
  };
  if (removed_ == Removed::dictionary && frame.unit == asked.unit && !open.identity &&
      !in_two_frames(asked.span.count)) {
    frame.more = false;
    return as(asked.span, 0);
  }
  const auto wire = on_wire(open).asked;
  if (frame.unit == asked.unit && frame.tag == tag_of(wire.span, wire.sequence)) {
    if (wire.span != asked.span) as(asked.span, asked.sequence);
    return;
  }
  const auto last = last_item_.find({frame.unit, static_cast<std::uint32_t>(frame.tag.value)});
  if (last != last_item_.end() && (frame.tag.value >> 40) == 0 && last->second.first != last->first.second)
    as(last->second, 0);
}

Heard Lying::hear(LineExchange& line, const LineCodec& codec, const Sending& sending, bool probing) {
  made_up_ = removed_ == Removed::identity_between && sending.identity && !probing;
  if (made_up_) {
    const auto& span = sending.asked.span;
    HeardFrame frame{.unit = sending.asked.unit, .function = static_cast<std::uint8_t>(span.kind)};
    frame.tag = tag_of(span);
    frame.words.resize(span.words());
    frame.odd = span.count % 2 != 0;
    Heard heard;
    heard.after.frames.push_back(std::move(frame));
    heard.went_out = true;
    heard.sent = heard.began = heard.ended = line.now();
    return heard;
  }
  const Sending wire = on_wire(sending);
  Heard heard = hear_line(line, codec, wire);
  if (removed_ == Removed::nothing) return heard;
  for (auto& stray : heard.before) {
    rename(stray.frame, sending);
    const auto sent = last_sent_.find(stray.frame.unit);
    if (removed_ == Removed::quarantine && sent != last_sent_.end()) stray.at = sent->second;
  }
  for (auto& frame : heard.after.frames) rename(frame, sending);
  last_asked_[{sending.asked.unit, wire.asked.span.words()}] = sending.asked.span;
  last_item_[{sending.asked.unit, wire.asked.span.first}] = sending.asked.span;
  last_sent_[sending.asked.unit] = heard.sent;
  return heard;
}

}  // namespace steward::fault
