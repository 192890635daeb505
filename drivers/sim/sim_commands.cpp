#include "drivers/sim/sim_commands.hpp"

#include <algorithm>

#include "contract/text/instant_text.hpp"

namespace steward::sim {
namespace {

using std::chrono::sys_days;

/// The day `text` names, if the simulation covers it.
std::optional<sys_days> covered_day(const std::string& option, const std::string& text, Problems& problems) {
  const auto date = read_date(text);
  if (!date) {
    problems.push_back({option, 0, "\"" + text + "\" is not a date; write it as 2026-06-01",
                        "“" + text + "”不是日期；请写成 2026-06-01"});
    return std::nullopt;
  }
  const sys_days day{*date};
  if (day < first_day || day > last_day) {
    problems.push_back({option, 0, text + " is outside the simulated years; choose 2025-01-01 to 2031-01-01",
                        text + " 不在模拟年份内；请选 2025-01-01 至 2031-01-01"});
    return std::nullopt;
  }
  return day;
}

}  // namespace

void check_flats(int flats, Problems& problems) {
  if (flats >= least_flats && flats <= most_flats) return;
  const std::string range = std::to_string(least_flats) + " to " + std::to_string(most_flats);
  const std::string range_zh = std::to_string(least_flats) + " 至 " + std::to_string(most_flats);
  problems.push_back({"--units", 0, "cannot lay out " + std::to_string(flats) + " flats; choose " + range,
                      "无法生成 " + std::to_string(flats) + " 户；请选 " + range_zh});
}

bool is_wrong_usage(const Problems& problems) {
  return std::ranges::any_of(problems, [](const Problem& problem) {
    return problem.file.starts_with("--") && problem.file != "--dir";
  });
}

std::optional<EstateReport> write_estate(const EstateRequest& request, Problems& problems) {
  check_flats(request.estate.flats, problems);
  const auto from = covered_day("--from", request.from, problems);
  const auto to = covered_day("--to", request.to, problems);
  if (from && to && *from >= *to) {
    problems.push_back(
        {"--to", 0,
         request.to + " is not after --from " + request.from + "; a month is 2026-06-01 to 2026-07-01",
         request.to + " 不晚于 --from " + request.from + "；一个月应写 2026-06-01 至 2026-07-01"});
  }
  if (!problems.empty()) return std::nullopt;

  const EstateModel model(request.estate);
  const LedgerRange range{*from, *to};
  std::vector<NamedText> files = estate_files(model, range);
  for (NamedText& file : ledger_files(model, range)) files.push_back(std::move(file));
  if (request.with_readings) files.push_back(readings_file(model, range));
  if (const auto written = write_files(request.folder, files); !written) {
    problems.push_back({"--dir", 0, written.error().message, "无法写入文件夹：" + written.error().message});
    return std::nullopt;
  }
  EstateReport report{.units = model.plan().units.size(),
                      .meters = model.plan().meters.size(),
                      .pools = model.plan().pools.size(),
                      .midnights = static_cast<std::size_t>((*to - *from).count()) + 1};
  for (const NamedText& file : files) report.files.push_back(file.name);
  return report;
}

}  // namespace steward::sim
