#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/billing/text_table.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

// As long as a gateway stays in its cabinet (decision 0062).
constexpr int gateway_days = 365 * 15;

std::string enrolment_json(const GatewayOptions& options) {
  Json broker = Json::object();
  broker.set("host", options.broker_host).set("port", static_cast<std::int64_t>(options.broker_port));
  Json json = Json::object();
  json.set("schema", 1).set("site", options.site).set("gateway", options.gateway);
  json.set("broker", std::move(broker));
  return json.dump(2) + "\n";
}

/// Everything the gateway needs, in `folder`; gives the public half of its block key.
Result<PublicKey> write_enrolment(const DataFolder& data, const GatewayOptions& options) {
  auto name = gateway_common_name(SiteId{options.site}, GatewayId{options.gateway});
  if (!name) return std::move(name.error());
  auto authority = data.authority();
  if (!authority) return std::move(authority.error());
  auto cloud = data.cloud_key();
  if (!cloud) return std::move(cloud.error());
  auto identity = authority->issue_client(*name, valid_for_days(SystemClock().now(), gateway_days));
  if (!identity) return std::move(identity.error());

  const auto& folder = options.folder;
  const auto block_key = SigningKey::generate();
  auto written =
      save_identity(*identity, folder, "gateway")
          .and_then([&] { return write_public_file(folder / "ca.pem", authority->certificate()); })
          .and_then([&] { return block_key.save(folder / "block-key.pem"); })
          .and_then([&] { return VerifyingKey(cloud->public_key()).save(folder / "cloud-key.pub.pem"); })
          .and_then([&] { return write_public_file(folder / "enrolment.json", enrolment_json(options)); });
  if (!written) return std::move(written.error());
  return block_key.public_key();
}

bool is_free(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return true;
  return std::filesystem::is_directory(folder, error) && std::filesystem::is_empty(folder, error);
}

Exit enrol(const Common& common, const GatewayOptions& options, const Streams& streams,
           const DataFolder& data, Store& store) {
  const SiteId site{options.site};
  const GatewayId gateway{options.gateway};
  const auto known = store.gateway(site, gateway);
  if (!known) return say_fault(common, streams, known.error());
  if (known->has_value() && !options.renew) {
    return say_error(common, streams, Exit::refused,
                     options.site + "/" + options.gateway +
                         " is enrolled already; --renew gives it new keys and shuts the old ones out",
                     options.site + "/" + options.gateway + " 已登记；--renew 会换发新密钥，旧密钥随即失效");
  }
  if (!is_free(options.folder)) {
    return say_error(common, streams, Exit::bad_input,
                     options.folder.string() + " is not an empty folder; keys are never overwritten",
                     options.folder.string() + " 不是空文件夹；密钥不会被覆盖");
  }
  const auto key = write_enrolment(data, options);
  if (!key) return say_fault(common, streams, key.error());
  std::error_code error;
  std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all, error);
  const auto put = store.transact([&] {
    return store.put_gateway({site, gateway, *key, SystemClock().now()});
  });
  if (!put) {
    std::filesystem::remove_all(options.folder, error);  // keys of a gateway nobody knows
    return say_fault(common, streams, put.error());
  }
  if (common.json) {
    Json out = Json::object();
    out.set("site", options.site).set("gateway", options.gateway).set("folder", options.folder.string());
    out.set("block_key", hex(*key));
    streams.out << out.dump() << "\n";
  } else {
    streams.out << options.site << "/" << options.gateway << " enrolled; put " << options.folder.string()
                << " onto the gateway and name it as \"enrolment\" in its config\n"
                << options.site << "/" << options.gateway << " 已登记；请将 " << options.folder.string()
                << " 放到网关上，并在其配置中写为 \"enrolment\"\n";
  }
  return Exit::ok;
}

}  // namespace

Exit add_gateway(const Common& common, const GatewayOptions& options, const Streams& streams) {
  for (const auto& code : {options.site, options.gateway}) {
    if (is_code(code)) continue;
    return say_error(common, streams, Exit::bad_input,
                     "\"" + code + "\" is not a code: 1 to 32 of a-z, 0-9 and '-'",
                     "“" + code + "”不是有效代码：1 到 32 个 a-z、0-9 或 '-'");
  }
  auto data = DataFolder::open(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return enrol(common, options, streams, *data, **store);
}

Exit list_gateways(const Common& common, const Streams& streams) {
  auto data = DataFolder::open_existing(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  const auto rows = (*store)->gateways();
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::left});
  table.row({"site 小区", "gateway 网关", "enrolled 登记时间", "block key 签名公钥"});
  table.rule();
  for (const auto& row : *rows) {
    if (!common.estate.empty() && row.site.text != common.estate) continue;
    Json one = Json::object();
    one.set("site", row.site.text).set("gateway", row.gateway.text);
    one.set("enrolled_at", instant_text(row.enrolled_at)).set("block_key", hex(row.block_key));
    list.push(std::move(one));
    table.row({row.site.text, row.gateway.text, instant_text(row.enrolled_at), hex(row.block_key)});
  }
  if (common.json) {
    streams.out << Json::object().set("gateways", std::move(list)).dump() << "\n";
  } else {
    streams.out << table.text();
  }
  return Exit::ok;
}

}  // namespace steward
