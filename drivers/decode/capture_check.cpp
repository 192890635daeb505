#include "drivers/decode/capture_check.hpp"

#include <cassert>
#include <span>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/decode.hpp"
#include "drivers/decode/identity.hpp"

namespace steward {
namespace {

std::string said(std::int64_t value, Quality quality, Reason reason) {
  std::string text = std::to_string(value);
  if (quality != Quality::good) text += " " + std::string(word(quality)) + "/" + std::string(word(reason));
  return text;
}

/// The capture's words at `span`; nothing when it does not hold them. offset: of an item's field.
std::optional<Words> words_at(const Capture& capture, const RegisterSpan& span, std::uint16_t offset = 0) {
  if (!capture.span.holds(span)) return std::nullopt;
  if (!span.is_item()) offset = static_cast<std::uint16_t>(span.first - capture.span.first);
  return cut(capture.words, span, offset);
}

/// What a capture says of the device itself: its serial number, its clock.
void check_text(const Sentence& what, std::uint32_t line, std::string_view name, const std::string& expected,
                const std::optional<std::string>& got, ProfileFields& fields) {
  if (expected.empty() || got == expected) return;
  const auto is = got ? "\"" + *got + "\"" : std::string("nothing");
  const auto key = "\"" + std::string(name) + "\" ";
  fields.problem(line, what,
                 {key + "decodes to " + is + ", expected \"" + expected + "\"",
                  key + "解码为 " + is + "，期望 \"" + expected + "\""});
}

void check_device(const Profile& profile, const Capture& capture, const Sentence& what, std::uint32_t line,
                  ProfileFields& fields) {
  const auto& probe = profile.bus.probe;
  std::optional<std::string> serial;
  if (probe && probe->serial)
    if (const auto words = words_at(capture, probe->serial->span))
      serial = serial_text(*probe->serial, *words);
  check_text(what, line, "serial", capture.serial, serial, fields);
  std::optional<std::string> clock;
  if (profile.clock)
    if (const auto words = words_at(capture, profile.clock->span, profile.clock->offset))
      if (const auto time = device_time(*profile.clock, *words)) clock = time->text();
  check_text(what, line, "clock", capture.clock, clock, fields);
}

}  // namespace

void check_captures(const Profile& profile, const std::vector<std::uint32_t>& lines, ProfileFields& fields) {
  assert(lines.size() == profile.captures.size());
  for (std::size_t at = 0; at < profile.captures.size(); ++at) {
    const Capture& capture = profile.captures[at];
    const Sentence what{"capture \"" + capture.note + "\"", "报文 \"" + capture.note + "\""};
    check_device(profile, capture, what, lines[at], fields);
    for (const Expectation& expected : capture.expect) {
      const ProfileChannel& channel = profile.channels[expected.channel.value];
      const auto words = words_at(capture, channel.span, channel.offset);
      if (!words) {
        fields.problem(lines[at], what,
                       {"does not hold the registers of \"" + channel.name + "\"",
                        "不包含通道 \"" + channel.name + "\" 的寄存器"});
        continue;
      }
      const Decoded got = decode(channel, *words);
      if (got == Decoded{expected.value, expected.quality, expected.reason}) continue;
      const auto is = said(got.value, got.quality, got.reason);
      const auto should = said(expected.value, expected.quality, expected.reason);
      fields.problem(lines[at], what,
                     {"\"" + channel.name + "\" decodes to " + is + ", expected " + should,
                      "\"" + channel.name + "\" 解码为 " + is + "，期望 " + should});
    }
  }
}

}  // namespace steward
