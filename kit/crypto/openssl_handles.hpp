#pragma once
// Only for the .cpp files of this folder: OpenSSL's types with their owners.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "kit/crypto/signing_key.hpp"

namespace steward {

/// Owns one OpenSSL object; `free` is its library's own function.
template <auto free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using BioHandle = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<X509_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

/// Reads from `text`, which must outlive the handle.
inline BioHandle bio_over(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// What a writing function put into a memory BIO.
template <class Write>
std::string text_from(Write write) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

/// Takes OpenSSL's oldest error off its queue and empties the queue.
inline std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

/// A password prompt on a server's terminal would hang it: there is none.
inline int no_password(char*, int, int, void*) { return 0; }

}  // namespace steward
