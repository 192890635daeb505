#include <algorithm>
#include <numeric>
#include <vector>

#include "edge/site/read_site.hpp"

namespace steward {
namespace {

/// Letters to add, drop, change or swap with the next to get from `a` to `b` (Damerau 1964).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;  // the row above the last one
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0U : 1U)});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    before = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

/// What the enrolment folder holds (made by `steward-edge enrol`).
constexpr std::string_view enrolment_files[] = {"ca.pem", "gateway.pem", "block-key.pem", "cloud-key.pub.pem",
                                                "enrolment.json"};

class PathCheck {
 public:
  PathCheck(std::string_view file, const PathProbe& probe, Problems& problems)
      : file_(file), probe_(probe), problems_(problems) {}

  bool folder(const std::string& path, std::string_view key, std::string_view next_en,
              std::string_view next_zh) {
    if (path.empty()) return false;  // already reported as missing from the config
    if (probe_(path) == PathKind::folder) return true;
    report(0, "\"" + std::string(key) + "\": there is no folder " + path + "; " + std::string(next_en),
           "\"" + std::string(key) + "\"：没有目录 " + path + "；" + std::string(next_zh));
    return false;
  }
  void device(const SerialLine& line, std::string_view where, std::uint32_t file_line) {
    if (line.device.empty()) return;
    if (probe_(line.device) == PathKind::device) return;
    report(file_line,
           std::string(where) + ": there is no serial device " + line.device + "; is the adapter plugged in?",
           std::string(where) + "：没有串口设备 " + line.device + "；转换器是否已插好？");
  }
  PathKind probe(const std::string& path) const { return probe_(path); }
  void report(std::uint32_t line, std::string en, std::string zh) {
    problems_.push_back({std::string(file_), line, std::move(en), std::move(zh)});
  }

 private:
  std::string_view file_;
  const PathProbe& probe_;
  Problems& problems_;
};

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t longest = 64;  // what is longer was not mistyped
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > longest) return best;
  for (const auto candidate : known) {
    if (candidate.size() > longest) continue;
    const auto here = distance(word, candidate);
    if (here < best_distance) {
      best = candidate;
      best_distance = here;
    }
  }
  return best;
}

void check_paths(std::string_view file, const SiteSetup& setup, const PathProbe& probe, Problems& problems) {
  PathCheck check(file, probe, problems);
  if (check.folder(setup.enrolment, "enrolment", "make it with `steward-edge enrol request`",
                   "请用 `steward-edge enrol request` 生成")) {
    for (const auto name : enrolment_files) {
      const auto path = setup.enrolment + "/" + std::string(name);
      if (probe(path) == PathKind::file) continue;
      check.report(
          0,
          "the enrolment folder has no file " + path +
              "; finish with `steward-edge enrol accept FILE`, or begin anew with `steward-edge enrol "
              "request`",
          "入网目录缺少文件 " + path +
              "；请用 `steward-edge enrol accept 文件` 完成入网，或用 `steward-edge enrol request` 重新开始");
    }
  }
  check.folder(setup.profiles, "profiles", "name the folder with the meter profiles, or give --profiles",
               "请写表型所在目录，或用 --profiles 指定");
  if (!setup.data.empty()) {
    const auto kind = probe(setup.data);
    if (kind != PathKind::folder && kind != PathKind::missing) {
      check.report(
          0, "\"data\": " + setup.data + " is not a folder; name a folder (it is made if it is missing)",
          "\"data\"：" + setup.data + " 不是目录；请写目录名（没有时会自动建立）");
    }
  }
  if (!setup.meters_file.empty() && probe(setup.meters_file) != PathKind::file) {
    check.report(0, "\"meters\": there is no file " + setup.meters_file + "; it is the meter list (CSV)",
                 "\"meters\"：没有文件 " + setup.meters_file + "；它是表清单（CSV）");
  }
  for (const auto& bus : setup.buses) {
    if (bus.kind == BusKind::modbus_rtu)
      check.device(bus.line, "bus \"" + bus.bus.text + "\"", bus.file_line.number);
  }
  for (const auto& reader : setup.readers) {
    check.device(reader.line, "reader \"" + reader.reader.text + "\"", reader.file_line.number);
  }
}

std::string print(const Problem& problem) {
  const auto where = problem.line == 0 ? problem.file : problem.file + ":" + std::to_string(problem.line);
  return where + ": " + problem.en + "\n" + where + "：" + problem.zh;
}

}  // namespace steward
