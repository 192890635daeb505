#include "cloud/metering/life_words.hpp"

#include "contract/text/meter_event_text.hpp"

namespace steward {
namespace {

std::string quantity(std::int64_t count, Medium medium) {
  return grouped_decimal_text(count, 3) + " " + std::string(priced_unit(medium));
}

LifeWords kind_words(MeterEventKind kind) {
  switch (kind) {
    case MeterEventKind::exchange: return {"exchanged", "换表"};
    case MeterEventKind::rollover: return {"rolled over", "翻转"};
    case MeterEventKind::reset: return {"reset", "清零"};
    case MeterEventKind::fell: return {"went down, cause not known", "读数倒退，原因不明"};
    case MeterEventKind::ratio_change: return {"ratio changed", "倍率变更"};
    case MeterEventKind::serial_changed: return {"answers with another serial number", "序列号已变"};
    case MeterEventKind::sealed: return {"sealed", "封存"};
    case MeterEventKind::removed: return {"removed", "拆除"};
  }
  return {"", ""};
}

std::string number(std::int64_t no) { return std::to_string(no); }

}  // namespace

LifeWords event_words(const MeterEvent& event, Medium medium, UtcOffset offset) {
  const auto kind = kind_words(event.kind);
  const auto channel = event.channel.empty() ? std::string() : event.channel;
  auto when = text_of(event.at, offset);
  if (event.since) when = text_of(*event.since, offset) + " .. " + when;
  std::string what;
  if (event.old_register) what += ", " + quantity(*event.old_register, medium);
  if (event.new_register) what += " → " + quantity(*event.new_register, medium);
  if (!event.new_meter.text.empty()) what += ", " + event.meter.text + " → " + event.new_meter.text;
  if (!event.new_serial.empty()) what += ", " + event.old_serial + " → " + event.new_serial;
  if (event.old_ratio && event.new_ratio)
    what += ", ×" + ratio_text(*event.old_ratio) + " → ×" + ratio_text(*event.new_ratio);
  return {"meter " + event.meter.text + (channel.empty() ? "" : " (" + channel + ")") + " at " + when + ": " +
              kind.en + what,
          "表 " + event.meter.text + (channel.empty() ? "" : "（" + channel + "）") + " 于 " + when + "：" +
              kind.zh + what};
}

LifeWords open_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset) {
  const auto words = event_words(event, medium, offset);
  return {words.en + ", says its gateway (event " + number(no) +
              "), and nobody has said why; look at the meter, then `steward-cloud event confirm " +
              number(no) + "` if it is so, `event reject " + number(no) +
              "` if it is not; for an exchange `steward-edge meter exchange`, or a row in installs.csv",
          words.zh + "（网关事件 " + number(no) +
              "），尚无人说明原因；请现场核对，属实则执行 steward-cloud event confirm " + number(no) +
              "，不属实则 event reject " + number(no) +
              "；如系换表，请执行 steward-edge meter exchange 或在 installs.csv 中登记"};
}

LifeWords unreadable_words(const LifeEvent& event, UtcOffset offset) {
  const auto when = text_of(event.said.at, offset);
  return {"meter " + event.said.subject + " at " + when + ": its gateway says " + event.said.kind +
              " (event " + number(event.no) +
              "), in a form this program cannot read; update steward-cloud, or find out what it was, " +
              "add it to installs.csv and `steward-cloud event reject " + number(event.no) + "`",
          "表 " + event.said.subject + " 于 " + when + "：网关报告 " + event.said.kind + "（事件 " +
              number(event.no) +
              "），本程序无法读取；请升级 steward-cloud，或查明后在 installs.csv 中登记并执行 steward-cloud "
              "event reject " +
              number(event.no)};
}

LifeWords mismatch_words(std::int64_t no, const MeterEvent& event, Medium medium, const Install& stay,
                         const Install* next, UtcOffset offset) {
  const auto words = event_words(event, medium, offset);
  std::string says = stay.meter.text + " ×" + ratio_text({stay.multiplier_n, stay.multiplier_d});
  std::string says_zh = says;
  if (stay.to) {
    says += " until " + text_of(*stay.to) + (stay.closing ? " at " + quantity(*stay.closing, medium) : "");
    says_zh += " 至 " + text_of(*stay.to) + (stay.closing ? " 止码 " + quantity(*stay.closing, medium) : "");
  }
  if (next != nullptr) {
    const auto opening = next->opening ? quantity(*next->opening, medium) : std::string();
    says += ", then " + next->meter.text + (next->opening ? " from " + opening : "");
    says_zh += "，其后 " + next->meter.text + (next->opening ? " 起码 " + opening : "");
  }
  return {words.en + " (event " + number(no) + "), but installs.csv says " + says +
              "; find out which is true: correct installs.csv, or `steward-cloud event reject " + number(no) +
              "`",
          words.zh + "（事件 " + number(no) + "），但 installs.csv 登记为 " + says_zh +
              "；请核实：更正 installs.csv，或执行 steward-cloud event reject " + number(no)};
}

LifeWords not_there_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset) {
  const auto words = event_words(event, medium, offset);
  return {words.en + " (event " + number(no) +
              "), but by installs.csv it did not hang here on that day; correct the days " +
              "there, or `steward-cloud event reject " + number(no) + "`",
          words.zh + "（事件 " + number(no) +
              "），但 installs.csv 中该表当日不在此处；请更正日期，或执行 steward-cloud event reject " +
              number(no)};
}

LifeWords boundary_words(std::int64_t no, const MeterEvent& event, Medium medium, UtcOffset offset) {
  const auto words = event_words(event, medium, offset);
  return {
      words.en + " (event " + number(no) +
          "): the bill begins or ends between these two readings, and on which side of " +
          "it the change lies is not known; find out, reject the event and add the exchange to installs.csv",
      words.zh + "（事件 " + number(no) +
          "）：账期起止落在这两次读数之间，无法确定变化发生在哪一侧；请核实后拒绝该事件（event "
          "reject）并在 " +
          "installs.csv 中登记"};
}

LifeWords fall_words(const RegisterFall& fall, UtcOffset offset) {
  const auto when = text_of(fall.at, offset);
  return {"meter " + fall.meter.text + " (" + fall.channel + ") went down at " + when +
              ", and no event says why yet; let its gateway deliver its events, or look at the meter and add "
              "the exchange or "
              "the reset to installs.csv",
          "表 " + fall.meter.text + "（" + fall.channel + "）于 " + when +
              " 读数倒退，尚无事件说明；请等待网关补传事件，或现场核对后在 installs.csv 中登记换表或清零"};
}

}  // namespace steward
