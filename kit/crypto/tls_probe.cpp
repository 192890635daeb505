#include "kit/crypto/tls_probe.hpp"

#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>
#include <cerrno>
#include <optional>
#include <system_error>

#include "contract/text/instant_text.hpp"
#include "kit/crypto/openssl_handles.hpp"

namespace steward {
namespace {

using ContextHandle = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SessionHandle = std::unique_ptr<SSL, FreeWith<SSL_free>>;

/// Closes its descriptor.
struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd = -1;
};

/// What the verification of the server's chain stumbled over.
struct Stumble {
  int code = X509_V_OK;
  int depth = 0;
  std::string subject;
  std::string dates;
};

std::string name_of(const X509* certificate) {
  if (certificate == nullptr) return {};
  return text_from([&](BIO* bio) {
    return X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                              XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0
               ? 1
               : 0;
  });
}

std::string time_text(const ASN1_TIME* time) {
  return text_from([&](BIO* bio) { return ASN1_TIME_print(bio, time); });
}

/// The names a server's certificate is made out to, for the one who dialled another.
std::string names_of(const X509* certificate) {
  std::string out;
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int at = 0; at < sk_GENERAL_NAME_num(names); ++at) {
    out += (out.empty() ? "" : ", ") + text_from([&](BIO* bio) {
             return GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, at)) >= 0 ? 1 : 0;
           });
  }
  GENERAL_NAMES_free(names);
  return out.empty() ? name_of(certificate) : out;
}

int note_stumble(int sound, X509_STORE_CTX* chain) {
  if (sound == 1) return 1;
  const auto* session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* stumble = static_cast<Stumble*>(SSL_get_ex_data(session, 0));
  const auto* certificate = X509_STORE_CTX_get_current_cert(chain);
  stumble->code = X509_STORE_CTX_get_error(chain);
  stumble->depth = X509_STORE_CTX_get_error_depth(chain);
  const bool names =
      stumble->code == X509_V_ERR_HOSTNAME_MISMATCH || stumble->code == X509_V_ERR_IP_ADDRESS_MISMATCH;
  if (certificate == nullptr) return 0;
  stumble->subject = names ? names_of(certificate) : name_of(certificate);
  stumble->dates =
      time_text(X509_get0_notBefore(certificate)) + " to " + time_text(X509_get0_notAfter(certificate));
  return 0;
}

TlsTrouble trouble_of(const Stumble& stumble, Instant now) {
  switch (stumble.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TlsTrouble::server_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return now < first_possible_now ? TlsTrouble::clock : TlsTrouble::server_not_yet;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return TlsTrouble::server_self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return TlsTrouble::server_unknown;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TlsTrouble::server_name;
    case X509_V_ERR_INVALID_PURPOSE:
      return stumble.depth == 0 ? TlsTrouble::server_purpose : TlsTrouble::server_chain;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return TlsTrouble::server_weak;
    default: return TlsTrouble::server_chain;
  }
}

/// What OpenSSL's newest error means; alerts are the other side's words (RFC 8446, 6.2).
TlsTrouble trouble_of_reason(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return TlsTrouble::refused_expired;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return TlsTrouble::refused_revoked;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return TlsTrouble::refused_unknown;
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return TlsTrouble::refused_missing;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED: return TlsTrouble::refused_bad;
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION: return TlsTrouble::old_tls;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_TOO_SMALL: return TlsTrouble::not_tls;
    default: return TlsTrouble::other;
  }
}

std::string reason_text(int number) { return std::generic_category().message(number); }

/// Waits until the socket can do what TLS wants of it.
bool wait_for(int descriptor, short events, std::chrono::steady_clock::time_point until) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{descriptor, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// One probe, from a name to a verdict.
class Probe {
 public:
  Probe(const TlsSide& side, Instant now, Milliseconds patience) : side_(side), patience_(patience) {
    scene_ = {side.host + ":" + std::to_string(side.port), side.cert_file, "", now};
  }

  TlsVerdict run() {
    if (auto own = judge_tls_files(side_, scene_.now); own.trouble != TlsTrouble::none) return own;
    if (auto failed = connect()) return *failed;
    if (auto failed = prepare()) return *failed;
    return greet();
  }

 private:
  TlsVerdict say(TlsTrouble trouble, std::string detail) {
    scene_.detail = std::move(detail);
    return verdict_of(trouble, scene_);
  }

  std::optional<TlsVerdict> connect() {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(side_.host.c_str(), std::to_string(side_.port).c_str(), &wanted, &found);
    if (failed != 0) return say(TlsTrouble::no_such_host, ::gai_strerror(failed));
    const std::unique_ptr<addrinfo, FreeWith<::freeaddrinfo>> addresses(found);
    std::string last;
    for (const auto* at = found; at != nullptr; at = at->ai_next) {
      auto socket = std::make_unique<Socket>(
          ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
      if (socket->fd < 0) continue;
      int reason = ::connect(socket->fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
      if (reason == EINPROGRESS) {
        const bool answered = wait_for(socket->fd, POLLOUT, std::chrono::steady_clock::now() + patience_);
        socklen_t size = sizeof reason;
        if (!answered || ::getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &reason, &size) != 0)
          reason = ETIMEDOUT;
      }
      if (reason == 0) {
        socket_ = std::move(socket);
        return std::nullopt;
      }
      last = reason_text(reason);
    }
    return say(TlsTrouble::nobody_listens, last);
  }

  std::optional<TlsVerdict> prepare() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    const bool ready = context_ && SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) == 1 &&
                       SSL_CTX_set_cipher_list(context_.get(), "DEFAULT@SECLEVEL=2") == 1 &&
                       SSL_CTX_load_verify_locations(context_.get(), side_.ca_file.c_str(), nullptr) == 1;
    if (!ready) return say(TlsTrouble::other, openssl_reason());
    // A key or certificate of ours below the security level is refused here.
    if (SSL_CTX_use_certificate_chain_file(context_.get(), side_.cert_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_.get(), side_.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      return say(TlsTrouble::refused_bad, openssl_reason());
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, note_stumble);
    session_.reset(SSL_new(context_.get()));
    auto* param = session_ ? SSL_get0_param(session_.get()) : nullptr;
    if (param == nullptr || SSL_set_ex_data(session_.get(), 0, &stumble_) != 1 ||
        SSL_set_fd(session_.get(), socket_->fd) != 1) {
      return say(TlsTrouble::other, openssl_reason());
    }
    X509_VERIFY_PARAM_set_time(param, static_cast<std::time_t>(ms_of(scene_.now) / 1000));
    if (X509_VERIFY_PARAM_set1_ip_asc(param, side_.host.c_str()) != 1) {  // no address: a name
      X509_VERIFY_PARAM_set1_host(param, side_.host.c_str(), 0);
      // SSL_set_tlsext_host_name without its macro, which casts the old way.
      SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(side_.host.c_str()));
    }
    ERR_clear_error();
    return std::nullopt;
  }

  /// Runs one step of OpenSSL's to its end; false when the time is over. `result` is its last word.
  template <class Step>
  bool drive(Step step, int& result) {
    const auto until = std::chrono::steady_clock::now() + patience_;
    while (true) {
      ERR_clear_error();
      errno = 0;
      result = step();
      if (result > 0) return true;
      const int wants = SSL_get_error(session_.get(), result);
      if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return true;
      if (!wait_for(socket_->fd, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until)) return false;
    }
  }

  TlsVerdict greet() {
    int result = 0;
    if (!drive([&] { return SSL_connect(session_.get()); }, result)) return say(TlsTrouble::no_answer, "");
    if (result != 1) return explain();
    const std::string version = SSL_get_version(session_.get());
    // We say goodbye; the server reads our certificate first, and what it thinks of it comes back before its
    // own.
    SSL_shutdown(session_.get());
    char rest[256];
    bool in_time = true;
    do in_time = drive([&] { return SSL_read(session_.get(), rest, sizeof rest); }, result);
    while (in_time && result > 0);
    const int reason = ERR_GET_REASON(ERR_peek_error());
    const auto trouble = in_time ? trouble_of_reason(reason) : TlsTrouble::other;
    if (reason != 0 && trouble != TlsTrouble::other) return explain();
    ERR_clear_error();
    return say(TlsTrouble::none, version);
  }

  TlsVerdict explain() {
    if (stumble_.code != X509_V_OK) {
      ERR_clear_error();
      const auto trouble = trouble_of(stumble_, scene_.now);
      const bool dates = trouble == TlsTrouble::server_expired || trouble == TlsTrouble::server_not_yet ||
                         trouble == TlsTrouble::clock;
      const std::string library = X509_verify_cert_error_string(stumble_.code);
      return say(trouble, (dates ? stumble_.dates : stumble_.subject + ": " + library));
    }
    const auto error = ERR_peek_error();
    const int reason = ERR_GET_REASON(error);
    if (error == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      ERR_clear_error();
      return say(TlsTrouble::not_tls, "it hung up at our greeting");
    }
    return say(trouble_of_reason(reason), openssl_reason());
  }

  const TlsSide& side_;
  Milliseconds patience_;
  TlsScene scene_;
  Stumble stumble_;
  std::unique_ptr<Socket> socket_;  // outlives the session
  ContextHandle context_;
  SessionHandle session_;
};

}  // namespace

TlsVerdict probe_tls(const TlsSide& side, Instant now, Milliseconds patience) {
  return Probe(side, now, patience).run();
}

}  // namespace steward
