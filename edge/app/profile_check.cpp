#include "edge/app/profile_check.hpp"

#include <algorithm>
#include <ostream>

#include "drivers/modbus/unit_plan.hpp"
#include "edge/app/load_site.hpp"
#include "edge/app/options.hpp"
#include "edge/poll/poll_plan.hpp"

namespace steward {
namespace {

struct Sentence {
  std::string en;
  std::string zh;
};

/// Adds to a report; line 0: the file as a whole, because a profile keeps no lines.
class Findings {
 public:
  explicit Findings(ProfileReport& report) : report_(report) {}

  void mistake(const Sentence& what) { add(report_.mistakes, what); }
  void doubt(const Sentence& what) { add(report_.doubts, what); }
  void guess(const Sentence& where, const std::string& text) {
    if (!text.empty()) add(report_.guesses, {where.en + ": " + text, where.zh + "：" + text});
  }
  /// What names no source is somebody's memory.
  void need_source(const Sentence& where, const std::string& source) {
    if (source.empty()) doubt({where.en + ": no source", where.zh + "：缺少来源"});
  }

 private:
  void add(Problems& list, const Sentence& what) { list.push_back({report_.file, 0, what.en, what.zh}); }
  ProfileReport& report_;
};

Sentence called(const ProfileChannel& channel) {
  return {"channel \"" + channel.name + "\"", "通道 \"" + channel.name + "\""};
}

std::string text_of(const RegisterSpan& span) {
  Dictionary one;
  one.claim(span);
  return one.text();
}

Sentence called(const ProfileItem& item) {
  return {"item " + text_of(item.span), "数据项 " + text_of(item.span)};
}

void list_guesses(const Profile& profile, Findings& findings) {
  findings.guess({"bus", "总线"}, profile.bus.guess);
  if (profile.bus.probe) findings.guess({"probe", "探询"}, profile.bus.probe->guess);
  if (profile.variant) findings.guess({"variant", "型号变体"}, profile.variant->guess);
  if (profile.clock) findings.guess({"clock", "时钟"}, profile.clock->guess);
  for (const auto& frozen : profile.frozen)
    findings.guess({"frozen " + frozen.name, "冻结数据 " + frozen.name}, frozen.guess);
  for (const auto& item : profile.items) findings.guess(called(item), item.guess);
  for (const auto& channel : profile.channels) findings.guess(called(channel), channel.guess);
}

void list_sources(const Profile& profile, Findings& findings) {
  findings.need_source({"bus", "总线"}, profile.bus.source);
  if (profile.bus.probe) findings.need_source({"probe", "探询"}, profile.bus.probe->source);
  if (profile.variant)
    findings.need_source({"variant", "型号变体"}, profile.variant->source + profile.variant->guess);
  if (profile.clock) findings.need_source({"clock", "时钟"}, profile.clock->source);
  for (const auto& frozen : profile.frozen)
    findings.need_source({"frozen " + frozen.name, "冻结数据 " + frozen.name}, frozen.source);
  for (const auto& channel : profile.channels)
    if (is_billed(channel) && channel.source == profile.source)
      findings.doubt({called(channel).en + " is billed and names no source of its own",
                      called(channel).zh + " 用于计费，但未注明自己的来源"});
}

void check_identity(const Profile& profile, Findings& findings) {
  if (!profile.bus.probe) {
    findings.doubt(
        {"no \"probe\": the planner will ask a canary", "没有 \"probe\"：将由计划器自选探测寄存器"});
  } else if (!profile.bus.probe->serial && profile.protocol == Protocol::modbus) {
    findings.doubt({"the probe has no serial number: it cannot tell two meters of this model apart",
                    "探询不含序列号：无法区分同型号的两只表"});
  }
  if (profile.variant && profile.variant->values.empty())
    findings.doubt({"nothing tells this variant from the others of \"" + profile.variant->of + "\"",
                    "无法自动区分 \"" + profile.variant->of + "\" 的各个变体"});
  const auto billed = std::any_of(profile.channels.begin(), profile.channels.end(), is_billed);
  if (!billed)
    findings.doubt({"no channel is billed: energy_import in wh, or volume in litre",
                    "没有计费通道：energy_import（wh）或 volume（litre）"});
}

bool forbidden(const Profile& profile, const RegisterSpan& span) {
  return std::any_of(profile.bus.forbidden.begin(), profile.bus.forbidden.end(),
                     [&](const RegisterSpan& bad) {
                       return bad.kind == span.kind && bad.first < span.end() && span.first < bad.end();
                     });
}

void check_plan(const Profile& profile, const UnitPlan& plan, Findings& findings) {
  for (const auto& block : plan.weak) {
    std::string names;
    for (const auto no : block.channels)
      names += (names.empty() ? "" : ", ") + profile.channels[no.value].name;
    const auto where = text_of(block.span) + " (" + names + ")";
    if (block.why == Weakness::no_count)
      findings.mistake(
          {"weak block " + where +
               ": no byte count is left for it, so it is never read; raise \"max_span\" if the maker allows "
               "it, or choose other \"counts\" for the probe",
           "弱读块 " + where +
               "：没有可用的字节数，不会被读取；请在厂家允许时调大 \"max_span\"，"
               "或为探询另选 \"counts\""});
    else
      findings.mistake(
          {"weak block " + where +
               ": no second byte count, so its values are never billed; raise \"max_span\" if the maker "
               "allows it, or choose other \"counts\" for the probe",
           "弱读块 " + where +
               "：没有第二个字节数，其数值不用于计费；请在厂家允许时调大 \"max_span\"，"
               "或为探询另选 \"counts\""});
  }
  if (!plan.probe.distinct)
    findings.mistake({"no two byte counts are left for a probe: nothing of this meter is ever billed",
                      "探询没有两个可用的字节数：该表的数值不用于计费"});
  for (const auto& span : plan.dictionary.entries())
    if (forbidden(profile, span))
      findings.mistake({"request " + text_of(span) + " touches forbidden registers",
                        "读取 " + text_of(span) + " 触及禁读寄存器"});
  for (const auto& list : plan.reads)
    for (const auto& read : list)
      for (const auto& probe : plan.probe.spans)
        if (tag_of(read.span) == tag_of(probe))
          findings.mistake({"request " + text_of(read.span) + " has a byte count of the probe's",
                            "读取 " + text_of(read.span) + " 与探询的字节数相同"});
}

void plan_profile(const Profile& profile, ProfileReport& report, Findings& findings) {
  ChannelSelection billed;
  for (const auto& channel : profile.channels)
    if (is_billed(channel)) billed.push_back(channel.no);
  std::vector<ChannelSelection> selections{all_channels(profile)};
  if (!billed.empty()) selections.push_back(billed);
  LineFormat format;
  format.baud = profile.bus.baud;
  format.parity = parity_of(profile.bus.parity).value_or(Parity::none);
  format.stop_bits = profile.bus.stop_bits;
  const auto cost = line_read_cost(profile.protocol, format);
  const auto plan = plan_unit(profile, selections, cost);
  check_plan(profile, plan, findings);
  report.requests = plan.reads[0].size();
  report.dictionary = plan.dictionary.text();
  for (const auto& read : plan.reads[0])
    report.wire_us += cost.per_request_us + cost.per_word_us * read.span.words();
  for (const auto& read : plan_reads(profile, selections[0], cost))
    report.ideal_us += cost.per_request_us + cost.per_word_us * read.span.words();
}

/// "drivers/profiles/abb-b23.json" -> "abb-b23"
std::string stem_of(const std::string& file) {
  const auto slash = file.find_last_of('/');
  auto name = slash == std::string::npos ? file : file.substr(slash + 1);
  if (name.ends_with(".json")) name.resize(name.size() - 5);
  return name;
}

Json list_json(const Problems& problems) {
  Json list = Json::array();
  for (const auto& one : problems)
    list.push(
        Json::object().set("line", static_cast<std::int64_t>(one.line)).set("en", one.en).set("zh", one.zh));
  return list;
}

void print_list(const Problems& problems, std::string_view en, std::string_view zh, std::string& text) {
  for (const auto& one : problems) {
    const auto where = one.file + (one.line == 0 ? "" : ":" + std::to_string(one.line)) + ": ";
    text += where + std::string(en) + ": " + one.en + "\n";
    text += where + std::string(zh) + "：" + one.zh + "\n";
  }
}

}  // namespace

ProfileReport check_profile(const std::string& file, std::string_view text) {
  ProfileReport report;
  report.file = file;
  const auto profile = read_profile(file, text, Digest{}, report.mistakes);
  if (!profile) return report;
  Findings findings(report);
  report.profile = profile->id.text;
  report.channels = profile->channels.size();
  report.captures = profile->captures.size();
  report.captures_seen = static_cast<std::size_t>(std::count_if(
      profile->captures.begin(), profile->captures.end(), [](const Capture& one) { return !one.guess; }));
  const auto name = profile->id.text.substr(0, profile->id.text.find('/'));
  if (stem_of(file) != name)
    findings.mistake({"the file must be called " + name + ".json", "文件名应为 " + name + ".json"});
  if (report.captures_seen == 0)
    findings.doubt({"no capture was seen on a device: all are worked out", "没有实测报文：全部为推算"});
  list_sources(*profile, findings);
  check_identity(*profile, findings);
  plan_profile(*profile, report, findings);
  list_guesses(*profile, findings);
  return report;
}

std::string print_report(const ProfileReport& report) {
  std::string text;
  print_list(report.mistakes, "mistake", "错误", text);
  print_list(report.doubts, "doubt", "存疑", text);
  print_list(report.guesses, "guess", "推测", text);
  if (report.profile.empty()) return text;
  const auto count = [](std::size_t number) { return std::to_string(number); };
  const auto wire = std::to_string(report.wire_us / 1000);
  const auto ideal = std::to_string(report.ideal_us / 1000);
  text += report.file + ": " + report.profile + ", " + count(report.channels) + " channels in " +
          count(report.requests) + " requests, " + wire + " ms of wire (" + ideal +
          " if byte counts could repeat); " + count(report.captures) + " captures hold, " +
          count(report.captures_seen) + " of them seen; requests " + report.dictionary + "\n";
  text += report.file + "：" + report.profile + "，" + count(report.channels) + " 个通道，" +
          count(report.requests) + " 次读取，线上 " + wire + " 毫秒（不限字节数时 " + ideal + "）；" +
          count(report.captures) + " 条报文成立，其中实测 " + count(report.captures_seen) + " 条\n";
  return text;
}

Json report_json(const ProfileReport& report) {
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  return Json::object()
      .set("file", report.file)
      .set("ok", report.mistakes.empty())
      .set("profile", report.profile)
      .set("channels", number(report.channels))
      .set("requests", number(report.requests))
      .set("wire_us", report.wire_us)
      .set("ideal_us", report.ideal_us)
      .set("dictionary", report.dictionary)
      .set("captures", number(report.captures))
      .set("captures_seen", number(report.captures_seen))
      .set("mistakes", list_json(report.mistakes))
      .set("doubts", list_json(report.doubts))
      .set("guesses", list_json(report.guesses));
}

int run_profile_check(const std::vector<std::string>& files, bool json, std::ostream& out) {
  Json reports = Json::array();
  int code = exit_ok;
  for (const auto& file : files) {
    ProfileReport report;
    report.file = file;
    const auto text = read_text_file(file, max_profile_bytes);
    if (text) {
      report = check_profile(file, *text);
      if (!report.mistakes.empty()) code = std::max(code, exit_failed);
    } else {
      report.mistakes.push_back({file, 0, text.error().message, "无法读取：" + text.error().message});
      code = exit_bad_config;
    }
    if (json)
      reports.push(report_json(report));
    else
      out << print_report(report);
  }
  if (json)
    out << Json::object().set("ok", code == exit_ok).set("profiles", std::move(reports)).dump() << "\n";
  return code;
}

}  // namespace steward
