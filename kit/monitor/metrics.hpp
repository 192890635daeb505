#pragma once
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "contract/nouns/clock.hpp"

namespace steward {

/// One name on /metrics. Counters end in `_total`, and the unit is the last word before that.
struct Metric {
  enum class Kind : std::uint8_t { gauge, counter };
  std::string_view name;
  Kind kind;
  std::string_view help;
};

/// A page in Prometheus' text format 0.0.4, written family by family: HELP, TYPE, samples.
/// Each family is begun once and has its samples right behind it (asserted). Pure.
class MetricsPage {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a family; its samples follow.
  MetricsPage& family(const Metric& metric);
  MetricsPage& sample(Labels labels, std::int64_t value);
  /// In seconds, with milliseconds behind the point; no float on the way.
  MetricsPage& sample(Labels labels, Milliseconds value);
  /// A family of one sample without labels.
  MetricsPage& single(const Metric& metric, std::int64_t value) { return family(metric).sample({}, value); }
  MetricsPage& single(const Metric& metric, Milliseconds value) { return family(metric).sample({}, value); }

  const std::string& text() const { return text_; }

  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  MetricsPage& write(Labels labels, const std::string& value);
  std::string text_;
  std::string_view name_;  // of the family in hand
  std::set<std::string_view> begun_;
};

}  // namespace steward
