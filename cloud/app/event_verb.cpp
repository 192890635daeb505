#include <algorithm>

#include "cloud/app/list_begin.hpp"
#include "cloud/app/lives.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/text_table.hpp"
#include "cloud/metering/life_words.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/text/meter_event_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr std::size_t who_bytes = 64;
constexpr std::size_t why_bytes = 256;

std::string_view state_zh(LifeState state) {
  constexpr std::string_view words[] = {"已计入", "与登记一致", "已说明", "已拒绝",
                                        "待说明", "与登记不符", "未装表"};
  return words[static_cast<std::size_t>(state)];
}

/// The medium of the point the meter hangs at, for its units; electricity where there is none.
Medium medium_of(const Estate& estate, const MeterId& meter) {
  for (const auto& [point, stays] : estate.installs) {
    const auto found = estate.points.find(point);
    const bool here =
        std::any_of(stays.begin(), stays.end(), [&](const Install& stay) { return stay.meter == meter; });
    if (here && found != estate.points.end()) return found->second.medium;
  }
  return Medium::electricity;
}

Json json_of(const MeterEventRow& row, LifeState state, UtcOffset offset) {
  Json one = Json::object();
  one.set("event", row.event_no).set("gateway", row.gateway.text);
  one.set("seq", static_cast<std::int64_t>(row.seq.value)).set("kind", row.event.kind);
  one.set("meter", row.event.subject)
      .set("at", text_of(row.event.at, offset))
      .set("detail", row.event.detail);
  one.set("state", word(state));
  Json decisions = Json::array();
  for (const auto& decision : row.decisions) {
    Json said = Json::object();
    said.set("verdict", decision.confirmed ? "confirmed" : "rejected").set("who", decision.who);
    said.set("why", decision.why).set("at", text_of(decision.decided_at, offset));
    decisions.push(std::move(said));
  }
  return one.set("decisions", std::move(decisions));
}

}  // namespace

Exit list_events(const Common& common, const EventOptions& options, const Streams& streams) {
  auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  const auto rows = books->store->meter_events(books->site);
  if (!rows) return say_fault(common, streams, rows.error());
  auto estate = latest_estate(*books->store, books->site);
  Estate plain;
  plain.id = books->site;
  auto lives =
      lived_estate(*books->store, estate ? std::move(estate->estate) : std::move(plain), std::nullopt);
  if (!lives) return say_fault(common, streams, lives.error());
  const auto& now = lives->lived;
  Json list = Json::array();
  std::string text;
  for (const auto& row : *rows) {
    const auto state = now.states.at(row.event_no);
    if (options.open && state != LifeState::open && state != LifeState::mismatch) continue;
    list.push(json_of(row, state, now.estate.offset));
    const auto event = read_meter_event(row.event);
    LifeWords words{row.event.kind + " " + row.event.subject + " " + row.event.detail, "（无法读取）"};
    if (event) words = event_words(*event, medium_of(now.estate, event->meter), now.estate.offset);
    text += std::to_string(row.event_no) + "  " + std::string(word(state)) + " " +
            std::string(state_zh(state)) + "  " + words.en + "\n    " + words.zh + "\n";
    if (event && !event->by.empty())
      text += "    by 由 " + event->by + (event->why.empty() ? "" : ": " + event->why) + "\n";
    for (const auto& decision : row.decisions) {
      text += std::string("    ") + (decision.confirmed ? "confirmed 确认" : "rejected 拒绝") + " by 由 " +
              decision.who + " " + text_of(decision.decided_at, now.estate.offset) + ": " + decision.why +
              "\n";
    }
  }
  if (common.json) {
    streams.out << Json::object().set("events", std::move(list)).dump() << "\n";
  } else {
    streams.out << (text.empty() ? "none / 无\n" : text);
  }
  return Exit::ok;
}

Exit decide_event(const Common& common, const EventOptions& options, bool confirmed, const Streams& streams) {
  if (!is_plain_text(options.who, 1, who_bytes) || !is_plain_text(options.why, 1, why_bytes)) {
    return say_error(common, streams, Exit::bad_input,
                     "--by is a name of 1 to 64 bytes, --why a sentence of 1 to 256: both are kept for ever",
                     "--by 应为 1 至 64 字节的姓名，--why 应为 1 至 256 字节的说明；两者永久保存");
  }
  auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  const MeterDecision decision{confirmed, options.who, options.why, SystemClock().now()};
  const auto done =
      books->store->transact([&] { return books->store->decide(books->site, options.event, decision); });
  if (!done && done.error().fault == Fault::refused) {
    const auto no = std::to_string(options.event);
    return say_error(common, streams, Exit::refused,
                     "there is no event " + no + " to decide; `steward-cloud event list` names them",
                     "没有可处理的事件 " + no + "；请用 steward-cloud event list 查看");
  }
  if (!done) return say_fault(common, streams, done.error());
  if (common.json) {
    streams.out << Json::object()
                       .set("event", options.event)
                       .set("verdict", confirmed ? "confirmed" : "rejected")
                       .dump()
                << "\n";
  } else {
    streams.out << "event " << options.event
                << (confirmed ? " confirmed / 已确认\n" : " rejected / 已拒绝\n");
  }
  return Exit::ok;
}

Exit list_frozen(const Common& common, const ListOptions& options, const Streams& streams) {
  auto listing = begin_list(common, options);
  if (!listing) return say_fault(common, streams, listing.error());
  const auto rows = listing->store->frozen_readings(listing->query);
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table(
      {Align::left, Align::left, Align::left, Align::left, Align::right, Align::left, Align::left});
  table.row({"meter's date 表内日期", "freeze 冻结", "meter 表号", "channel 通道", "value 读数",
             "quality 质量", "read at 抄读时间"});
  table.rule();
  for (const auto& row : *rows) {
    const auto& r = row.reading;
    // The meter's own calendar: no instant, so no offset.
    const auto calendar =
        instant_text(instant_from_ms(std::max<std::int64_t>(0, r.frozen_at_ms))).substr(0, 19);
    Json one = Json::object();
    one.set("frozen_at", calendar).set("freeze", word(r.freeze)).set("gateway", row.gateway.text);
    one.set("seq", static_cast<std::int64_t>(row.seq.value))
        .set("meter", row.meter.text)
        .set("channel", row.channel);
    one.set("value", r.value).set("quality", word(r.quality)).set("reason", word(r.reason));
    one.set("read_at", text_of(r.read_at, listing->offset));
    list.push(std::move(one));
    table.row({calendar, std::string(word(r.freeze)),
               row.meter.text.empty() ? "? (no " + std::to_string(r.meter_no.value) + ")" : row.meter.text,
               row.channel, std::to_string(r.value), std::string(word(r.quality)),
               text_of(r.read_at, listing->offset)});
  }
  if (common.json) {
    streams.out << Json::object().set("frozen", std::move(list)).dump() << "\n";
  } else {
    streams.out << (rows->empty() ? "none / 无\n" : table.text());
  }
  return Exit::ok;
}

}  // namespace steward
