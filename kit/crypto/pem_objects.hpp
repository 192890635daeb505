#pragma once
// Only for the .cpp files of this folder: certificates, requests and keys out of PEM and back.
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

#include "contract/nouns/clock.hpp"
#include "kit/crypto/openssl_handles.hpp"

namespace steward {

using RequestHandle = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

inline Error failed(const char* what) {
  return {Fault::broken, std::string("OpenSSL cannot ") + what + ": " + openssl_reason()};
}

inline std::string pem_of(EVP_PKEY* key) {
  return text_from([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}
inline std::string pem_of(X509* certificate) {
  return text_from([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
inline CertificateHandle certificate_from(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return certificate;
}
inline KeyHandle key_from(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

inline RequestHandle request_from(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  RequestHandle request(PEM_read_bio_X509_REQ(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return request;
}

inline std::optional<std::string> name_in(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return std::nullopt;
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
}

inline std::optional<Instant> instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  using namespace std::chrono;  // the calendar and not a time_t, which ends in 2038 on armhf
  const auto day = year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  return Instant(sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec));
}

inline KeyHandle new_key() { return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }

/// What `new_key` makes, and no other: a certificate for a weak key would be ours too.
inline bool is_p256(const EVP_PKEY* key) {
  char group[32] = {};
  std::size_t length = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
         std::string_view(group, length) == "prime256v1";
}

}  // namespace steward
