#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "contract/text/csv.hpp"
#include "contract/text/unit_text.hpp"
#include "edge/site/read_site.hpp"

namespace steward {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

/// One row after another becomes a meter, or problems.
class MeterReader {
 public:
  MeterReader(std::string_view file, const SiteSetup& setup, std::span<const KnownProfile> profiles,
              Problems& problems)
      : file_(file), problems_(problems), buses_(setup.buses), profiles_(profiles) {
    for (const auto& profile : profiles) profile_words_.push_back(profile.id.text);
    for (const auto& bus : setup.buses) bus_words_.push_back(bus.bus.text);
  }

  /// The meter in `row`; what is wrong with it is reported, and it is given all the same.
  MeterSetup read(const CsvTable& table, const CsvRow& row) {
    line_ = row.line;
    MeterSetup meter;
    meter.file_line = {row.line};
    meter.meter = MeterId(std::string(table.field(row, "meter")));
    meter.profile = ProfileId(std::string(table.field(row, "profile")));
    meter.bus = BusId(std::string(table.field(row, "bus")));
    meter.name = std::string(table.field(row, "name"));
    meter.serial = std::string(table.field(row, "serial"));
    check_serial(meter.serial);
    check_meter(meter.meter);
    check_known(meter.profile.text, profile_words_, "profile", "表型", "the profile folder has",
                "表型目录中有");
    const bool bus_known =
        check_known(meter.bus.text, bus_words_, "bus", "总线", "the config has", "配置中有");
    const auto profile = std::find_if(profiles_.begin(), profiles_.end(),
                                      [&](const KnownProfile& known) { return known.id == meter.profile; });
    const auto* known = profile == profiles_.end() ? nullptr : &*profile;
    const auto unit = read_unit(table.field(row, "unit"), known);
    if (unit) meter.unit = *unit;
    if (known != nullptr && bus_known) check_line(meter, *known);
    if (unit && bus_known) check_address(meter);
    return meter;
  }

 private:
  void report(std::string en, std::string zh) {
    problems_.push_back({std::string(file_), line_, std::move(en), std::move(zh)});
  }

  void check_meter(const MeterId& meter) {
    if (meter.text.empty() || meter.text.size() > 64) {
      report("\"meter\" must be the serial plate, 1 to 64 bytes", "\"meter\" 应为表号，1 至 64 字节");
      return;
    }
    const auto [at, fresh] = meters_.emplace(meter.text, line_);
    if (fresh) return;
    const auto first = std::to_string(at->second);
    report("meter " + quoted(meter.text) + " stands here a second time (first on line " + first +
               "); take one of the rows out",
           "电表或水表 " + quoted(meter.text) + " 在此重复出现（首次在第 " + first + " 行）；请删除其中一行");
  }

  void check_serial(const std::string& serial) {
    const bool plain = std::all_of(serial.begin(), serial.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (serial.size() <= 32 && plain) return;
    report(
        "serial " + quoted(serial) + " is none a meter can report; at most 32 letters and digits, or empty",
        "序列号 " + quoted(serial) + " 无效；应为表通过总线上报的内容，最多 32 个字母数字，或留空");
  }

  bool check_known(std::string_view word, const std::vector<std::string_view>& known, std::string_view en,
                   std::string_view zh, std::string_view have_en, std::string_view have_zh) {
    if (std::find(known.begin(), known.end(), word) != known.end()) return true;
    const auto meant = nearest(word, known);
    std::string right_en;
    std::string right_zh;
    if (!meant.empty()) {
      right_en = "did you mean " + quoted(meant) + "?";
      right_zh = "是否想写 " + quoted(meant) + "？";
    } else if (known.empty()) {
      right_en = std::string(have_en) + " none";
      right_zh = std::string(have_zh) + "：无";
    } else {
      constexpr std::size_t shown = 8;
      right_en = std::string(have_en) + " ";
      right_zh = std::string(have_zh) + "：";
      for (std::size_t at = 0; at < std::min(shown, known.size()); ++at) {
        right_en += (at > 0 ? ", " : "") + std::string(known[at]);
        right_zh += (at > 0 ? "、" : "") + std::string(known[at]);
      }
      if (known.size() > shown) {
        right_en += ", ...";
        right_zh += "……";
      }
    }
    report("unknown " + std::string(en) + " " + quoted(word) + "; " + right_en,
           "未知的" + std::string(zh) + " " + quoted(word) + "；" + right_zh);
    return false;
  }

  /// known: nullptr where the profile is not: then any protocol's address will do.
  std::optional<UnitAddress> read_unit(std::string_view text, const KnownProfile* known) {
    for (const auto protocol : {Protocol::modbus, Protocol::dlt645, Protocol::cjt188}) {
      if (known != nullptr && known->protocol != protocol) continue;
      if (const auto unit = read_unit_text(protocol, text)) return unit;
    }
    switch (known == nullptr ? Protocol::modbus : known->protocol) {
      case Protocol::modbus:
        // Modbus over serial line V1.02, 2.2: 1..247; 0 is broadcast, 248..255 are reserved.
        report("unit " + quoted(text) + " is not a Modbus address; it must be 1 to 247",
               "从站地址 " + quoted(text) + " 无效；应为 1 至 247");
        break;
      case Protocol::dlt645:
        report("unit " + quoted(text) +
                   " is not a DL/T 645 address; it must be the 12 digits on the meter, leading zeros too",
               "表地址 " + quoted(text) + " 无效；DL/T 645 表应为表上的 12 位数字（含前导零）");
        break;
      case Protocol::cjt188:
        report("unit " + quoted(text) +
                   " is not a CJ/T 188 address; it must be the type and the 14 digits, like "
                   "\"10:00000000000012\" for a cold water meter",
               "表地址 " + quoted(text) +
                   " 无效；CJ/T 188 表应为类型加 14 位数字，如冷水表 \"10:00000000000012\"");
        break;
    }
    return std::nullopt;
  }

  /// A Chinese meter is reached by a serial line of its own parity, or by a server that passes its bytes.
  void check_line(const MeterSetup& meter, const KnownProfile& known) {
    if (known.protocol == Protocol::modbus) return;
    const auto bus =
        std::find_if(buses_.begin(), buses_.end(), [&](const BusSetup& one) { return one.bus == meter.bus; });
    const auto word = std::string(protocol_word(known.protocol));
    if (bus->kind == BusKind::modbus_rtu_over_tcp) return;  // its parity is set in the server
    if (bus->kind != BusKind::modbus_rtu) {
      report("meter " + quoted(meter.meter.text) + " speaks " + word + ", which bus " +
                 quoted(meter.bus.text) +
                 " does not carry; it needs a bus of kind \"serial\" or "
                 "\"modbus_rtu_over_tcp\"",
             "表 " + quoted(meter.meter.text) + " 使用 " + word + " 协议，总线 " + quoted(meter.bus.text) +
                 " 不支持；请使用 \"serial\" 或 \"modbus_rtu_over_tcp\" 类型的总线");
    } else if (bus->line.parity != known.parity) {
      constexpr std::string_view words[] = {"none", "even", "odd"};
      const auto is = std::string(words[static_cast<std::size_t>(bus->line.parity)]);
      const auto right = std::string(words[static_cast<std::size_t>(known.parity)]);
      report("meter " + quoted(meter.meter.text) + " (" + word + ") sends with " + right + " parity, bus " +
                 quoted(meter.bus.text) + " is set to " + is + "; set the bus to " + right +
                 ", and move what cannot follow to another line",
             "表 " + quoted(meter.meter.text) + "（" + word + "）的校验为 " + right + "，而总线 " +
                 quoted(meter.bus.text) + " 为 " + is + "；请将总线改为 " + right +
                 "，不能更改的表移至其他线路");
    }
  }

  void check_address(const MeterSetup& meter) {
    const auto [at, fresh] =
        addresses_.emplace(std::pair{meter.bus.text, meter.unit}, Taken{meter.meter.text, line_});
    if (fresh) return;
    const auto unit = unit_text(meter.unit);
    const auto first = std::to_string(at->second.line);
    report("meters " + quoted(at->second.meter) + " (line " + first + ") and " + quoted(meter.meter.text) +
               " are both at unit " + unit + " of bus " + quoted(meter.bus.text) +
               "; two meters at one address would answer at once: give one of them another address",
           "表 " + quoted(at->second.meter) + "（第 " + first + " 行）与 " + quoted(meter.meter.text) +
               " 同在总线 " + quoted(meter.bus.text) + " 的地址 " + unit +
               "；同一地址的两块表会同时应答，请为其中一块改用其他地址");
  }

  struct Taken {
    std::string meter;
    std::uint32_t line = 0;
  };

  std::string_view file_;
  Problems& problems_;
  std::uint32_t line_ = 0;
  std::span<const BusSetup> buses_;
  std::span<const KnownProfile> profiles_;
  std::vector<std::string_view> profile_words_;
  std::vector<std::string_view> bus_words_;
  std::map<std::string, std::uint32_t> meters_;
  std::map<std::pair<std::string, UnitAddress>, Taken> addresses_;
};

}  // namespace

void read_meter_list(std::string_view file, std::string_view text, std::span<const KnownProfile> profiles,
                     SiteSetup& setup, Problems& problems) {
  static constexpr std::string_view required[] = {"meter", "profile", "bus", "unit"};
  static constexpr std::string_view optional[] = {"name", "serial"};
  CsvLimits limits;
  limits.bytes = 4 * 1024 * 1024;
  limits.rows = max_meters;
  limits.columns = std::size(required) + std::size(optional);
  limits.field_bytes = 256;
  const auto before = problems.size();
  const auto table = read_csv(file, text, required, optional, problems, limits);
  const bool sound = std::all_of(std::begin(required), std::end(required),
                                 [&](std::string_view column) { return table.has(column); });
  if (!sound) return;  // the missing columns are reported; every row would repeat it
  MeterReader reader(file, setup, profiles, problems);
  for (const auto& row : table.rows) setup.meters.push_back(reader.read(table, row));
  if (table.rows.empty() && problems.size() == before) {
    problems.push_back({std::string(file), 0, "the meter list has no meters; write one row per meter",
                        "表清单中没有表；请每块表写一行"});
  }
}

}  // namespace steward
