#include <algorithm>
#include <set>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/billing/text_table.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/state.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/random.hpp"

namespace steward {
namespace {

Json log_json(const LogId& log, const AdmissionMark& mark) {
  Json one = Json::object();
  one.set("epoch", uuid_text(log.epoch)).set("stream", word(log.stream));
  one.set("upto", static_cast<std::int64_t>(mark.upto.value)).set("forked", mark.forked);
  return one;
}

/// "on line", "off line since ...", "never heard of": what the last state says.
std::string state_text(const std::vector<GatewayStateRow>& states, const GatewayRow& gateway) {
  const auto found = std::find_if(states.begin(), states.end(), [&](const GatewayStateRow& row) {
    return row.site == gateway.site && row.gateway == gateway.gateway;
  });
  if (found == states.end()) return "not heard of yet 尚无消息";
  const auto state = decode_state(found->json);
  if (!state) return "state not understood 状态无法解读";
  return std::string(state->online ? "on line 在线" : "off line 离线") + " " + instant_text(state->at) +
         ", " + std::to_string(state->alarms.size()) + " alarms 告警";
}

Result<Json> gateways_json(Store& store, const std::vector<GatewayRow>& gateways,
                           const std::vector<GatewayStateRow>& states, TextTable& table) {
  Json list = Json::array();
  for (const auto& row : gateways) {
    auto logs = store.logs(row.site, row.gateway, wire_limit::acked_logs);
    if (!logs) return std::move(logs.error());
    Json marks = Json::array();
    std::string text;
    for (const auto& [log, mark] : *logs) {
      marks.push(log_json(log, mark));
      text += (text.empty() ? "" : ", ") + std::string(word(log.stream)) + " " +
              std::to_string(mark.upto.value) + (mark.forked ? " FORK" : "");
    }
    Json one = Json::object();
    one.set("site", row.site.text).set("gateway", row.gateway.text).set("logs", std::move(marks));
    one.set("state", state_text(states, row));
    list.push(std::move(one));
    table.row({row.site.text + "/" + row.gateway.text, state_text(states, row), text});
  }
  return list;
}

/// Every site that has been imported or has a gateway.
Result<Json> estates_json(Store& store, const std::vector<GatewayRow>& gateways, TextTable& table) {
  auto imported = store.estates();
  if (!imported) return std::move(imported.error());
  std::set<SiteId> sites(imported->begin(), imported->end());
  for (const auto& row : gateways) sites.insert(row.site);
  Json list = Json::array();
  for (const auto& site : sites) {
    auto counts = store.counts(site);
    if (!counts) return std::move(counts.error());
    auto import = store.latest_import(site);
    if (!import) return std::move(import.error());
    Json one = Json::object();
    one.set("estate", site.text).set("import", *import ? (*import)->version : 0);
    one.set("blocks", counts->blocks).set("readings", counts->readings).set("closings", counts->closings);
    one.set("door_events", counts->door_events).set("patrol_scans", counts->patrol_scans);
    one.set("edge_events", counts->edge_events).set("holes", counts->holes);
    one.set("set_aside", counts->set_aside);
    list.push(std::move(one));
    table.row({site.text, std::to_string(counts->readings), std::to_string(counts->closings),
               std::to_string(counts->door_events), std::to_string(counts->patrol_scans),
               std::to_string(counts->holes), std::to_string(counts->set_aside)});
  }
  return list;
}

Exit show(const Common& common, const Streams& streams, Store& store) {
  const auto identity = store.identity();
  if (!identity) return say_fault(common, streams, identity.error());
  const auto gateways = store.gateways();
  if (!gateways) return say_fault(common, streams, gateways.error());
  const auto states = store.states();
  if (!states) return say_fault(common, streams, states.error());
  const auto alarms = store.alarms();
  if (!alarms) return say_fault(common, streams, alarms.error());

  TextTable estate_table(
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right});
  estate_table.row({"estate 小区", "readings 读数", "closings 结算读数", "doors 门禁", "patrol 巡更",
                    "holes 缺口", "set aside 留存"});
  estate_table.rule();
  auto estates = estates_json(store, *gateways, estate_table);
  if (!estates) return say_fault(common, streams, estates.error());
  TextTable gateway_table({Align::left, Align::left, Align::left});
  gateway_table.row({"gateway 网关", "state 状态", "admitted up to 已入账至"});
  gateway_table.rule();
  auto listed = gateways_json(store, *gateways, *states, gateway_table);
  if (!listed) return say_fault(common, streams, listed.error());

  Json alarm_list = Json::array();
  TextTable alarm_table({Align::left, Align::left, Align::right, Align::left});
  alarm_table.row({"alarm 告警", "about 对象", "times 次数", "latest 最近"});
  alarm_table.rule();
  for (const auto& alarm : *alarms) {
    Json one = Json::object();
    one.set("site", alarm.site.text).set("subject", alarm.subject).set("kind", alarm.kind);
    one.set("detail", alarm.detail).set("count", alarm.count);
    one.set("first_at", instant_text(alarm.first_at)).set("last_at", instant_text(alarm.last_at));
    alarm_list.push(std::move(one));
    alarm_table.row({alarm.kind, alarm.site.text + "/" + alarm.subject, std::to_string(alarm.count),
                     instant_text(alarm.last_at) + " " + alarm.detail});
  }
  if (common.json) {
    Json out = Json::object();
    out.set("version", STEWARD_VERSION).set("store", uuid_text(*identity));
    out.set("estates", std::move(*estates)).set("gateways", std::move(*listed));
    out.set("alarms", std::move(alarm_list));
    streams.out << out.dump() << "\n";
    return Exit::ok;
  }
  streams.out << "store 数据库 " << uuid_text(*identity) << "\n\n"
              << estate_table.text() << "\n"
              << gateway_table.text();
  if (!alarms->empty()) streams.out << "\n" << alarm_table.text();
  return Exit::ok;
}

}  // namespace

Exit show_status(const Common& common, const Streams& streams) {
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return show(common, streams, **store);
}

Exit renew_store(const Common& common, const Streams& streams) {
  auto folder = DataFolder::open_existing(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());
  const auto fresh = random_uuid();
  const auto renewed = (*store)->transact([&] { return (*store)->renew_identity(fresh); });
  if (!renewed) return say_fault(common, streams, renewed.error());
  if (common.json) {
    streams.out << Json::object().set("store", uuid_text(fresh)).dump() << "\n";
  } else {
    streams.out << "the database is now " << uuid_text(fresh)
                << "; gateways will send again what it is missing\n"
                   "数据库标识已更新；网关会重新发送缺少的数据\n";
  }
  return Exit::ok;
}

}  // namespace steward
