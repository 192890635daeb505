#include <algorithm>
#include <set>

#include "cloud/app/list_begin.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/text_table.hpp"
#include "contract/nouns/door_reason.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/limits.hpp"

namespace steward {
namespace {

/// A day in the estate's offset or an RFC 3339 instant; `otherwise` when empty.
Result<Instant> bound(const std::string& text, UtcOffset offset, Instant otherwise) {
  if (text.empty()) return otherwise;
  if (const auto day = read_day(text)) return midnight(*day, offset);
  if (const auto instant = read_instant(text)) return *instant;
  return error_of(Fault::malformed,
                  "\"" + text + "\" is neither a day (2026-06-01) nor an instant (2026-06-01T08:00:00+08:00)",
                  "“" + text + "”既不是日期（2026-06-01）也不是时刻（2026-06-01T08:00:00+08:00）");
}

}  // namespace

Result<Listing> begin_list(const Common& common, const ListOptions& options) {
  auto books = open_site(common);
  if (!books) return std::move(books.error());
  Listing listing;
  if (auto estate = latest_estate(*books->store, books->site)) listing.offset = estate->estate.offset;
  auto from = bound(options.from, listing.offset, instant_from_ms(0));
  if (!from) return std::move(from.error());
  auto to = bound(options.to, listing.offset, instant_from_ms(wire_limit::instant_ms));
  if (!to) return std::move(to.error());
  listing.query = {books->site, *from, *to,
                   static_cast<std::size_t>(std::max<std::int64_t>(1, options.limit))};
  listing.store = std::move(books->store);
  return listing;
}

namespace {

/// In the order of ChannelUnit.
std::string_view unit_text(ChannelUnit unit) {
  constexpr std::string_view words[] = {"",    "Wh",   "L",   "mV",       "mA",   "W",
                                        "mHz", "varh", "L/h", "permille", "ratio"};
  const auto at = static_cast<std::size_t>(unit);
  return at < std::size(words) ? words[at] : "";
}

std::string direction_of(std::uint8_t direction) {
  if (direction == 1) return "in 进";
  return direction == 2 ? "out 出" : "";
}

void finish(const Common& common, const Streams& streams, std::string_view key, Json list,
            const TextTable& table, std::size_t rows) {
  if (common.json) {
    streams.out << Json::object().set(std::string(key), std::move(list)).dump() << "\n";
  } else if (rows == 0) {
    streams.out << "none / 无\n";
  } else {
    streams.out << table.text();
  }
}

}  // namespace

Exit list_doors(const Common& common, const ListOptions& options, const Streams& streams) {
  auto listing = begin_list(common, options);
  if (!listing) return say_fault(common, streams, listing.error());
  const auto rows = listing->store->door_events(listing->query);
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table(
      {Align::left, Align::left, Align::left, Align::left, Align::right, Align::left, Align::left});
  table.row({"at 时间", "gateway 网关", "controller 控制器", "door 门", "card 卡号", "", "reason 原因"});
  table.rule();
  for (const auto& [gateway, seq, e] : *rows) {
    const auto reason = door_reason(e.reason);
    Json one = Json::object();
    one.set("at", text_of(e.received_at, listing->offset)).set("gateway", gateway.text);
    one.set("seq", static_cast<std::int64_t>(seq.value)).set("controller", e.controller);
    one.set("serial", static_cast<std::int64_t>(e.serial)).set("index", static_cast<std::int64_t>(e.index));
    one.set("generation", static_cast<std::int64_t>(e.generation));
    one.set("controller_time_ms", e.controller_time_ms).set("type", static_cast<int>(e.type));
    one.set("door", static_cast<int>(e.door)).set("direction", static_cast<int>(e.direction));
    one.set("card", static_cast<std::int64_t>(e.card)).set("granted", e.granted);
    one.set("reason", static_cast<int>(e.reason)).set("reason_en", reason.en).set("reason_zh", reason.zh);
    list.push(std::move(one));
    table.row({text_of(e.received_at, listing->offset), gateway.text, e.controller,
               std::to_string(e.door) + " " + direction_of(e.direction),
               e.card == 0 ? "" : std::to_string(e.card), e.granted ? "opened 开" : "-",
               std::string(reason.zh) + " " + std::string(reason.en)});
  }
  finish(common, streams, "doors", std::move(list), table, rows->size());
  return Exit::ok;
}

Exit list_patrol(const Common& common, const ListOptions& options, const Streams& streams) {
  auto listing = begin_list(common, options);
  if (!listing) return say_fault(common, streams, listing.error());
  const auto rows = listing->store->patrol_scans(listing->query);
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::left});
  table.row({"at 时间", "gateway 网关", "reader 读头", "code 内容"});
  table.rule();
  for (const auto& [gateway, seq, scan] : *rows) {
    Json one = Json::object();
    one.set("at", text_of(scan.scanned_at, listing->offset)).set("gateway", gateway.text);
    one.set("seq", static_cast<std::int64_t>(seq.value));
    one.set("reader", scan.reader.text).set("code", scan.code);
    list.push(std::move(one));
    table.row({text_of(scan.scanned_at, listing->offset), gateway.text, scan.reader.text, scan.code});
  }
  finish(common, streams, "patrol", std::move(list), table, rows->size());
  return Exit::ok;
}

namespace {

/// Meters that gateways read and no metering point has ever had installed.
Exit list_unassigned(const Common& common, const Streams& streams, Listing& listing) {
  const auto catalogue = listing.store->catalogue(listing.query.site);
  if (!catalogue) return say_fault(common, streams, catalogue.error());
  std::set<MeterId> installed;
  if (const auto estate = latest_estate(*listing.store, listing.query.site)) {
    for (const auto& [point, stays] : estate->estate.installs) {
      for (const auto& stay : stays) installed.insert(stay.meter);
    }
  }
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::right});
  table.row({"meter 表号", "gateway 网关", "profile 型号", "channels 通道"});
  table.rule();
  std::set<MeterId> listed;
  for (const auto& row : *catalogue) {
    if (installed.contains(row.entry.meter) || !listed.insert(row.entry.meter).second) continue;
    Json one = Json::object();
    one.set("meter", row.entry.meter.text).set("gateway", row.gateway.text);
    one.set("profile", row.entry.profile.text);
    list.push(std::move(one));
    table.row({row.entry.meter.text, row.gateway.text, row.entry.profile.text,
               std::to_string(row.entry.channels.size())});
  }
  finish(common, streams, "unassigned", std::move(list), table, listed.size());
  return Exit::ok;
}

}  // namespace

Exit list_readings(const Common& common, const ListOptions& options, const Streams& streams) {
  auto listing = begin_list(common, options);
  if (!listing) return say_fault(common, streams, listing.error());
  if (options.unassigned) return list_unassigned(common, streams, *listing);
  const auto rows = listing->store->readings(listing->query);
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table(
      {Align::left, Align::left, Align::left, Align::left, Align::right, Align::left, Align::left});
  table.row(
      {"round 抄表时间", "gateway 网关", "meter 表号", "channel 通道", "value 读数", "", "quality 质量"});
  table.rule();
  for (const auto& row : *rows) {
    const auto& r = row.reading;
    Json one = Json::object();
    one.set("round_at", text_of(r.round_at, listing->offset));
    one.set("taken_at", text_of(r.taken_at, listing->offset)).set("gateway", row.gateway.text);
    one.set("seq", static_cast<std::int64_t>(row.seq.value)).set("meter", row.meter.text);
    one.set("channel", row.channel).set("unit", unit_text(row.unit)).set("value", r.value);
    one.set("quality", word(r.quality)).set("reason", word(r.reason));
    list.push(std::move(one));
    table.row(
        {text_of(r.round_at, listing->offset), row.gateway.text,
         row.meter.text.empty() ? "? (no " + std::to_string(r.meter_no.value) + ")" : row.meter.text,
         row.channel, std::to_string(r.value), std::string(unit_text(row.unit)),
         std::string(word(r.quality)) + (r.reason == Reason::none ? "" : " " + std::string(word(r.reason)))});
  }
  finish(common, streams, "readings", std::move(list), table, rows->size());
  return Exit::ok;
}

}  // namespace steward
