#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace steward::bench {

/// What repeated measurements of one thing came to.
struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
};

/// `samples`: at least one, any order.
Spread spread_of(std::vector<double> samples);

/// Seconds of steady time that one call of `work` takes.
double seconds_of(const std::function<void()>& work);

/// One thing measured in several rounds.
struct Row {
  std::string name;  // "encode", "raw memcpy"
  std::string unit;  // "ns/reading"
  std::vector<double> samples;
};

/// Measures several ways in turn, `rounds` times each, so that what the machine
/// does besides hits all alike; the first round warms up and is not counted.
/// Each `ways[i].second` returns one sample.
std::vector<Row> interleaved(int rounds, const std::string& unit,
                             const std::vector<std::pair<std::string, std::function<double()>>>& ways);

/// What a benchmark prints and how it ends.
///
/// Rows first, as they come: name, median, least and most. Then `finish` prints
/// a line per goal, `goal NAME/metric VALUE UNIT (OP GOAL) met|short`, and gives
/// main's exit status: 0 only if every goal is met.
class Report {
 public:
  /// `name`: the benchmark's, as in `./dev bench NAME`.
  explicit Report(std::string name) : name_(std::move(name)) {}

  void row(const Row& row);
  /// A line that helps to read the others (the machine, what was left out).
  void note(const std::string& text);
  void at_least(const std::string& metric, double value, const std::string& unit, double goal);
  void at_most(const std::string& metric, double value, const std::string& unit, double goal);

  [[nodiscard]] int finish() const;

 private:
  void add(const std::string& metric, double value, const std::string& unit, const char* op, double goal,
           bool met);

  std::string name_;
  std::vector<std::string> goals_;
  bool all_met_ = true;
};

}  // namespace steward::bench
