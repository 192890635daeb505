#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"

namespace steward {

/// How urgent a finding is.
enum class Grade : std::uint8_t { ok, look, bad };
std::string_view word(Grade grade);

/// One line of the doctor's report.
struct Finding {
  Grade grade = Grade::ok;
  std::string subject;  // "line b1", "meter E-1", "broker"
  std::string en;       // what is so; and, unless ok, what to do next
  std::string zh;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// A serial line's device, as the file system shows it.
struct DeviceFacts {
  std::string line;
  std::string path;
  bool there = false;
  bool character_device = false;
  bool passing_name = false;        // /dev/ttyUSB0: another one after a replug
  std::vector<std::string> stable;  // paths that would not change
};

/// One meter as the daemon has it.
struct MeterHealth {
  std::string meter;
  std::string unit;
  std::string line;
  bool silent = false;
  bool latched = false;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  std::uint64_t garbled = 0;  // cut off too
  std::uint64_t late = 0;
  std::int64_t p99_ms = 0;
  std::string advice_en;  // empty: nothing to advise
  std::string advice_zh;
};

// Each judges one thing. Pure. Thread: any.

Finding judge_device(const DeviceFacts& device);
/// Below one failure in fifty exchanges a meter is well.
Finding judge_meter(const MeterHealth& meter);
Finding judge_clock(ClockTrust trust);
/// backlog: records the cloud has not signed for.
Finding judge_broker(bool connected, std::uint64_t backlog);
/// free, outbox: bytes.
Finding judge_disk(const std::string& folder, std::uint64_t free, std::uint64_t outbox);
/// left: until the certificate ends; nothing: it cannot be read.
Finding judge_certificate(const std::string& file, std::optional<std::chrono::hours> left);
Finding judge_daemon(bool running);

/// The worst of all.
Grade worst(const std::vector<Finding>& findings);

}  // namespace steward
