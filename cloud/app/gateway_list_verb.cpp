// Who may send, until when, and no more.
#include <algorithm>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/gateway_grant.hpp"
#include "cloud/app/say.hpp"
#include "cloud/billing/text_table.hpp"
#include "contract/text/instant_text.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

/// When the certificate it is to use ends; nothing when none is known (given out before they were noted).
std::optional<Instant> newest_end(const std::vector<CertificateRow>& certificates,
                                  const GatewayRow& gateway) {
  std::optional<Instant> ends;
  for (const auto& row : certificates) {
    if (row.site == gateway.site && row.gateway == gateway.gateway && !row.revoked) ends = row.ends_at;
  }
  return ends;
}

std::string state_of(const GatewayRow& row) {
  if (row.revoked_at) return "revoked 已吊销: " + row.revoked_why;
  return row.next_key ? "waits for its new key 等待启用新密钥" : "enrolled 已登记";
}

/// Who signed before, oldest first: what an auditor needs to check old blocks (steward-verify blocks --key).
Json former_json(const std::vector<FormerKey>& former) {
  std::vector<PublicKey> keys;
  for (const auto& row : former) {  // within one log, in the order of its places
    if (std::find(keys.begin(), keys.end(), row.block_key) == keys.end()) keys.push_back(row.block_key);
  }
  Json list = Json::array();
  for (const auto& key : keys) list.push(hex(key));
  return list;
}

Json json_of(const GatewayRow& row, const std::optional<Instant>& ends,
             const std::vector<FormerKey>& former) {
  Json one = Json::object();
  one.set("site", row.site.text).set("gateway", row.gateway.text);
  one.set("enrolled_at", instant_text(row.enrolled_at)).set("block_key", hex(row.block_key));
  one.set("block_key_fingerprint", fingerprint(row.block_key));
  one.set("former_block_keys", former_json(former));
  one.set("next_block_key", row.next_key ? Json(hex(*row.next_key)) : Json());
  one.set("certificate_ends", ends ? Json(instant_text(*ends)) : Json());
  one.set("revoked_at", row.revoked_at ? Json(instant_text(*row.revoked_at)) : Json());
  return one.set("revoked_why", row.revoked_why);
}

}  // namespace

Exit list_gateways(const Common& common, const Streams& streams) {
  auto data = DataFolder::open_existing(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  const auto rows = (*store)->gateways();
  if (!rows) return say_fault(common, streams, rows.error());
  const auto certificates = (*store)->certificates();
  if (!certificates) return say_fault(common, streams, certificates.error());
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::left, Align::left});
  table.row(
      {"site 小区", "gateway 网关", "certificate ends 证书到期", "block key 签名公钥指纹", "state 状态"});
  table.rule();
  for (const auto& row : *rows) {
    if (!common.estate.empty() && row.site.text != common.estate) continue;
    const auto ends = newest_end(*certificates, row);
    const auto former = (*store)->former_keys(row.site, row.gateway);
    if (!former) return say_fault(common, streams, former.error());
    list.push(json_of(row, ends, *former));
    table.row({row.site.text, row.gateway.text, ends ? instant_text(*ends).substr(0, 10) : "-",
               fingerprint(row.block_key), state_of(row)});
  }
  if (common.json) {
    streams.out << Json::object().set("gateways", std::move(list)).dump() << "\n";
  } else {
    streams.out << table.text();
  }
  return Exit::ok;
}

Exit revoke_gateway(const Common& common, const RevokeOptions& options, const Streams& streams) {
  auto data = DataFolder::open_existing(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  const SiteId site{options.site};
  const GatewayId gateway{options.gateway};
  const auto name = options.site + "/" + options.gateway;
  auto known = (*store)->gateway(site, gateway);
  if (!known) return say_fault(common, streams, known.error());
  if (!known->has_value()) {
    return say_error(common, streams, Exit::bad_input,
                     "there is no gateway " + name + "; `gateway list` names all",
                     "没有网关 " + name + "；请用 gateway list 查看");
  }
  const auto done = (*store)->transact([&]() -> Result<void> {
    auto revoked = revoke_certificates(**store, site, gateway, options.old_certificates);
    if (!revoked || options.old_certificates) return revoked;
    auto row = **known;
    row.revoked_at = SystemClock().now();
    row.revoked_why = options.why;
    return (*store)->put_gateway(row);
  });
  if (!done) return say_fault(common, streams, done.error());
  const auto crl = data->revocation_list(**store);
  if (!crl) return say_fault(common, streams, crl.error());
  auto file = data->path() / "authority" / "crl.pem";
  if (!options.broker.empty()) {
    file = options.broker / "crl.pem";
    if (auto written = write_public_file(file, *crl); !written)
      return say_fault(common, streams, written.error());
  }
  if (common.json) {
    streams.out << Json::object()
                       .set("site", options.site)
                       .set("gateway", options.gateway)
                       .set("crl", file.string())
                       .dump()
                << "\n";
    return Exit::ok;
  }
  streams.out << name
              << (options.old_certificates ? ": its older certificates count no more"
                                           : " is revoked: nothing of it is booked from now on")
              << "\nnow restart the broker with " << file.string()
              << " as its crlfile: that also ends connections that are open; nothing is lost\n"
              << name << (options.old_certificates ? "：旧证书已作废" : " 已吊销：此后不再入账")
              << "\n请让消息代理使用 " << file.string()
              << "（crlfile）并重启：已建立的连接也会断开，不会丢失数据\n";
  return Exit::ok;
}

}  // namespace steward
