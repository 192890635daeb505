#include "edge/app/meter_verb.hpp"

#include <algorithm>

#include "contract/text/csv.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"

namespace steward {
namespace {

using Kind = MeterEventKind;

constexpr std::size_t decimals = 3;
constexpr std::int64_t most_register = std::int64_t{1} << 50U;
/// From a look at the dial to the verb: what it can have counted on meanwhile is no contradiction.
constexpr std::chrono::minutes since_the_look{30};

std::string dial(std::int64_t count) {
  auto digits = std::to_string(count);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  return digits.insert(digits.size() - decimals, ".");
}

/// One verb against what is known, problem by problem.
class Planner {
 public:
  Planner(const MeterRequest& request, const MeterFacts& facts, Problems& problems)
      : request_(request), facts_(facts), problems_(problems) {}

  MeterEvent event() {
    MeterEvent event{request_.kind, request_.meter, {}, facts_.now};
    event.by = request_.by;
    event.why = request_.why;
    if (request_.by.empty() || request_.by.size() > meter_event_limit::by) {
      say("--by must say who did it, in 1 to 32 bytes", "--by 应填写操作人，1 至 32 字节");
    }
    if (facts_.channel == nullptr) {
      if (facts_.listed)
        say("meter \"" + request_.meter.text + "\" has no billed channel", "该表没有计费通道");
      return event;
    }
    event.channel = facts_.channel->name;
    event.old_register = take("--final", request_.final_register);
    if (begins()) event.new_register = take("--initial", request_.initial_register);
    const auto known = finding();
    if (known && known->since && begins()) event.since = known->since;
    if (event.old_register) check_final(*event.old_register, known);
    if (event.new_register) check_initial(*event.new_register, known);
    if (facts_.fresh) check_fresh(event, known);
    if (request_.kind == Kind::ratio_change) take_ratios(event);
    if (request_.kind == Kind::exchange) event.new_meter = MeterId(request_.new_meter);
    return event;
  }

  void describe(MeterChange& change) const {
    if (facts_.fresh) {
      const auto read = dial(*facts_.fresh) + " (" + instant_text(facts_.now) + ")";
      change.compared_en = "with the register read now, " + read + seen_en_;
      change.compared_zh = "与刚读取的示数 " + read + " 核对" + seen_zh_;
      return;
    }
    change.compared_en = facts_.mark ? "with the last reading, " + dial(facts_.mark->value) + " of " +
                                           instant_text(facts_.mark->round_at)
                                     : std::string("with nothing: no reading of it is known");
    change.compared_zh = facts_.mark ? "与最近一次读数 " + dial(facts_.mark->value) + "（" +
                                           instant_text(facts_.mark->round_at) + "）核对"
                                     : std::string("未核对：没有该表的读数");
    if (facts_.unread.empty()) return;
    change.compared_en += "; it gives no value now: " + facts_.unread;
    change.compared_zh += "；现在读不到：" + facts_.unread;
  }

  void say(std::string en, std::string zh) {
    problems_.push_back({"meter", 0, std::move(en), std::move(zh)});
  }

 private:
  std::optional<std::int64_t> take(const std::string& option, const std::string& text) {
    const auto value = read_register(text);
    if (!value) {
      say(option +
              " must be the register as the dial shows it, in kWh or m³ with at most 3 decimals, such as "
              "1234.56",
          option + " 应为表盘读数，单位 kWh 或 m³，最多 3 位小数，例如 1234.56");
    }
    return value;
  }

  void take_ratios(MeterEvent& event) {
    event.old_ratio = read_ratio(request_.old_ratio);
    event.new_ratio = read_ratio(request_.new_ratio);
    if (event.old_ratio && event.new_ratio && event.old_ratio != event.new_ratio) return;
    say("the old and the new ratio must be two different numbers such as 40 or 3/2, each part 1 to 100000",
        "新旧倍率应为两个不同的数，例如 40 或 3/2，分子分母为 1 至 100000");
  }

  /// Two dials that are rounded to another digit differ by less than one step.
  std::int64_t slack() const { return std::max<std::int64_t>(facts_.channel->step, 10); }

  bool begins() const { return request_.kind == Kind::exchange || request_.kind == Kind::reset; }

  /// What the gateway found, or what the read of now says of the last reading.
  std::optional<MeterEvent> finding() const {
    if (facts_.finding || !facts_.mark || !facts_.fresh || !begins()) return facts_.finding;
    auto found = life_between(request_.meter, *facts_.channel, *facts_.mark, {*facts_.fresh, facts_.now});
    if (found && found->kind == Kind::rollover) found.reset();
    return found;
  }

  void check_final(std::int64_t value, const std::optional<MeterEvent>& finding) {
    auto mark = facts_.mark;
    if (finding && finding->old_register && finding->since) {
      mark = LifeMark{*finding->old_register, *finding->since};
    }
    if (!mark) return;
    const auto when = instant_text(mark->round_at);
    if (value + slack() <= mark->value) {
      say("--final " + dial(value) + " is below the register of " + when + ", " + dial(mark->value) +
              ": read the old meter's dial again, or is it another meter?",
          "--final " + dial(value) + " 低于 " + when + " 的读数 " + dial(mark->value) +
              "：请重新核对旧表表盘，或确认是否为该表");
    }
    const auto most = most_between(*facts_.channel, mark->round_at, facts_.now);
    if (most > 0 && value > mark->value + most + slack()) {
      say("--final " + dial(value) + " is more than " + dial(most) + " above the register of " + when + ", " +
              dial(mark->value) + ", and it cannot have risen so far: check the decimal point and the meter",
          "--final " + dial(value) + " 比 " + when + " 的读数 " + dial(mark->value) + " 高出超过 " +
              dial(most) + "，不可能走这么多：请核对小数点和表号");
    }
  }

  void check_initial(std::int64_t value, const std::optional<MeterEvent>& finding) {
    if (!finding || !finding->new_register) return;
    if (value <= *finding->new_register + slack()) return;
    say("--initial " + dial(value) + " is above what the meter showed at " + instant_text(finding->at) +
            ", " + dial(*finding->new_register) + ": read the new meter's dial again",
        "--initial " + dial(value) + " 高于 " + instant_text(finding->at) + " 的读数 " +
            dial(*finding->new_register) + "：请重新核对新表表盘");
  }

  /// Whether `dial` was on a dial that shows `fresh` now.
  bool fits(std::int64_t dial_value, std::int64_t fresh) const {
    const auto most = most_between(*facts_.channel, facts_.now - since_the_look, facts_.now);
    return dial_value <= fresh + slack() && dial_value + most + slack() >= fresh;
  }

  /// Whose register the read of now is, and whether it goes with what was written.
  void check_fresh(const MeterEvent& event, const std::optional<MeterEvent>& known) {
    const auto fresh = *facts_.fresh;
    const auto shows = dial(fresh);
    if (known && event.new_register) {
      seen_en_ = ": the new meter's";
      seen_zh_ = "（新表）";
      if (*event.new_register > fresh + slack())
        say("--initial " + dial(*event.new_register) + " is above what the meter shows now, " + shows +
                ": read the new meter's dial again",
            "--initial " + dial(*event.new_register) + " 高于该表现在的示数 " + shows +
                "：请重新核对新表表盘");
      return;
    }
    if (event.old_register && fits(*event.old_register, fresh)) {
      seen_en_ = begins() ? ": still the old meter's" : "";
      seen_zh_ = begins() ? "（仍是旧表）" : "";
      return;
    }
    if (event.new_register && fits(*event.new_register, fresh)) {
      seen_en_ = ": the new meter's";
      seen_zh_ = "（新表）";
      return;
    }
    if (!event.old_register || (begins() && !event.new_register)) return;  // that is said already
    say("the meter shows " + shows + " now, which goes with " +
            (begins() ? "neither --final " + dial(*event.old_register) + " nor --initial " +
                            dial(*event.new_register)
                      : "no --final " + dial(*event.old_register)) +
            ": read the dial again, and is it this meter?",
        "该表现在的示数为 " + shows + "，与" +
            (begins() ? " --final " + dial(*event.old_register) + " 和 --initial " +
                            dial(*event.new_register) + " 都不符"
                      : " --final " + dial(*event.old_register) + " 不符") +
            "：请重新核对表盘，并确认是否为该表");
  }

  const MeterRequest& request_;
  const MeterFacts& facts_;
  Problems& problems_;
  std::string seen_en_;  // whose register was read
  std::string seen_zh_;
};

/// The meter list with one row changed (fields by column name) or taken out. Rows are one line each: a quoted
/// line break would be moved.
std::optional<std::string> edited_list(std::string_view list, const MeterRequest& request, Planner& planner) {
  Problems not_ours;  // what is wrong with the list besides, load_site says
  constexpr std::string_view columns[] = {"meter", "profile", "bus", "unit", "name", "serial"};
  const auto whole = read_csv("meters", list, {}, columns, not_ours);
  const auto row = std::find_if(whole.rows.begin(), whole.rows.end(), [&](const CsvRow& one) {
    return whole.field(one, "meter") == request.meter.text;
  });
  if (row == whole.rows.end()) return std::nullopt;
  if (std::any_of(whole.rows.begin(), whole.rows.end(), [&](const CsvRow& one) {
        return request.kind == MeterEventKind::exchange && whole.field(one, "meter") == request.new_meter;
      })) {
    planner.say("meter \"" + request.new_meter + "\" is in the meter list already",
                "表 \"" + request.new_meter + "\" 已在表清单中");
    return std::nullopt;
  }
  std::string line;
  if (request.kind == MeterEventKind::exchange) {
    for (std::size_t at = 0; at < whole.header.size(); ++at) {
      const auto& name = whole.header[at];
      auto field = row->fields[at];
      if (name == "meter") field = request.new_meter;
      if (name == "profile" && !request.profile.empty()) field = request.profile;
      if (name == "unit" && !request.unit.empty()) field = request.unit;
      if (name == "serial") field = request.serial;
      line += (at == 0 ? "" : ",") + csv_field(field);
    }
    line += "\n";
  }
  std::size_t begin = 0;
  for (std::uint32_t number = 1; number < row->line; ++number) begin = list.find('\n', begin) + 1;
  const auto newline = list.find('\n', begin);
  const auto end = newline == std::string_view::npos ? list.size() : newline + 1;
  const auto old_line = list.substr(begin, end - begin);
  if (std::count(old_line.begin(), old_line.end(), '"') % 2 != 0) {
    planner.say("the meter's row goes over several lines; write it in one first",
                "该表的行跨多行；请先改为一行");
    return std::nullopt;
  }
  return std::string(list.substr(0, begin)) + line + std::string(list.substr(end));
}

}  // namespace

std::optional<std::int64_t> read_register(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto part = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || whole.size() > 12 || part.size() > decimals) return std::nullopt;
  if (point != std::string_view::npos && part.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : std::string(whole) + std::string(part) + std::string(decimals - part.size(), '0')) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value <= most_register ? std::optional(value) : std::nullopt;
}

std::optional<MeterChange> plan_meter_change(const MeterRequest& request, const MeterFacts& facts,
                                             std::string_view list, Problems& problems) {
  const auto before = problems.size();
  Planner planner(request, facts, problems);
  if (!facts.listed) {
    planner.say("the meter list has no meter \"" + request.meter.text + "\"",
                "表清单中没有表 \"" + request.meter.text + "\"");
  }
  MeterChange change{planner.event(), std::nullopt, std::nullopt, {}, {}};
  planner.describe(change);
  if (request.kind == Kind::exchange &&
      (request.new_meter.empty() || request.new_meter == request.meter.text)) {
    planner.say("the new meter must be named by its own serial plate", "应填写新表自己的表号");
  }
  const bool edits = request.kind == Kind::exchange || request.kind == Kind::removed;
  if (edits && facts.listed) change.list = edited_list(list, request, planner);
  if (problems.size() != before) return std::nullopt;
  if (const char* why = wrong_with(change.event); why != nullptr) {
    planner.say(why, std::string("内容不符合要求：") + why);
    return std::nullopt;
  }
  if (edits && !change.list) {
    planner.say("the meter's row was not found in the meter list's file; edit it by hand and restart",
                "在表清单文件中找不到该表；请手工修改后重启");
    return std::nullopt;
  }
  if (change.event.new_register && !edits) change.mark = LifeMark{*change.event.new_register, facts.now};
  if (request.kind == Kind::ratio_change) change.mark = facts.mark;
  return change;
}

}  // namespace steward
