#include "tests/bench/goal.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace steward::bench {
namespace {

/// Four significant digits, without an exponent: 0.1234, 12.34, 123456.
std::string number(double value) {
  char text[64];
  const double size = value < 0 ? -value : value;
  const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

Spread spread_of(std::vector<double> samples) {
  assert(!samples.empty());
  std::ranges::sort(samples);
  const auto middle = samples.size() / 2;
  const double median =
      samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  return {samples.front(), median, samples.back()};
}

double seconds_of(const std::function<void()>& work) {
  const auto from = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

std::vector<Row> interleaved(int rounds, const std::string& unit,
                             const std::vector<std::pair<std::string, std::function<double()>>>& ways) {
  std::vector<Row> rows;
  for (const auto& [name, measure] : ways) rows.push_back({name, unit, {}});
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const double sample = ways[i].second();
      if (round > 0) rows[i].samples.push_back(sample);
    }
  }
  return rows;
}

void Report::row(const Row& row) {
  const auto spread = spread_of(row.samples);
  std::printf("%-32s median %s %s, %s to %s, %zu rounds\n", row.name.c_str(), number(spread.median).c_str(),
              row.unit.c_str(), number(spread.least).c_str(), number(spread.most).c_str(),
              row.samples.size());
  std::fflush(stdout);
}

void Report::note(const std::string& text) { std::printf("%s\n", text.c_str()); }

void Report::at_least(const std::string& metric, double value, const std::string& unit, double goal) {
  add(metric, value, unit, ">=", goal, value >= goal);
}

void Report::at_most(const std::string& metric, double value, const std::string& unit, double goal) {
  add(metric, value, unit, "<=", goal, value <= goal);
}

void Report::add(const std::string& metric, double value, const std::string& unit, const char* op,
                 double goal, bool met) {
  goals_.push_back("goal " + name_ + "/" + metric + " " + number(value) + " " + unit + " (" + op + " " +
                   number(goal) + ") " + (met ? "met" : "short"));
  all_met_ = all_met_ && met;
}

int Report::finish() const {
  for (const auto& goal : goals_) std::printf("%s\n", goal.c_str());
  return all_met_ && !goals_.empty() ? 0 : 1;
}

}  // namespace steward::bench
