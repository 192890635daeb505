#include "edge/enrol/enrolment_folder.hpp"

#include "contract/text/json.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {
namespace {

namespace file = enrolment_file;

std::string about_text(const EnrolmentGrant& grant) {
  const Json broker =
      Json::object().set("host", grant.broker_host).set("port", std::int64_t{grant.broker_port});
  const Json json = Json::object()
                        .set("schema", 1)
                        .set("site", grant.site.text)
                        .set("gateway", grant.gateway.text)
                        .set("broker", broker);
  return json.dump(2) + "\n";
}

Error another_request(const std::filesystem::path& folder) {
  return {Fault::refused,
          "this enrolment is not for the keys in " + folder.string() +
              "; accept the one that answers its own request, or ask again with `steward-edge "
              "enrol request`"};
}

}  // namespace

bool EnrolmentFolder::has(std::string_view name) const {
  std::error_code error;
  return std::filesystem::exists(in(name), error);
}

Result<SigningKey> EnrolmentFolder::block_key(std::string_view name) {
  if (has(name)) return SigningKey::load(in(name));
  auto key = SigningKey::generate();
  if (auto saved = key.save(in(name)); !saved) return std::move(saved.error());
  return key;
}

/// The key to ask with: one still waiting for its certificate, else a new one.
Result<std::string> EnrolmentFolder::tls_key() {
  if (has(file::next_tls_key)) {
    auto waiting = read_secret_file(in(file::next_tls_key));
    if (!waiting) return waiting;
    const auto present = has(file::identity) ? read_secret_file(in(file::identity)) : Result<std::string>("");
    if (!present) return present;
    // In use already: a power cut came between the install and the tidying up.
    if (!is_pair(*present, *waiting)) return waiting;
  }
  auto key = new_tls_key();
  if (auto saved = write_secret_file(in(file::next_tls_key), key); !saved) return std::move(saved.error());
  return key;
}

Result<Bytes> EnrolmentFolder::request(const SiteId& site, const GatewayId& gateway, bool new_block_key,
                                       Instant now) {
  const auto name = gateway_common_name(site, gateway);
  if (!name) return name.error();
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return Error{Fault::broken, "cannot make " + folder_.string() + ": " + error.message()};
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  if (error) return Error{Fault::broken, "cannot close " + folder_.string() + ": " + error.message()};

  const bool succeeds = new_block_key && has(file::identity);  // before that the block key is new anyway
  auto present = block_key(file::block_key);
  if (!present) return std::move(present.error());
  std::optional<SigningKey> next;
  if (succeeds) {
    auto made = block_key(file::next_block_key);
    if (!made) return std::move(made.error());
    next.emplace(std::move(*made));
  }
  const auto tls = tls_key();
  if (!tls) return tls.error();
  auto certificate_request = request_certificate(*tls, *name);
  if (!certificate_request) return std::move(certificate_request.error());
  const SigningKey& asks = next ? *next : *present;
  auto request =
      encode_request({site, gateway, asks.public_key(), std::move(*certificate_request), now}, asks);
  if (!request || !next) return request;
  return seal_succession(*request, *present);
}

/// Verified with the cloud that is known here; a gateway that knows none takes the grant's word, and a
/// person compares the fingerprint.
Result<EnrolmentGrant> EnrolmentFolder::read(ByteView grant) const {
  auto key = key_in_grant(grant);
  if (!key) return Error{key.error().fault, "not an enrolment: " + key.error().message};
  if (has(file::cloud_key)) {
    const auto known = VerifyingKey::load(in(file::cloud_key));
    if (!known) return known.error();
    if (known->public_key() != *key) {
      return Error{Fault::refused,
                   "this enrolment is by another cloud than the one this gateway belongs to; to "
                   "move the gateway there, begin with an empty enrolment folder"};
    }
  }
  return decode_grant(grant, VerifyingKey(*key));
}

/// Which of our TLS keys the certificate is for: the one that asked, or the one in use.
Result<std::string> EnrolmentFolder::key_for(const std::string& certificate) const {
  for (const auto name : {file::next_tls_key, file::identity}) {
    if (!has(name)) continue;
    auto key = read_secret_file(in(name));
    if (!key) return key;
    if (is_pair(certificate, *key)) return private_key_in(*key);
  }
  return another_request(folder_);
}

Result<void> EnrolmentFolder::match_block_key(const EnrolmentGrant& grant, bool& is_next) const {
  const auto present = SigningKey::load(in(file::block_key));
  if (!present) return Error{present.error()};
  if (present->public_key() == grant.block_key) return {};
  if (!has(file::next_block_key)) return another_request(folder_);
  const auto next = SigningKey::load(in(file::next_block_key));
  if (!next) return Error{next.error()};
  if (next->public_key() != grant.block_key) return another_request(folder_);
  is_next = true;
  return {};
}

Result<AcceptedEnrolment> EnrolmentFolder::accept(ByteView bytes) {
  if (!has(file::block_key)) {
    return Error{Fault::refused, folder_.string() +
                                     " has no keys yet, so nobody can have answered them; begin with "
                                     "`steward-edge enrol request`"};
  }
  const auto grant = read(bytes);
  if (!grant) return grant.error();
  AcceptedEnrolment accepted{grant->site, grant->gateway, grant->cloud_key, {}, false, false};
  if (auto fits = match_block_key(*grant, accepted.new_block_key); !fits) return std::move(fits.error());
  const auto facts = certificate_facts(grant->certificate);
  const auto name = gateway_common_name(grant->site, grant->gateway);
  if (!facts || !name || facts->common_name != *name || !is_issued_by(grant->certificate, grant->authority)) {
    return Error{Fault::malformed, "the certificate in this enrolment is not by its authority, or not for " +
                                       grant->site.text + "/" + grant->gateway.text +
                                       "; ask the cloud's operator for another"};
  }
  const auto key = key_for(grant->certificate);
  if (!key) return key.error();
  accepted.validity = facts->validity;
  const auto identity = grant->certificate + *key;
  const auto present = has(file::identity) ? read_secret_file(in(file::identity)) : Result<std::string>("");
  if (!present) return present.error();
  accepted.new_certificate = *present != identity;

  // A folder that is new becomes usable with the last of these; in one that is in use each is sound with
  // the old or the new of the others.
  auto written =
      write_public_file(in(file::authority), grant->authority)
          .and_then([&] { return VerifyingKey(grant->cloud_key).save(in(file::cloud_key)); })
          .and_then([&] { return write_public_file(in(file::about), about_text(*grant)); })
          .and_then([&] { return write_secret_file(in(file::identity), identity); })
          .and_then([&]() -> Result<void> {
            if (!accepted.new_block_key) return {};
            return read_secret_file(in(file::next_block_key)).and_then([&](const std::string& pem) {
              return write_secret_file(in(file::block_key), pem);
            });
          });
  if (!written) return std::move(written.error());
  std::error_code ignored;  // what stays behind is recognised as being in use
  std::filesystem::remove(in(file::next_tls_key), ignored);
  if (accepted.new_block_key) std::filesystem::remove(in(file::next_block_key), ignored);
  return accepted;
}

}  // namespace steward
