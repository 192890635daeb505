#include "contract/wire/enrolment.hpp"

#include <algorithm>

#include "contract/text/hex_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/json_fields.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"

namespace steward {
namespace {

/// An object in an object, and a dozen values.
constexpr JsonLimits limits{.bytes = wire_limit::enrolment_bytes, .depth = 2, .nodes = 32};

bool is_instant(Instant at) { return ms_of(at) >= 0 && ms_of(at) <= wire_limit::instant_ms; }
bool is_pem(const std::string& text) {
  return text.starts_with("-----BEGIN ") && text.size() <= wire_limit::pem_bytes;
}

PublicKey key_field(JsonFields& in, std::string_view name) {
  PublicKey key{};
  std::ranges::copy(in.hex(name, key.size()), key.begin());
  return key;
}

Result<EnrolmentRequest> read_request(ByteView payload) {
  Problems problems;
  auto json = parse_message("request", chars_of(payload), limits, problems);
  if (!json) return first_of(problems);
  JsonFields in("request", "", *json,
                {"schema", "site", "gateway", "at_ms", "block_key", "certificate_request"}, problems);
  EnrolmentRequest request;
  request.site = SiteId{in.code("site")};
  request.gateway = GatewayId{in.code("gateway")};
  request.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  request.block_key = key_field(in, "block_key");
  request.certificate_request = in.pem("certificate_request");
  if (!problems.empty()) return first_of(problems);
  return request;
}

Result<EnrolmentGrant> read_grant(ByteView payload) {
  Problems problems;
  auto json = parse_message("enrolment", chars_of(payload), limits, problems);
  if (!json) return first_of(problems);
  JsonFields in(
      "enrolment", "", *json,
      {"schema", "site", "gateway", "at_ms", "block_key", "cloud_key", "broker", "authority", "certificate"},
      problems);
  EnrolmentGrant grant;
  grant.site = SiteId{in.code("site")};
  grant.gateway = GatewayId{in.code("gateway")};
  grant.at = instant_from_ms(in.integer("at_ms", 0, wire_limit::instant_ms));
  grant.block_key = key_field(in, "block_key");
  grant.cloud_key = key_field(in, "cloud_key");
  JsonFields broker("enrolment", "broker", in.object("broker"), {"host", "port"}, problems);
  grant.broker_host = broker.text("host", 1, wire_limit::host_bytes);
  grant.broker_port = static_cast<std::uint16_t>(broker.integer("port", 1, 65'535));
  grant.authority = in.pem("authority");
  grant.certificate = in.pem("certificate");
  if (!problems.empty()) return first_of(problems);
  return grant;
}

template <class Message>
Result<PublicKey> key_of(Result<Message> message, PublicKey Message::*key) {
  if (!message) return std::move(message.error());
  return (*message).*key;
}

}  // namespace

Result<Bytes> encode_request(const EnrolmentRequest& request, const Signer& block_key) {
  if (!is_code(request.site.text) || !is_code(request.gateway.text) || !is_instant(request.at) ||
      !is_pem(request.certificate_request) || request.block_key != block_key.public_key()) {
    return Error{Fault::malformed, "an enrolment request with a field outside its limit"};
  }
  const Json json = Json::object()
                        .set("schema", 1)
                        .set("site", request.site.text)
                        .set("gateway", request.gateway.text)
                        .set("at_ms", ms_of(request.at))
                        .set("block_key", hex(request.block_key))
                        .set("certificate_request", request.certificate_request);
  return seal(content_type::enrolment_request, bytes_of(json.dump()), block_key);
}

Result<PublicKey> key_in_request(ByteView bytes) {
  auto envelope = unwrap(content_type::enrolment_request, bytes, wire_limit::enrolment_bytes);
  if (!envelope) return std::move(envelope.error());
  return key_of(read_request(envelope->payload), &EnrolmentRequest::block_key);
}

Result<EnrolmentRequest> decode_request(ByteView bytes, const Verifier& block_key) {
  auto payload = unseal(content_type::enrolment_request, bytes, wire_limit::enrolment_bytes, block_key);
  if (!payload) return std::move(payload.error());
  return read_request(*payload);
}

Bytes seal_succession(ByteView request, const Signer& present_key) {
  return seal(content_type::key_succession, request, present_key);
}

bool is_succession(ByteView bytes) {
  return static_cast<bool>(unwrap(content_type::key_succession, bytes, 2 * wire_limit::enrolment_bytes));
}

Result<Bytes> inside_succession(ByteView bytes) {
  auto envelope = unwrap(content_type::key_succession, bytes, 2 * wire_limit::enrolment_bytes);
  if (!envelope) return std::move(envelope.error());
  return Bytes(envelope->payload.begin(), envelope->payload.end());
}

Result<Bytes> open_succession(ByteView bytes, const Verifier& present_key) {
  auto request = unseal(content_type::key_succession, bytes, 2 * wire_limit::enrolment_bytes, present_key);
  if (!request) return std::move(request.error());
  return Bytes(request->begin(), request->end());
}

Result<Bytes> encode_grant(const EnrolmentGrant& grant, const Signer& cloud) {
  if (!is_code(grant.site.text) || !is_code(grant.gateway.text) || !is_instant(grant.at) ||
      !is_pem(grant.authority) || !is_pem(grant.certificate) || grant.cloud_key != cloud.public_key() ||
      !is_plain_text(grant.broker_host, 1, wire_limit::host_bytes) || grant.broker_port == 0) {
    return Error{Fault::malformed, "an enrolment with a field outside its limit"};
  }
  const Json broker =
      Json::object().set("host", grant.broker_host).set("port", std::int64_t{grant.broker_port});
  const Json json = Json::object()
                        .set("schema", 1)
                        .set("site", grant.site.text)
                        .set("gateway", grant.gateway.text)
                        .set("at_ms", ms_of(grant.at))
                        .set("block_key", hex(grant.block_key))
                        .set("cloud_key", hex(grant.cloud_key))
                        .set("broker", broker)
                        .set("authority", grant.authority)
                        .set("certificate", grant.certificate);
  return seal(content_type::enrolment, bytes_of(json.dump()), cloud);
}

Result<PublicKey> key_in_grant(ByteView bytes) {
  auto envelope = unwrap(content_type::enrolment, bytes, wire_limit::enrolment_bytes);
  if (!envelope) return std::move(envelope.error());
  return key_of(read_grant(envelope->payload), &EnrolmentGrant::cloud_key);
}

Result<EnrolmentGrant> decode_grant(ByteView bytes, const Verifier& cloud) {
  auto payload = unseal(content_type::enrolment, bytes, wire_limit::enrolment_bytes, cloud);
  if (!payload) return std::move(payload.error());
  return read_grant(*payload);
}

}  // namespace steward
