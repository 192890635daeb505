// How a gateway becomes known, and known by other keys. What travels: docs/formats/enrolment.md.
#include "cloud/app/data_folder.hpp"
#include "cloud/app/gateway_grant.hpp"
#include "cloud/app/say.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

/// What an answer is drawn up from.
struct Desk {
  const Common& common;
  const GatewayOptions& options;
  const Streams& streams;
  const DataFolder& data;
  Store& store;
};

Exit say_answered(const Desk& desk, const EnrolmentGrant& grant, bool new_key) {
  const auto name = grant.site.text + "/" + grant.gateway.text;
  const auto gateway_print = fingerprint(grant.block_key);
  const auto cloud_print = fingerprint(grant.cloud_key);
  const auto file = desk.options.out.string();
  if (desk.common.json) {
    Json out = Json::object();
    out.set("site", grant.site.text).set("gateway", grant.gateway.text).set("enrolment", file);
    out.set("block_key", hex(grant.block_key)).set("block_key_fingerprint", gateway_print);
    out.set("cloud_key_fingerprint", cloud_print).set("new_block_key", new_key);
    desk.streams.out << out.dump() << "\n";
    return Exit::ok;
  }
  desk.streams.out << name << ": on the gateway: steward-edge --config FILE enrol accept " << file << "\n"
                   << name << "：请在网关上执行：steward-edge --config 文件 enrol accept " << file << "\n"
                   << "block key 签名公钥指纹: " << gateway_print << "\n"
                   << "cloud key 云端公钥指纹: " << cloud_print << "\n";
  return Exit::ok;
}

/// Writes the answer, then the books. The file first: an answer nobody waits for does no harm, a gateway
/// without one cannot begin.
Exit answer(const Desk& desk, const EnrolmentRequest& request, const GatewayRow& row, bool revoke_older) {
  const auto cloud = desk.data.cloud_key();
  if (!cloud) return say_fault(desk.common, desk.streams, cloud.error());
  const auto grant = draw_up_grant(desk.data, desk.options, request, *cloud);
  if (!grant) return say_fault(desk.common, desk.streams, grant.error());
  const auto bytes = encode_grant(*grant, *cloud);
  const auto facts = certificate_facts(grant->certificate);
  if (!bytes || !facts) return say_fault(desk.common, desk.streams, bytes ? facts.error() : bytes.error());
  if (auto written = write_public_file(desk.options.out, chars_of(*bytes)); !written)
    return say_fault(desk.common, desk.streams, written.error());
  const auto put = desk.store.transact([&]() -> Result<void> {
    if (revoke_older) {
      if (auto revoked = revoke_certificates(desk.store, request.site, request.gateway, false); !revoked)
        return revoked;
    }
    return desk.store.put_gateway(row).and_then([&] {
      return desk.store.put_certificate(
          {request.site, request.gateway, facts->serial, grant->at, facts->validity.until, false});
    });
  });
  if (!put) return say_fault(desk.common, desk.streams, put.error());
  return say_answered(desk, *grant, row.next_key.has_value());
}

Exit enrol(const Desk& desk) {
  const auto asked = read_gateway_request(desk.options.request);
  if (!asked) return say_fault(desk.common, desk.streams, asked.error());
  const auto& request = asked->request;
  const auto known = desk.store.gateway(request.site, request.gateway);
  if (!known) return say_fault(desk.common, desk.streams, known.error());
  const auto name = request.site.text + "/" + request.gateway.text;
  const bool same = known->has_value() && (*known)->block_key == request.block_key && !(*known)->revoked_at;
  if (known->has_value() && !same && !desk.options.renew) {
    return say_error(
        desk.common, desk.streams, Exit::refused,
        name +
            " is known already; a gateway at work is given other keys by `gateway rotate`; --renew "
            "lets it begin anew: records it has not delivered under its old key are lost to the books",
        name +
            " 已登记；运行中的网关请用 gateway rotate 更换密钥；--renew 会重新登记，旧密钥签名而尚未"
            "送达的记录将无法入账");
  }
  // Asked again with the keys it has: another certificate, and nothing else changes.
  const auto row =
      same ? **known : GatewayRow{request.site, request.gateway, request.block_key, SystemClock().now()};
  return answer(desk, request, row, desk.options.renew);
}

Exit rotate(const Desk& desk) {
  const auto asked = read_gateway_request(desk.options.request);
  if (!asked) return say_fault(desk.common, desk.streams, asked.error());
  const auto& request = asked->request;
  const auto known = desk.store.gateway(request.site, request.gateway);
  if (!known) return say_fault(desk.common, desk.streams, known.error());
  const auto name = request.site.text + "/" + request.gateway.text;
  const auto refuse = [&](const std::string& en, const std::string& zh) {
    return say_error(desk.common, desk.streams, Exit::refused, name + en, name + zh);
  };
  if (!known->has_value()) return refuse(" is not enrolled; use `gateway add`", " 未登记；请用 gateway add");
  auto row = **known;
  if (row.revoked_at) {
    return refuse(" was revoked; it can only begin anew: `gateway add --renew`",
                  " 已被吊销；只能重新登记：gateway add --renew");
  }
  const bool other_key = request.block_key != row.block_key;
  if (other_key && row.next_key && *row.next_key != request.block_key) {
    return refuse(" is being rotated to another key already; accept that answer on the gateway first",
                  " 正在更换为另一密钥；请先在网关上安装那份答复");
  }
  if (other_key && !asked->is_consented_by(row.block_key)) {
    return refuse(
        " did not ask this with its present key: somebody else may have; make the request on the gateway "
        "with "
        "`enrol request --new-block-key`, or, if its key is lost, `gateway add --renew`",
        " 的现用密钥没有为该申请签名，可能是他人所为；请在网关上用 enrol request --new-block-key 生成申请；"
        "若其密钥已丢失，请用 gateway add --renew");
  }
  if (other_key) row.next_key = request.block_key;
  return answer(desk, request, row, false);
}

template <class Verb>
Exit at_desk(const Common& common, const GatewayOptions& options, const Streams& streams, Verb verb) {
  auto data = DataFolder::open(common.data);
  if (!data) return say_fault(common, streams, data.error());
  auto store = data->open_store();
  if (!store) return say_fault(common, streams, store.error());
  return verb({common, options, streams, *data, **store});
}

}  // namespace

Exit add_gateway(const Common& common, const GatewayOptions& options, const Streams& streams) {
  return at_desk(common, options, streams, enrol);
}

Exit rotate_gateway(const Common& common, const GatewayOptions& options, const Streams& streams) {
  return at_desk(common, options, streams, rotate);
}

}  // namespace steward
