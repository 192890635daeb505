// What is asked of certificates and keys in PEM.
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/pem_objects.hpp"

namespace steward {
namespace {

std::string serial_text(const X509* certificate) {
  const NumberHandle number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  Bytes bytes(static_cast<std::size_t>(number ? BN_num_bytes(number.get()) : 0));
  if (number) BN_bn2bin(number.get(), bytes.data());
  return hex(bytes);
}

}  // namespace

Result<std::string> common_name_of(std::string_view certificate_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  if (!certificate) return Error{Fault::malformed, "not a certificate in PEM"};
  auto name = name_in(X509_get_subject_name(certificate.get()));
  if (!name) return Error{Fault::malformed, "a certificate without a common name"};
  return std::move(*name);
}

Result<CertificateFacts> certificate_facts(std::string_view certificate_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  if (!certificate) return Error{Fault::malformed, "not a certificate in PEM"};
  const auto from = instant_of(X509_get0_notBefore(certificate.get()));
  const auto until = instant_of(X509_get0_notAfter(certificate.get()));
  if (!from || !until) return Error{Fault::malformed, "a certificate without a beginning or an end"};
  CertificateFacts facts;
  facts.common_name = name_in(X509_get_subject_name(certificate.get())).value_or("");
  facts.validity = {*from, *until};
  facts.serial = serial_text(certificate.get());
  return facts;
}

bool is_pair(std::string_view certificate_pem, std::string_view key_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  const KeyHandle key = key_from(key_pem);
  const bool pair = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return pair;
}

bool is_issued_by(std::string_view certificate_pem, std::string_view authority_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  const CertificateHandle authority = certificate_from(authority_pem);
  const bool issued = certificate && authority &&
                      X509_check_issued(authority.get(), certificate.get()) == X509_V_OK &&
                      X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1;
  ERR_clear_error();
  return issued;
}

Result<std::string> private_key_in(std::string_view pem) {
  const KeyHandle key = key_from(pem);
  if (!key) return Error{Fault::malformed, "holds no private key in PEM"};
  return pem_of(key.get());
}

std::string new_tls_key() { return pem_of(new_key().get()); }

Result<std::string> request_certificate(std::string_view key_pem, std::string_view common_name) {
  const KeyHandle key = key_from(key_pem);
  const RequestHandle request(X509_REQ_new());
  if (!key || !request) return Error{Fault::malformed, "not a private key in PEM"};
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  const bool made = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text,
                                               static_cast<int>(common_name.size()), -1, 0) == 1 &&
                    X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                    X509_REQ_sign(request.get(), key.get(), EVP_sha256()) != 0;
  if (!made) return failed("make a certificate request");
  return text_from([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
}

}  // namespace steward
