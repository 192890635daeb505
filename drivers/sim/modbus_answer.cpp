#include "drivers/sim/modbus_answer.hpp"

#include <cassert>

#include "drivers/modbus/frame.hpp"

namespace steward {
namespace {

constexpr std::size_t read_request_bytes = 6;  // unit, function, first, count

Bytes exception(ByteView request, std::uint8_t code) {
  return {request[0], static_cast<std::uint8_t>(request[1] | 0x80U), code};
}

std::uint16_t get16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

std::optional<Bytes> refused(ByteView request, Fault fault) {
  switch (fault) {
    case Fault::retry: return std::nullopt;
    case Fault::unsupported: return exception(request, 0x02);
    case Fault::malformed: return exception(request, 0x03);
    case Fault::full: return exception(request, 0x06);
    case Fault::implausible:
    case Fault::refused:
    case Fault::broken: break;
  }
  return exception(request, 0x04);
}

}  // namespace

std::optional<Bytes> modbus_answer(RegisterSource& source, ByteView request) {
  if (request.size() < 2 || request[0] == 0) return std::nullopt;  // 0: broadcast, nobody answers
  const UnitAddress unit{request[0]};
  const std::uint8_t function = request[1];
  if (function != 3 && function != 4) {
    const auto lives = source.registers(unit, {RegisterKind::holding, 0, 1});
    if (!lives && lives.error().fault == Fault::retry) return std::nullopt;
    return exception(request, 0x01);
  }
  if (request.size() != read_request_bytes) return exception(request, 0x03);
  const RegisterSpan span{static_cast<RegisterKind>(function), get16(request, 2), get16(request, 4)};
  if (span.count == 0 || span.count > max_span_words) return refused(request, Fault::malformed);
  if (span.end() > 0x10000) return refused(request, Fault::unsupported);
  const auto words = source.registers(unit, span);
  if (!words) return refused(request, words.error().fault);
  assert(words->size() == span.count);
  Bytes answer{request[0], function, static_cast<std::uint8_t>(2 * span.count)};
  for (const std::uint16_t word : *words) {
    answer.push_back(static_cast<std::uint8_t>(word >> 8));
    answer.push_back(static_cast<std::uint8_t>(word & 0xFF));
  }
  return answer;
}

Bytes rtu_answer(RegisterSource& source, ByteView heard) {
  if (heard.size() < 4) return {};
  const ByteView body = heard.first(heard.size() - 2);
  const auto sent = static_cast<std::uint16_t>(heard[body.size()] | (heard[body.size() + 1] << 8));
  if (crc16(body) != sent) return {};
  auto frame = modbus_answer(source, body);
  if (!frame) return {};
  const std::uint16_t crc = crc16(*frame);
  frame->push_back(static_cast<std::uint8_t>(crc & 0xFF));
  frame->push_back(static_cast<std::uint8_t>(crc >> 8));
  return *frame;
}

Bytes no_answer_exception(ByteView request) { return exception(request, 0x0B); }

}  // namespace steward
