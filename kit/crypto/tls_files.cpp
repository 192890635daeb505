#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "contract/text/instant_text.hpp"
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/openssl_handles.hpp"
#include "kit/crypto/tls_probe.hpp"

namespace steward {
namespace {

bool is_for_clients(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  const CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return certificate && X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1;
}

bool others_may_read(const std::string& file) {
  struct stat about = {};
  return ::stat(file.c_str(), &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

/// The dates a certificate holds between, and our clock.
TlsVerdict judge_dates(const Validity& validity, TlsScene scene) {
  scene.detail = instant_text(validity.from) + " to " + instant_text(validity.until);
  if (scene.now < validity.from && scene.now < first_possible_now)
    return verdict_of(TlsTrouble::clock, scene);
  if (scene.now < validity.from) return verdict_of(TlsTrouble::own_not_yet, scene);
  if (scene.now > validity.until) return verdict_of(TlsTrouble::own_expired, scene);
  return {};
}

}  // namespace

TlsVerdict judge_tls_files(const TlsSide& side, Instant now) {
  TlsScene scene{side.host + ":" + std::to_string(side.port), side.ca_file, "", now};
  const auto say = [&](TlsTrouble trouble, const std::string& file, std::string detail = {}) {
    scene.file = file;
    scene.detail = std::move(detail);
    return verdict_of(trouble, scene);
  };
  for (const auto* file : {&side.ca_file, &side.cert_file, &side.key_file}) {
    const auto text = read_key_file(*file);
    if (!text) return say(TlsTrouble::file_missing, *file, text.error().message);
  }
  if (others_may_read(side.key_file)) return say(TlsTrouble::file_open, side.key_file);
  const auto authority = read_key_file(side.ca_file);
  const auto certificate = read_key_file(side.cert_file);
  const auto key = read_key_file(side.key_file);
  if (!authority || !certificate || !key)
    return say(TlsTrouble::file_missing, side.cert_file, "it went away");
  if (const auto facts = certificate_facts(*authority); !facts)
    return say(TlsTrouble::file_broken, side.ca_file, facts.error().message);
  const auto facts = certificate_facts(*certificate);
  if (!facts) return say(TlsTrouble::file_broken, side.cert_file, facts.error().message);
  if (const auto readable = private_key_in(*key); !readable)
    return say(TlsTrouble::file_broken, side.key_file, readable.error().message);
  if (!is_pair(*certificate, *key)) return say(TlsTrouble::key_differs, side.key_file);
  if (!is_for_clients(*certificate)) return say(TlsTrouble::own_purpose, side.cert_file);
  if (facts->common_name.empty()) return say(TlsTrouble::own_nameless, side.cert_file);
  if (!side.expected_name.empty() && facts->common_name != side.expected_name)
    return say(TlsTrouble::own_name, side.cert_file, facts->common_name + ", not " + side.expected_name);
  scene.file = side.cert_file;
  return judge_dates(facts->validity, scene);
}

}  // namespace steward
