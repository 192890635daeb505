#include "kit/crypto/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/bn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "contract/wire/topics.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/pem_objects.hpp"
#include "kit/crypto/random.hpp"

namespace steward {
namespace {

constexpr std::size_t most_name_bytes = 64;  // ub-common-name, RFC 5280, A.1
constexpr std::size_t most_hosts = 32;
constexpr const char* authority_name = "ca";

using RevocationsHandle = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using RevokedHandle = std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>>;
using SerialHandle = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using TimeHandle = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using NameHandle = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using AddressHandle = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;

/// One extension in OpenSSL's own notation (x509v3_config(5)).
struct Extension {
  int id;
  std::string value;
};

/// When a revocation list in PEM was made.
std::optional<Instant> list_begins(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  const RevocationsHandle list(PEM_read_bio_X509_CRL(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return list ? instant_of(X509_CRL_get0_lastUpdate(list.get())) : std::nullopt;
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

/// Signs a certificate for `key`; by itself when there is no issuer.
Result<std::string> sign_certificate(const Request& request, EVP_PKEY* key, X509* issuer,
                                     EVP_PKEY* issuer_key) {
  if (request.common_name.empty() || request.common_name.size() > most_name_bytes) {
    return Error{Fault::refused, "a certificate's common name has 1 to 64 bytes, not " +
                                     std::to_string(request.common_name.size())};
  }
  if (request.validity.until <= request.validity.from)
    return Error{Fault::refused, "a certificate that never holds"};
  const CertificateHandle certificate(X509_new());
  const NameHandle name(X509_NAME_new());
  if (key == nullptr || !certificate || !name) return failed("make a key");
  if (issuer == nullptr) {
    issuer = certificate.get();
    issuer_key = key;
  }
  const auto* text = reinterpret_cast<const unsigned char*>(request.common_name.data());
  const bool named = X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8, text,
                                                static_cast<int>(request.common_name.size()), -1, 0) == 1 &&
                     X509_set_subject_name(certificate.get(), name.get()) == 1 &&
                     X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1;
  const bool filled = named && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                      set_serial(certificate.get()) && X509_set_pubkey(certificate.get(), key) == 1 &&
                      set_time(X509_getm_notBefore(certificate.get()), request.validity.from) &&
                      set_time(X509_getm_notAfter(certificate.get()), request.validity.until);
  if (!filled) return failed("fill a certificate");
  for (const auto& extension : request.extensions) {
    if (!add_extension(certificate.get(), issuer, extension)) return failed("add an extension");
  }
  if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) == 0) return failed("sign a certificate");
  return pem_of(certificate.get());
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

Result<std::string> issue_for(const Credentials& authority, const Request& request, EVP_PKEY* subject) {
  const CertificateHandle issuer = certificate_from(authority.certificate);
  const KeyHandle key = key_from(authority.private_key);
  if (!issuer || !key) return Error{Fault::broken, "the authority's certificate or key is unreadable"};
  return sign_certificate(request, subject, issuer.get(), key.get());
}

Result<Credentials> issue(const Credentials& authority, const Request& request) {
  const KeyHandle key = new_key();
  auto certificate = issue_for(authority, request, key.get());
  if (!certificate) return std::move(certificate.error());
  return Credentials{std::move(*certificate), pem_of(key.get())};
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
  const KeyHandle key = new_key();
  auto certificate = sign_certificate(request, key.get(), nullptr, nullptr);
  if (!certificate) return std::move(certificate.error());
  return Authority(Credentials{std::move(*certificate), pem_of(key.get())});
}

Result<Authority> Authority::load(const std::filesystem::path& dir) {
  const std::string stem(authority_name);
  auto certificate_pem = read_key_file(dir / (stem + ".pem"));
  if (!certificate_pem) return certificate_pem.error();
  auto key_pem = read_secret_file(dir / (stem + "-key.pem"));
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

Result<std::string> Authority::sign_client(std::string_view request_pem, std::string_view common_name,
                                           const Validity& validity) const {
  const RequestHandle request = request_from(request_pem);
  const KeyHandle key(request ? X509_REQ_get_pubkey(request.get()) : nullptr);
  const bool proven = key && X509_REQ_verify(request.get(), key.get()) == 1;
  ERR_clear_error();
  if (!proven) return Error{Fault::refused, "the certificate request is not signed by the key it names"};
  if (!is_p256(key.get())) return Error{Fault::refused, "the certificate request is not for an EC P-256 key"};
  auto name = name_in(X509_REQ_get_subject_name(request.get()));
  if (!name || *name != common_name) {
    return Error{Fault::refused, "the certificate request is for " +
                                     (name ? "\"" + *name + "\"" : "no name") + ", not for \"" +
                                     std::string(common_name) + "\""};
  }
  return issue_for(identity_, {common_name, validity, leaf_extensions("clientAuth")}, key.get());
}

Result<Credentials> Authority::issue_server(std::span<const std::string> hosts,
                                            const Validity& validity) const {
  auto names = alternative_names(hosts);
  if (!names) return names.error();
  Request request{hosts.front(), validity, leaf_extensions("serverAuth")};
  request.extensions.push_back({NID_subject_alt_name, *names});
  return issue(identity_, request);
}

Result<std::string> Authority::revocation_list(std::span<const std::string> serials, Instant now,
                                               std::string_view previous) const {
  const CertificateHandle issuer = certificate_from(identity_.certificate);
  const KeyHandle key = key_from(identity_.private_key);
  const RevocationsHandle list(X509_CRL_new());
  if (!issuer || !key || !list) return failed("make a revocation list");
  auto from = now - std::chrono::days(1);  // clocks differ
  if (!previous.empty()) {
    const auto before = list_begins(previous);
    if (!before) return Error{Fault::malformed, "the last revocation list is not one in PEM"};
    from = std::max(from, *before + std::chrono::seconds(1));
  }
  const TimeHandle at(ASN1_TIME_new());
  if (!at || !set_time(at.get(), from)) return failed("date a revocation list");
  bool filled = X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
                X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())) == 1 &&
                X509_CRL_set1_lastUpdate(list.get(), at.get()) == 1 &&
                X509_CRL_set1_nextUpdate(list.get(), X509_get0_notAfter(issuer.get())) == 1;
  for (const auto& serial : serials) {
    BIGNUM* number = nullptr;
    const bool read =
        !serial.empty() && BN_hex2bn(&number, serial.c_str()) == static_cast<int>(serial.size());
    const NumberHandle owned(number);
    const SerialHandle entry_serial(read ? BN_to_ASN1_INTEGER(number, nullptr) : nullptr);
    RevokedHandle entry(X509_REVOKED_new());
    if (!entry_serial || !entry) return Error{Fault::malformed, "\"" + serial + "\" is no serial number"};
    filled = filled && X509_REVOKED_set_serialNumber(entry.get(), entry_serial.get()) == 1 &&
             X509_REVOKED_set_revocationDate(entry.get(), at.get()) == 1 &&
             X509_CRL_add0_revoked(list.get(), entry.get()) == 1;
    if (filled) (void)entry.release();  // the list's now
  }
  // RFC 5280, 5.2.3: numbers rise. The date does.
  const SerialHandle number(ASN1_INTEGER_new());
  filled = filled && number && ASN1_INTEGER_set_int64(number.get(), ms_of(from) / 1000) == 1 &&
           X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, 0) == 1 &&
           X509_CRL_sort(list.get()) == 1 && X509_CRL_sign(list.get(), key.get(), EVP_sha256()) != 0;
  if (!filled) return failed("fill a revocation list");
  return text_from([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
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

}  // namespace steward
