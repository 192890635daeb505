#pragma once
#include <filesystem>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/verbs.hpp"
#include "contract/wire/enrolment.hpp"
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// What `steward-edge enrol request` wrote, checked to be asked by who has the keys in it.
struct GatewayRequest {
  EnrolmentRequest request;
  Bytes succession;  // with another block key: the request once more under the present one; else empty

  /// Whether the owner of this key asked for its successor.
  bool is_consented_by(const PublicKey& present) const;
};
/// Faults: broken, malformed (both sentences say what is wrong with the file).
Result<GatewayRequest> read_gateway_request(const std::filesystem::path& file);

/// The cloud's side of the acquaintance, and a certificate for the TLS key that asked.
/// Faults: refused (the certificate request is not sound), broken.
Result<EnrolmentGrant> draw_up_grant(const DataFolder& data, const GatewayOptions& options,
                                     const EnrolmentRequest& request, const SigningKey& cloud);

/// Marks a gateway's certificates as revoked, all or all but the newest. Inside `transact`.
Result<void> revoke_certificates(Store& store, const SiteId& site, const GatewayId& gateway,
                                 bool keep_newest);

}  // namespace steward
