#include "kit/crypto/signing_key.hpp"

#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "kit/crypto/key_file.hpp"
#include "kit/crypto/openssl_handles.hpp"

namespace steward {
namespace {

/// OpenSSL fails here only without memory or without its own algorithms.
void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "OpenSSL cannot %s: %s\n", what, openssl_reason().c_str());
  std::abort();
}

bool is_ed25519(const KeyHandle& key) { return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519; }

PublicKey public_part(const EVP_PKEY* key) {
  PublicKey out{};
  std::size_t length = out.size();
  must(EVP_PKEY_get_raw_public_key(key, out.data(), &length) == 1 && length == out.size(),
       "give a public key");
  return out;
}

}  // namespace

void KeyFree::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

SigningKey SigningKey::generate() {
  KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(is_ed25519(key), "make an Ed25519 key");
  return SigningKey(std::move(key));
}

SigningKey SigningKey::from_seed(const std::array<std::uint8_t, 32>& seed) {
  KeyHandle key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  must(is_ed25519(key), "take an Ed25519 seed");
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!is_ed25519(key)) return Error{Fault::malformed, "not an Ed25519 private key in PEM (PKCS#8)"};
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::load(const std::filesystem::path& file) {
  return read_secret_file(file).and_then(
      [&](const std::string& pem) { return from_pem(pem).with_context(file.string()); });
}

std::string SigningKey::pem() const {
  return text_from([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Result<void> SigningKey::save(const std::filesystem::path& file) const {
  return write_secret_file(file, pem());
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature{};
  std::size_t length = signature.size();
  const DigestHandle context(EVP_MD_CTX_new());
  must(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1 &&
           length == signature.size(),
       "sign");
  return signature;
}

PublicKey SigningKey::public_key() const { return public_part(key_.get()); }

VerifyingKey::VerifyingKey(const PublicKey& key)
    : key_(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size())) {
  must(is_ed25519(key_), "take an Ed25519 public key");
}

Result<VerifyingKey> VerifyingKey::from_pem(std::string_view pem) {
  const BioHandle bio = bio_over(pem);
  KeyHandle key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!is_ed25519(key)) return Error{Fault::malformed, "not an Ed25519 public key in PEM"};
  return VerifyingKey(std::move(key));
}

Result<VerifyingKey> VerifyingKey::load(const std::filesystem::path& file) {
  return read_key_file(file).and_then(
      [&](const std::string& pem) { return from_pem(pem).with_context(file.string()); });
}

std::string VerifyingKey::pem() const {
  return text_from([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

Result<void> VerifyingKey::save(const std::filesystem::path& file) const {
  return write_public_file(file, pem());
}

bool VerifyingKey::verify(ByteView message, const Signature& signature) const {
  const DigestHandle context(EVP_MD_CTX_new());
  must(context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1, "verify");
  const bool good = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                                     message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

PublicKey VerifyingKey::public_key() const { return public_part(key_.get()); }

}  // namespace steward
