#include "cloud/app/gateway_grant.hpp"

#include "cloud/app/say.hpp"
#include "contract/wire/limits.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

// As long as a gateway stays in its cabinet (decision 0062).
constexpr int gateway_days = 365 * 15;

}  // namespace

bool GatewayRequest::is_consented_by(const PublicKey& present) const {
  return !succession.empty() && static_cast<bool>(open_succession(succession, VerifyingKey(present)));
}

Result<GatewayRequest> read_gateway_request(const std::filesystem::path& file) {
  const auto text = read_key_file(file);
  if (!text) return text.error();
  const auto name = file.string();
  GatewayRequest asked;
  const auto whole = bytes_of(*text);
  Bytes inner(whole.begin(), whole.end());
  if (is_succession(whole)) {
    asked.succession = inner;
    auto inside = inside_succession(whole);
    if (!inside) return std::move(inside.error());
    inner = std::move(*inside);
  }
  const auto key = key_in_request(inner);
  if (!key) {
    return error_of(Fault::malformed, name + " is not an enrolment request: " + key.error().message,
                    name + " 不是入网申请文件：" + key.error().message);
  }
  auto request = decode_request(inner, VerifyingKey(*key));
  if (!request) {
    return error_of(Fault::malformed, name + " was changed on its way: " + request.error().message,
                    name + " 在传递途中被改动：" + request.error().message);
  }
  asked.request = std::move(*request);
  return asked;
}

Result<EnrolmentGrant> draw_up_grant(const DataFolder& data, const GatewayOptions& options,
                                     const EnrolmentRequest& request, const SigningKey& cloud) {
  const auto name = gateway_common_name(request.site, request.gateway);
  if (!name) return name.error();
  const auto authority = data.authority();
  if (!authority) return authority.error();
  const auto now = SystemClock().now();
  auto certificate =
      authority->sign_client(request.certificate_request, *name, valid_for_days(now, gateway_days));
  if (!certificate) return std::move(certificate.error());
  return EnrolmentGrant{.site = request.site,
                        .gateway = request.gateway,
                        .block_key = request.block_key,
                        .cloud_key = cloud.public_key(),
                        .authority = authority->certificate(),
                        .certificate = std::move(*certificate),
                        .broker_host = options.broker_host,
                        .broker_port = options.broker_port,
                        .at = now};
}

Result<void> revoke_certificates(Store& store, const SiteId& site, const GatewayId& gateway,
                                 bool keep_newest) {
  auto all = store.certificates();
  if (!all) return std::move(all.error());
  std::vector<CertificateRow> own;  // oldest first
  for (auto& row : *all) {
    if (row.site == site && row.gateway == gateway) own.push_back(std::move(row));
  }
  if (keep_newest && !own.empty()) own.pop_back();
  for (auto& row : own) {
    row.revoked = true;
    if (auto put = store.put_certificate(row); !put) return put;
  }
  return {};
}

}  // namespace steward
