#include "cloud/app/data_folder.hpp"

#include <algorithm>

#include "cloud/app/say.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "cloud/store/sqlite_store.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/crypto/random.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

// A gateway stays in its cabinet for 12 to 15 years; a certificate that ends
// sooner than its authority would silence it. Renewal over the air comes later.
constexpr int authority_days = 365 * 20;

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  const bool fresh = std::filesystem::create_directories(path, error);
  if (error) return Error{Fault::broken, "data folder " + path.string() + ": " + error.message()};
  if (!std::filesystem::is_directory(path, error)) {
    return Error{Fault::refused, "data folder " + path.string() + ": a file is in its place"};
  }
  if (fresh) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return DataFolder(path);
}

Result<DataFolder> DataFolder::open_existing(const std::filesystem::path& path) {
  std::error_code error;
  const auto name = path.string();
  if (std::filesystem::exists(path, error)) return open(path);
  return error_of(Fault::refused,
                  "there is no folder " + name +
                      ", so there is no estate yet; is --data right? A new one begins with: "
                      "steward-cloud --data " +
                      name + " import FOLDER",
                  "没有文件夹 " + name +
                      "，还没有小区；--data 是否写对？新的请先导入：steward-cloud --data " + name +
                      " import FOLDER");
}

Result<std::unique_ptr<Store>> DataFolder::open_store() const {
  auto store = SqliteStore::open(database(), random_uuid());
  if (!store) return std::move(store.error());
  return std::unique_ptr<Store>(std::move(*store));
}

Result<SigningKey> DataFolder::cloud_key() const {
  const auto file = path_ / "cloud-key.pem";
  if (std::filesystem::exists(file)) return SigningKey::load(file);
  auto key = SigningKey::generate();
  if (auto saved = key.save(file); !saved) return std::move(saved.error());
  return key;
}

Result<Authority> DataFolder::authority() const {
  const auto folder = path_ / "authority";
  if (std::filesystem::exists(folder / "ca.pem")) return Authority::load(folder);
  // Certificates are checked against the real clock, also where time is stepped.
  auto made = Authority::make("Steward authority", valid_for_days(SystemClock().now(), authority_days));
  if (!made) return std::move(made.error());
  if (auto saved = made->save(folder); !saved) return std::move(saved.error());
  return made;
}

Result<std::string> DataFolder::revocation_list(Store& store) const {
  const auto made = authority();
  if (!made) return made.error();
  auto certificates = store.certificates();
  if (!certificates) return std::move(certificates.error());
  std::vector<std::string> serials;
  for (const auto& row : *certificates) {
    if (row.revoked) serials.push_back(row.serial);
  }
  const auto file = path_ / "authority" / "crl.pem";
  std::error_code error;
  const auto previous = std::filesystem::exists(file, error) ? read_key_file(file) : Result<std::string>("");
  if (!previous) return previous;
  auto list = made->revocation_list(serials, SystemClock().now(), *previous);
  if (!list) return list;
  if (auto kept = write_public_file(file, *list); !kept) return std::move(kept.error());
  return list;
}

Result<SiteId> choose_site(Store& store, const std::string& wanted) {
  auto estates = store.estates();
  if (!estates) return std::move(estates.error());
  std::vector<SiteId> sites = std::move(*estates);
  const auto known = [&] { return std::ranges::find(sites, SiteId{wanted}) != sites.end(); };
  // Gateways may have been enrolled before the estate was imported.
  if (sites.empty() || (!wanted.empty() && !known())) {
    auto gateways = store.gateways();
    if (!gateways) return std::move(gateways.error());
    for (const auto& row : *gateways) {
      if (sites.empty() || sites.back() != row.site) sites.push_back(row.site);
    }
  }
  if (!wanted.empty() && known()) return SiteId{wanted};
  if (wanted.empty() && sites.size() == 1) return sites.front();
  if (sites.empty()) {
    return error_of(Fault::refused,
                    "there is no estate yet; import one: steward-cloud --data DIR import FOLDER",
                    "还没有小区；请先导入：steward-cloud --data DIR import FOLDER");
  }
  std::string names;
  for (const auto& site : sites) names += " " + site.text;
  if (!wanted.empty()) {
    return error_of(Fault::implausible, "no estate \"" + wanted + "\" here; there are:" + names,
                    "没有小区“" + wanted + "”；现有：" + names);
  }
  return error_of(Fault::refused, "there are several estates; say which with --estate:" + names,
                  "有多个小区，请用 --estate 指定：" + names);
}

Result<ImportedEstate> latest_estate(Store& store, const SiteId& site) {
  auto import = store.latest_import(site);
  if (!import) return std::move(import.error());
  return imported_estate(store, site, *import ? (*import)->version : 0);
}

Result<ImportedEstate> imported_estate(Store& store, const SiteId& site, std::int64_t version) {
  auto import = store.import_version(site, version);
  if (!import) return std::move(import.error());
  if (!*import) {
    return error_of(
        Fault::refused,
        "the estate " + site.text + " has not been imported; do: steward-cloud --data DIR import FOLDER",
        "小区 " + site.text + " 尚未导入；请执行：steward-cloud --data DIR import FOLDER");
  }
  EstateFiles files;
  for (const auto& file : (*import)->files) {
    if (sha256(bytes_of(file.text)) != file.hash) {
      return error_of(Fault::broken,
                      file.name + " of import " + std::to_string((*import)->version) +
                          " is not what was handed in: the database is damaged; restore it from a backup",
                      "第 " + std::to_string((*import)->version) + " 版导入的 " + file.name +
                          " 与提交时不一致：数据库已损坏；请从备份恢复");
    }
    files.emplace(file.name, file.text);
  }
  Problems problems;
  auto estate = read_estate(files, problems);
  if (!estate) {
    return Error{Fault::broken, "import " + std::to_string((*import)->version) + " of " + site.text +
                                    " cannot be read any more: " + problems.front().file + ": " +
                                    problems.front().en};
  }
  return ImportedEstate{std::move(**import), std::move(*estate)};
}

}  // namespace steward
