#pragma once
#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/prometheus_text.hpp"

namespace steward {

/// What docs/formats/metrics.md and a page do not have in common: families whose names begin with `prefix`
/// and with none of `others`. A row of the document is | `name` | type | labels | text |.
inline std::vector<std::string> metrics_page_differences(const PrometheusPage& page, std::string_view prefix,
                                                         const std::vector<std::string_view>& others = {}) {
  const auto ours = [&](std::string_view name) {
    return name.starts_with(prefix) &&
           std::none_of(others.begin(), others.end(), [&](auto other) { return name.starts_with(other); });
  };
  std::map<std::string, std::string> documented;  // name → "| type | labels | text |"
  std::ifstream in(STEWARD_SOURCE_DIR "/docs/formats/metrics.md");
  for (std::string line; std::getline(in, line);) {
    const auto end = line.find("` ", 3);
    if (line.starts_with("| `") && end != std::string::npos && ours(line.substr(3, end - 3)))
      documented[line.substr(3, end - 3)] = line.substr(end + 2);
  }
  std::vector<std::string> found;
  for (const auto& [name, family] : page.families) {
    if (!ours(name)) continue;
    const auto row = documented.extract(name);
    std::string labels;  // of the first sample
    if (!family.samples.empty()) labels = family.samples.begin()->first;
    std::string keys;
    for (std::size_t at = 0; (at = labels.find("=\"", at)) != std::string::npos; ++at) {
      const auto from = labels.find_last_of("{,", at) + 1;
      keys += (keys.empty() ? "" : ", ") + labels.substr(from, at - from);
    }
    const auto expected =
        "| " + family.type + " | " + keys + (keys.empty() ? "| " : " | ") + family.help + " |";
    if (row.empty()) {
      found.push_back("not in the document: " + name + " " + expected);
    } else if (row.mapped() != expected) {
      found.push_back("the document has another type, labels or text: " + name + " " + expected);
    }
  }
  for (const auto& [name, row] : documented) found.push_back("not on the page: " + name);
  return found;
}

}  // namespace steward
