#include <algorithm>
#include <fstream>
#include <iterator>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "cloud/verify/month_record.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr std::uintmax_t max_file_bytes = 64 * 1024 * 1024;  // CsvLimits::bytes
constexpr std::size_t max_files = 64;

/// Files that may lie beside an estate without being part of it: the gateway's
/// meter list, and the truth that `steward-sim estate` writes down.
bool is_neighbour(std::string_view name) { return name == "meters.csv" || name.starts_with("ledger"); }

void read_one(const std::filesystem::directory_entry& entry, EstateFiles& files, Problems& problems) {
  const auto name = entry.path().filename().string();
  std::error_code error;
  if (entry.file_size(error) > max_file_bytes || error) {
    problems.push_back(
        {name, 0, "is larger than 64 MiB or cannot be looked at", "文件超过 64 MiB 或无法读取"});
    return;
  }
  std::ifstream stream(entry.path(), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.good() && !stream.eof()) {
    problems.push_back({name, 0, "cannot be read", "无法读取"});
    return;
  }
  files.emplace(name, std::move(text));
}

EstateFiles read_folder(const std::filesystem::path& folder, Problems& problems) {
  EstateFiles files;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    problems.push_back({folder.string(), 0, "is not a folder that can be read: " + error.message(),
                        "不是可以读取的文件夹：" + error.message()});
    return files;
  }
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".csv" || !entry.is_regular_file(error)) continue;
    const auto name = entry.path().filename().string();
    if (is_neighbour(name)) continue;
    if (files.size() == max_files) {
      problems.push_back({folder.string(), 0, "holds more than 64 CSV files", "CSV 文件超过 64 个"});
      break;
    }
    read_one(entry, files, problems);
  }
  return files;
}

EstateImport import_of(const SiteId& site, const EstateFiles& files) {
  EstateImport import{.site = site, .imported_at = SystemClock().now()};
  for (const auto& [name, text] : files) import.files.push_back({name, text, sha256(bytes_of(text))});
  import.hash = import_hash(files);
  return import;
}

/// "units.csv, tariffs.csv": what differs from the import before.
std::string changed_files(const std::optional<EstateImport>& before, const EstateImport& now) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  const auto same = [](const EstateImport& import, const ImportedFile& wanted) {
    return std::any_of(import.files.begin(), import.files.end(), [&](const ImportedFile& file) {
      return file.name == wanted.name && file.hash == wanted.hash;
    });
  };
  for (const auto& file : now.files) {
    if (!before || !same(*before, file)) add(file.name);
  }
  if (!before) return names;
  for (const auto& file : before->files) {
    const bool gone = std::none_of(now.files.begin(), now.files.end(),
                                   [&](const ImportedFile& other) { return other.name == file.name; });
    if (gone) add(file.name + " (gone)");
  }
  return names;
}

void say_done(const Common& common, const Streams& streams, const Estate& estate, std::int64_t version,
              bool changed, const std::string& names) {
  std::size_t installs = 0;
  for (const auto& [point, stays] : estate.installs) installs += stays.size();
  if (common.json) {
    const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
    Json out = Json::object();
    out.set("estate", estate.id.text).set("version", version).set("changed", changed).set("files", names);
    out.set("units", count(estate.units.size())).set("points", count(estate.points.size()));
    out.set("installs", count(installs)).set("tariffs", count(estate.tariffs.size()));
    out.set("pools", count(estate.pools.size())).set("readings", count(estate.readings.size()));
    streams.out << out.dump() << "\n";
    return;
  }
  if (!changed) {
    streams.out << estate.id.text << ": no change, version " << version << " holds the same files\n"
                << estate.id.text << "：没有变化，与第 " << version << " 版相同\n";
    return;
  }
  streams.out << estate.id.text << " " << estate.name << ": version " << version << ", "
              << estate.units.size() << " units, " << estate.points.size() << " points, " << installs
              << " meters installed, " << estate.tariffs.size() << " tariffs, " << estate.pools.size()
              << " pools, " << estate.readings.size() << " readings typed in\n"
              << "changed / 变更: " << names << "\n";
}

}  // namespace

Exit import_estate(const Common& common, const ImportOptions& options, const Streams& streams) {
  Progress progress(streams.err);
  Problems problems;
  const auto files = read_folder(options.folder, problems);
  progress.tell("reading the estate / 正在读取小区资料");
  std::optional<Estate> estate;
  if (problems.empty()) estate = read_estate(files, problems);
  if (!problems.empty() || !estate) {
    say_problems(common, streams, problems);
    streams.err << problems.size() << " problems; nothing was imported / 共 " << problems.size()
                << " 个问题，没有导入任何内容\n";
    return Exit::bad_input;
  }
  if (!common.estate.empty() && common.estate != estate->id.text) {
    return say_error(common, streams, Exit::bad_input,
                     "the files are of the estate " + estate->id.text + ", not of " + common.estate,
                     "这些文件属于小区 " + estate->id.text + "，不是 " + common.estate);
  }
  progress.tell("writing / 正在写入");
  auto folder = DataFolder::open(common.data);
  if (!folder) return say_fault(common, streams, folder.error());
  auto store = folder->open_store();
  if (!store) return say_fault(common, streams, store.error());

  const auto import = import_of(estate->id, files);
  std::int64_t version = 0;
  bool changed = false;
  std::string names;
  const auto done = (*store)->transact([&]() -> Result<void> {
    auto before = (*store)->latest_import(estate->id);
    if (!before) return std::move(before.error());
    if (*before && (*before)->hash == import.hash) {
      version = (*before)->version;
      return {};
    }
    names = changed_files(*before, import);
    changed = true;
    auto put = (*store)->put_import(import);
    if (!put) return std::move(put.error());
    version = *put;
    return {};
  });
  if (!done) return say_fault(common, streams, done.error());
  say_done(common, streams, *estate, version, changed, names);
  return Exit::ok;
}

}  // namespace steward
