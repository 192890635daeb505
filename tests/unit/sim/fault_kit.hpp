#pragma once
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "drivers/modbus/frame.hpp"
#include "drivers/sim/fault_line.hpp"
#include "drivers/sim/modbus_answer.hpp"
#include "drivers/sim/modbus_device.hpp"

namespace steward::sim {

/// Units 1..9; every register says whose and which it is.
struct TellingSource : RegisterSource {
  Result<Words> registers(UnitAddress unit, RegisterSpan span) override {
    if (unit.value > 9) return Error{Fault::retry, "nobody"};
    Words words;
    for (std::uint32_t at = span.first; at < span.end(); ++at)
      words.push_back(static_cast<std::uint16_t>(unit.value * 1000U + at));
    return words;
  }
};

inline OpenRequest open_request(std::uint8_t unit, std::uint16_t first = 10, std::uint16_t count = 2,
                                Framing framing = Framing::rtu) {
  return {framing, 7, UnitAddress{unit}, {RegisterKind::holding, first, count}};
}

constexpr Speech speech_of(Framing framing) { return framing == Framing::mbap ? Speech::mbap : Speech::rtu; }

/// What came and when, in milliseconds of virtual time.
struct HeardAt {
  std::int64_t at_ms = 0;
  Bytes bytes;
  friend bool operator==(const HeardAt&, const HeardAt&) = default;
};

/// A line with faults in virtual time.
class VirtualLine {
 public:
  explicit VirtualLine(std::vector<FaultRule> rules, std::uint64_t seed = 1)
      : plan_(seed, std::move(rules)), line_(plan_) {}

  /// What is due before the request comes is heard first.
  void ask(const OpenRequest& open, std::int64_t at_ms) {
    hear(Ticks(Milliseconds(at_ms)));
    const Bytes request = encode_request(open);
    const ByteView body = body_of(speech_of(open.framing), request);
    line_.ask(
        speech_of(open.framing), request,
        [&](UnitAddress as) {
          Bytes asked(body.begin(), body.end());
          asked[0] = as.byte();
          return modbus_answer(source_, asked);
        },
        Ticks(Milliseconds(at_ms)));
  }
  /// Everything heard since the beginning, and all that is still to come.
  std::vector<HeardAt> rest() {
    hear(Ticks::max());
    return std::move(heard_);
  }

 private:
  void hear(Ticks before) {
    for (auto at = line_.next(); at && *at < before; at = line_.next()) {
      const auto at_ms = std::chrono::duration_cast<Milliseconds>(at->time_since_epoch()).count();
      heard_.push_back({at_ms, line_.take(*at)});
    }
  }

  std::vector<HeardAt> heard_;
  TellingSource source_;
  FaultPlan plan_;
  FaultLine line_;
};

/// The right reply's bytes.
inline Bytes right(const OpenRequest& open) {
  TellingSource source;
  const Bytes request = encode_request(open);
  const Speech speech = speech_of(open.framing);
  return wrapped(speech, request, *modbus_answer(source, body_of(speech, request)));
}

}  // namespace steward::sim
