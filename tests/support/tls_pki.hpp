#pragma once
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "kit/crypto/certificate.hpp"
#include "kit/crypto/key_file.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace steward {

/// Certificates of every sound and unsound kind, in one folder: ours from our own authority, what we never
/// make from the openssl program. A client's certificate and key are one file, as on a gateway.
class TlsPki {
 public:
  explicit TlsPki(Instant now) : now_(now), ours_(authority("ours")), others_(authority("others")) {
    REQUIRE(write_public_file(in("ours-ca.pem"), ours_.certificate()));
    REQUIRE(write_public_file(in("others-ca.pem"), others_.certificate()));
  }

  std::string in(const std::string& name) const { return (folder_.path() / name).string(); }
  Validity days(int from, int until) const {
    return {now_ + std::chrono::days(from), now_ + std::chrono::days(until)};
  }
  const Authority& ours() const { return ours_; }
  const Authority& others() const { return others_; }

  /// NAME.pem and NAME-key.pem.
  void server(const std::string& name, const Authority& by, const std::vector<std::string>& hosts,
              const Validity& validity) const {
    const auto made = by.issue_server(hosts, validity);
    REQUIRE(made);
    REQUIRE(save_identity(*made, folder_.path(), name));
  }
  /// NAME.pem with both in it; gives the certificate.
  std::string client(const std::string& name, const Authority& by, const std::string& common_name,
                     const Validity& validity) const {
    const auto made = by.issue_client(common_name, validity);
    REQUIRE(made);
    identity(name, made->certificate + made->private_key);
    return made->certificate;
  }
  void identity(const std::string& name, const std::string& text) const {
    REQUIRE(write_secret_file(in(name + ".pem"), text));
  }
  std::string text(const std::string& name) const {
    auto read = read_key_file(in(name));
    REQUIRE(read);
    return std::move(*read);
  }

  void openssl(std::vector<std::string> words) const {
    words.insert(words.begin(), "openssl");
    ChildProcess program(words, in("openssl.log"));
    const int status = program.wait();
    REQUIRE_MESSAGE(status == 0, text("openssl.log"));
  }
  /// A key and a certificate by openssl: `key` as its -newkey, `more` extensions, signed by STEM.pem (empty:
  /// by itself).
  void odd(const std::string& name, const std::string& subject, const std::vector<std::string>& key,
           const std::string& extensions, const std::string& signer,
           const std::string& digest = "-sha256") const {
    std::vector<std::string> request{
        "req",   "-new", "-nodes", "-keyout", in(name + "-key.pem"), "-out", in(name + ".csr"),
        "-subj", subject};
    request.insert(request.end(), key.begin(), key.end());
    openssl(request);
    std::ofstream(in(name + ".ext")) << extensions;
    std::vector<std::string> sign{
        "x509", "-req",     digest,           "-in", in(name + ".csr"), "-out", in(name + ".pem"), "-days",
        "5",    "-extfile", in(name + ".ext")};
    if (signer.empty()) {
      sign.insert(sign.end(), {"-signkey", in(name + "-key.pem")});
    } else {
      sign.insert(sign.end(),
                  {"-CA", in(signer + ".pem"), "-CAkey", in(signer + "-key.pem"), "-CAcreateserial"});
    }
    openssl(sign);
  }

 private:
  Authority authority(const std::string& name) const {
    auto made = Authority::make(name, days(-365, 365));
    REQUIRE(made);
    REQUIRE(made->save(folder_.path() / name));
    std::filesystem::copy_file(folder_.path() / name / "ca-key.pem", in(name + "-ca-key.pem"));
    return std::move(*made);
  }

  TemporaryFolder folder_;
  Instant now_;
  Authority ours_;
  Authority others_;
};

}  // namespace steward
