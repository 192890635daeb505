#include "kit/crypto/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "contract/wire/topics.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/openssl_handles.hpp"
#include "kit/crypto/random.hpp"

namespace steward {
namespace {

constexpr std::size_t most_name_bytes = 64;  // ub-common-name, RFC 5280, A.1
constexpr std::size_t most_hosts = 32;
constexpr const char* authority_name = "ca";

using NameHandle = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using AddressHandle = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;

/// One extension in OpenSSL's own notation (x509v3_config(5)).
struct Extension {
  int id;
  std::string value;
};

Error failed(const char* what) {
  return {Fault::broken, std::string("OpenSSL cannot ") + what + ": " + openssl_reason()};
}

std::string pem_of(EVP_PKEY* key) {
  return text_from([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}
std::string pem_of(X509* certificate) {
  return text_from([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
CertificateHandle certificate_from(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return certificate;
}
KeyHandle key_from(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

/// RFC 5280, 4.1.2.5: UTCTime before 2050, GeneralizedTime after. Made from the
/// calendar and not from a time_t, which ends in 2038 on armhf.
bool set_time(ASN1_TIME* into, Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  char text[48];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return ASN1_TIME_set_string_X509(into, text) == 1;
}

bool set_serial(X509* certificate) {
  Bytes serial = random_bytes(16);
  serial[0] &= 0x7fU;  // positive
  const NumberHandle number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, const Extension& extension) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const ExtensionHandle made(X509V3_EXT_conf_nid(nullptr, &context, extension.id, extension.value.c_str()));
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

/// Whom and for what a certificate is made.
struct Request {
  std::string_view common_name;
  Validity validity;
  std::vector<Extension> extensions;
};

/// Signs a certificate for a new key; by itself when there is no issuer.
Result<Credentials> sign_certificate(const Request& request, X509* issuer, EVP_PKEY* issuer_key) {
  if (request.common_name.empty() || request.common_name.size() > most_name_bytes) {
    return Error{Fault::refused, "a certificate's common name has 1 to 64 bytes, not " +
                                     std::to_string(request.common_name.size())};
  }
  if (request.validity.until <= request.validity.from)
    return Error{Fault::refused, "a certificate that never holds"};
  const KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const CertificateHandle certificate(X509_new());
  const NameHandle name(X509_NAME_new());
  if (!key || !certificate || !name) return failed("make a key");
  if (issuer == nullptr) {
    issuer = certificate.get();
    issuer_key = key.get();
  }
  const auto* text = reinterpret_cast<const unsigned char*>(request.common_name.data());
  const bool named = X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8, text,
                                                static_cast<int>(request.common_name.size()), -1, 0) == 1 &&
                     X509_set_subject_name(certificate.get(), name.get()) == 1 &&
                     X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1;
  const bool filled = named && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      set_serial(certificate.get()) && X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                      set_time(X509_getm_notBefore(certificate.get()), request.validity.from) &&
                      set_time(X509_getm_notAfter(certificate.get()), request.validity.until);
  if (!filled) return failed("fill a certificate");
  for (const auto& extension : request.extensions) {
    if (!add_extension(certificate.get(), issuer, extension)) return failed("add an extension");
  }
  if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) == 0) return failed("sign a certificate");
  return Credentials{pem_of(certificate.get()), pem_of(key.get())};
}

/// Key identifiers let a client find the issuer; the subject's own comes first,
/// because a self-signed authority's issuer identifier is made from it.
std::vector<Extension> leaf_extensions(const char* purpose) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, purpose},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"}};
}

bool is_address(const std::string& host) {
  const AddressHandle address(a2i_IPADDRESS(host.c_str()));
  ERR_clear_error();
  return address != nullptr;
}

/// RFC 1123, 2.1: letters, digits and hyphens in labels; "*." once in front.
bool is_host_name(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return std::ranges::all_of(host, allowed) && host.find("..") == std::string_view::npos;
}

/// Commas and colons have a meaning in OpenSSL's notation: only checked names get there.
Result<std::string> alternative_names(std::span<const std::string> hosts) {
  if (hosts.empty() || hosts.size() > most_hosts) return Error{Fault::refused, "a server has 1 to 32 names"};
  std::string value;
  for (const auto& host : hosts) {
    const bool address = is_address(host);
    if (!address && !is_host_name(host)) {
      return Error{Fault::refused, "\"" + host + "\" is neither a host name nor an IP address"};
    }
    value += (value.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + host;
  }
  return value;
}

Result<Credentials> issue(const Credentials& authority, const Request& request) {
  const CertificateHandle issuer = certificate_from(authority.certificate);
  const KeyHandle key = key_from(authority.private_key);
  if (!issuer || !key) return Error{Fault::broken, "the authority's certificate or key is unreadable"};
  return sign_certificate(request, issuer.get(), key.get());
}

Result<void> make_folder(const std::filesystem::path& dir) {
  std::error_code reason;
  std::filesystem::create_directories(dir, reason);
  if (reason) return Error{Fault::broken, "cannot make the folder " + dir.string() + ": " + reason.message()};
  return {};
}

}  // namespace

Validity valid_for_days(Instant now, int days) {
  return {now - std::chrono::days(1), now + std::chrono::days(days)};
}

Result<void> save_identity(const Credentials& identity, const std::filesystem::path& dir,
                           std::string_view name) {
  const std::string stem(name);
  return make_folder(dir)
      .and_then([&] { return write_secret_file(dir / (stem + "-key.pem"), identity.private_key); })
      .and_then([&] { return write_public_file(dir / (stem + ".pem"), identity.certificate); });
}

Result<Authority> Authority::make(std::string_view name, const Validity& validity) {
  const Request request{.common_name = name,
                        .validity = validity,
                        .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                       {NID_subject_key_identifier, "hash"},
                                       {NID_authority_key_identifier, "keyid:always"}}};
  auto identity = sign_certificate(request, nullptr, nullptr);
  if (!identity) return identity.error();
  return Authority(std::move(*identity));
}

Result<Authority> Authority::load(const std::filesystem::path& dir) {
  const std::string stem(authority_name);
  auto certificate_pem = read_key_file(dir / (stem + ".pem"));
  if (!certificate_pem) return certificate_pem.error();
  auto key_pem = read_key_file(dir / (stem + "-key.pem"));
  if (!key_pem) return key_pem.error();
  const CertificateHandle certificate = certificate_from(*certificate_pem);
  const KeyHandle key = key_from(*key_pem);
  const bool usable = certificate && key && X509_check_ca(certificate.get()) == 1 &&
                      X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!usable)
    return Error{Fault::malformed, dir.string() + " does not hold an authority's certificate and its key"};
  return Authority(Credentials{std::move(*certificate_pem), std::move(*key_pem)});
}

Result<void> Authority::save(const std::filesystem::path& dir) const {
  return save_identity(identity_, dir, authority_name);
}

Result<Credentials> Authority::issue_client(std::string_view common_name, const Validity& validity) const {
  return issue(identity_, {common_name, validity, leaf_extensions("clientAuth")});
}

Result<Credentials> Authority::issue_server(std::span<const std::string> hosts,
                                            const Validity& validity) const {
  auto names = alternative_names(hosts);
  if (!names) return names.error();
  Request request{hosts.front(), validity, leaf_extensions("serverAuth")};
  request.extensions.push_back({NID_subject_alt_name, *names});
  return issue(identity_, request);
}

Result<std::string> gateway_common_name(const SiteId& site, const GatewayId& gateway) {
  if (!is_code(site.text) || !is_code(gateway.text)) {
    return Error{Fault::refused, "site and gateway codes are 1 to 32 of a-z, 0-9 and -"};
  }
  std::string name = site.text + "/" + gateway.text;
  if (name.size() > most_name_bytes) {
    return Error{Fault::refused,
                 "site and gateway codes have at most 63 characters together, since a "
                 "certificate's name has at most 64 bytes"};
  }
  return name;
}

Result<std::string> common_name_of(std::string_view certificate_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  if (!certificate) return Error{Fault::malformed, "not a certificate in PEM"};
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return Error{Fault::malformed, "a certificate without a common name"};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
}

Result<Instant> certificate_ends(std::string_view certificate_pem) {
  const CertificateHandle certificate = certificate_from(certificate_pem);
  if (!certificate) return Error{Fault::malformed, "not a certificate in PEM"};
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
    return Error{Fault::malformed, "a certificate without an end"};
  using namespace std::chrono;  // the calendar and not a time_t, which ends in 2038 on armhf
  const auto day = year(end.tm_year + 1900) / (end.tm_mon + 1) / end.tm_mday;
  return Instant(sys_days(day) + hours(end.tm_hour) + minutes(end.tm_min) + seconds(end.tm_sec));
}

}  // namespace steward
