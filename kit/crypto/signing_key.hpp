#pragma once
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"
#include "contract/wire/seal.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY; its headers stay in kit/crypto's .cpp files

namespace steward {

struct KeyFree {
  void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, KeyFree>;

/// An Ed25519 private key (RFC 8032). Files are PKCS#8 PEM (RFC 8410, 7), as
/// `openssl genpkey -algorithm ed25519` writes them.
/// Thread: any; signing changes nothing. One signature costs about 80 us.
class SigningKey : public Signer {
 public:
  static SigningKey generate();
  /// The key whose 32-byte seed (RFC 8032, 5.1.5) is given: fixed keys for tests.
  static SigningKey from_seed(const std::array<std::uint8_t, 32>& seed);
  /// Faults: malformed (not PEM, or not an Ed25519 private key).
  static Result<SigningKey> from_pem(std::string_view pem);
  /// Faults: broken (cannot be read; the message names the file), refused (others may read it), malformed.
  static Result<SigningKey> load(const std::filesystem::path& file);

  std::string pem() const;
  /// Whole and with mode 0600, or not at all. Faults: broken.
  Result<void> save(const std::filesystem::path& file) const;

  Signature sign(ByteView message) const override;
  PublicKey public_key() const override;

 private:
  explicit SigningKey(KeyHandle key) : key_(std::move(key)) {}
  KeyHandle key_;
};

/// An Ed25519 public key. Files are SubjectPublicKeyInfo PEM (RFC 8410, 4).
/// Thread: any. One verification costs about 170 us.
class VerifyingKey : public Verifier {
 public:
  /// Any 32 bytes are taken; bytes that are no point on the curve verify nothing.
  explicit VerifyingKey(const PublicKey& key);
  static Result<VerifyingKey> from_pem(std::string_view pem);
  static Result<VerifyingKey> load(const std::filesystem::path& file);

  std::string pem() const;
  /// Whole and with mode 0644, or not at all. Faults: broken.
  Result<void> save(const std::filesystem::path& file) const;

  bool verify(ByteView message, const Signature& signature) const override;
  PublicKey public_key() const;

 private:
  explicit VerifyingKey(KeyHandle key) : key_(std::move(key)) {}
  KeyHandle key_;
};

}  // namespace steward
