#include "kit/monitor/metrics.hpp"

#include <cassert>

namespace steward {
namespace {

/// Help texts escape \ and newline, label values the quote too.
std::string escaped(std::string_view text, bool quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quote && c == '"')) {
      out += {'\\', c};
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

MetricsPage& MetricsPage::family(const Metric& metric) {
  const bool fresh = begun_.insert(metric.name).second;
  assert(fresh);
  (void)fresh;
  name_ = metric.name;
  text_ += "# HELP " + std::string(name_) + " " + escaped(metric.help, false) + "\n# TYPE " +
           std::string(name_) + (metric.kind == Metric::Kind::counter ? " counter\n" : " gauge\n");
  return *this;
}

MetricsPage& MetricsPage::write(Labels labels, const std::string& value) {
  assert(!name_.empty());
  text_ += name_;
  char before = '{';
  for (const auto& [key, label] : labels) {
    text_ += before + std::string(key) + "=\"" + escaped(label, true) + "\"";
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_ += " " + value + "\n";
  return *this;
}

MetricsPage& MetricsPage::sample(Labels labels, std::int64_t value) {
  return write(labels, std::to_string(value));
}

MetricsPage& MetricsPage::sample(Labels labels, Milliseconds value) {
  const auto ms = value.count();
  const auto fraction = std::to_string(1000 + (ms < 0 ? -ms : ms) % 1000).substr(1);
  return write(labels, (ms < 0 && ms > -1000 ? "-" : "") + std::to_string(ms / 1000) + "." + fraction);
}

}  // namespace steward
