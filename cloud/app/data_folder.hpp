#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cloud/app/verbs.hpp"
#include "cloud/metering/calendar.hpp"
#include "cloud/metering/estate.hpp"
#include "cloud/store/store.hpp"
#include "contract/nouns/problem.hpp"
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// The one folder of a cloud: `steward.db` (the books), `cloud-key.pem` (signs
/// acks), `authority/` (signs certificates), `bills/` (copies for people).
/// Made on first use, for its owner only (0700); keys are 0600.
class DataFolder {
 public:
  /// Makes the folder when it is missing. Faults: broken, refused (a file is in the way).
  static Result<DataFolder> open(const std::filesystem::path& path);
  /// For verbs that only ask or bill: a mistyped --data is told, not made. Faults: as above, refused.
  static Result<DataFolder> open_existing(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "steward.db"; }
  std::filesystem::path bills() const { return path_ / "bills"; }

  Result<std::unique_ptr<Store>> open_store() const;
  /// The cloud's own Ed25519 key, made on first use. Every gateway is given its
  /// public half: losing it means enrolling them all again.
  Result<SigningKey> cloud_key() const;
  /// The authority of the broker's and the gateways' certificates, made on first use.
  Result<Authority> authority() const;
  /// The broker's revocation list as the books have it now, newer than the last one; kept in the authority's
  /// folder too. Faults: those of the store and the disk.
  Result<std::string> revocation_list(Store& store) const;

 private:
  explicit DataFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// An instant for people: in UTC+8 when nothing better is known.
inline constexpr UtcOffset default_offset{480};

/// The site a verb is about: `wanted`, or the only one there is. Faults also: implausible (not `wanted`).
/// Faults: refused (none, or several and none was named; the message names them).
Result<SiteId> choose_site(Store& store, const std::string& wanted);

/// The latest import of `site`, read again. Faults: refused (never imported),
/// broken (its files cannot be read any more: ours to mend).
struct ImportedEstate {
  EstateImport import;
  Estate estate;
};
Result<ImportedEstate> latest_estate(Store& store, const SiteId& site);
/// The same of the import a bill run names.
Result<ImportedEstate> imported_estate(Store& store, const SiteId& site, std::int64_t version);

}  // namespace steward
