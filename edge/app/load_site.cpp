#include "edge/app/load_site.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "contract/text/json.hpp"
#include "drivers/decode/profile.hpp"
#include "edge/app/control_paths.hpp"
#include "edge/app/desired_site.hpp"
#include "edge/site/read_pulse.hpp"
#include "edge/site/read_site.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"

namespace steward {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_config_bytes = 1024 * 1024;
constexpr std::size_t max_profile_files = 500;

PathKind kind_of_path(const std::string& path) {
  std::error_code error;
  switch (fs::status(path, error).type()) {
    case fs::file_type::regular: return PathKind::file;
    case fs::file_type::directory: return PathKind::folder;
    case fs::file_type::character: return PathKind::device;
    case fs::file_type::not_found:
    case fs::file_type::none: return PathKind::missing;
    default: return PathKind::device;
  }
}

void report(Problems& problems, const std::string& file, const std::string& en, const std::string& zh) {
  problems.push_back({file, 0, en, zh});
}

/// All profiles of the folder, by id; files in name order, so that a clash is
/// told the same way everywhere.
Profiles read_profiles(const std::string& folder, Problems& problems) {
  Profiles profiles;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".json") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  if (files.size() > max_profile_files) {
    report(problems, folder, "more than 500 profiles; keep those this site needs",
           "表型超过 500 个；请只保留本站需要的");
    files.resize(max_profile_files);
  }
  for (const auto& file : files) {
    const auto text = read_text_file(file.string(), max_profile_bytes);
    if (!text) {
      report(problems, file.string(), text.error().message, "无法读取：" + text.error().message);
      continue;
    }
    auto profile = read_profile(file.string(), *text, sha256(bytes_of(*text)), problems);
    if (!profile) continue;
    const auto id = profile->id;
    if (!profiles.emplace(id, std::move(*profile)).second) {
      report(problems, file.string(), "the profile " + id.text + " is in another file too; keep one",
             "表型 " + id.text + " 在另一文件中也有；请只留一个");
    }
  }
  return profiles;
}

/// The enrolment must be this gateway's: a copied folder would sign as another.
void check_owner(const std::string& folder, const SiteSetup& setup, Problems& problems) {
  const auto file = folder + "/enrolment.json";
  const auto text = read_text_file(file, 64 * 1024);
  if (!text) return;  // reported with the paths
  const auto json = Json::parse(*text);
  if (!json) {
    report(problems, file, "this is not JSON: " + json.error().message,
           "不是有效的 JSON：" + json.error().message);
    return;
  }
  const auto word = [&](std::string_view key) {
    const auto* value = json->find(key);
    return value != nullptr ? value->text() : std::string();
  };
  const auto enrolled = word("site") + "/" + word("gateway");
  const auto configured = setup.site.text + "/" + setup.gateway.text;
  if (enrolled == configured || setup.site.text.empty() || setup.gateway.text.empty()) return;
  report(problems, file,
         "this enrolment is for " + enrolled + ", the config is for " + configured +
             "; use the folder that was made for this gateway",
         "该入网资料属于 " + enrolled + "，而配置属于 " + configured + "；请使用为本网关生成的目录");
}

LineParity parity_in(const Profile& profile) {
  if (profile.bus.parity == "even") return LineParity::even;
  return profile.bus.parity == "odd" ? LineParity::odd : LineParity::none;
}

/// What the list says a meter reports must be what its profile lets it report: otherwise the
/// serial number would never be compared, or every good meter be taken for another one.
void check_serials(const std::string& list, const SiteSetup& setup, const Profiles& profiles,
                   Problems& problems) {
  for (const auto& meter : setup.meters) {
    const auto found = profiles.find(meter.profile);
    if (meter.serial.empty() || found == profiles.end()) continue;
    const auto say = [&](const std::string& en, const std::string& zh) {
      problems.push_back({list, meter.file_line.number, "serial \"" + meter.serial + "\": " + en,
                          "序列号 \"" + meter.serial + "\"：" + zh});
    };
    const auto& probe = found->second.bus.probe;
    if (found->second.protocol != Protocol::modbus) {
      say("a meter of this protocol is known by its address alone; leave \"serial\" empty",
          "该协议的表仅以地址识别；请将 \"serial\" 留空");
      continue;
    }
    if (!probe || !probe->serial) {
      say("the profile " + meter.profile.text +
              " does not say where this model keeps its serial number, so it cannot be compared; leave "
              "\"serial\" empty",
          "表型 " + meter.profile.text + " 未给出序列号所在寄存器，无法比对；请将 \"serial\" 留空");
      continue;
    }
    const bool number = probe->serial->as == SerialForm::number;
    if (!number && probe->serial->as != SerialForm::bcd) continue;
    const std::size_t most = number ? 20 : 4 * std::size_t{probe->serial->span.count};
    const bool digits =
        std::all_of(meter.serial.begin(), meter.serial.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits &&
        (number ? meter.serial.size() <= most && meter.serial.front() != '0' : meter.serial.size() == most))
      continue;
    say(number ? "this model reports a decimal number without leading zeros; copy it from the meter, or "
                 "leave it empty: it is learned"
               : "this model reports " + std::to_string(most) +
                     " digits, leading zeros too; copy them from the meter, or leave it empty: it is learned",
        number ? "该型号上报不带前导零的十进制数；请按表上的号码填写，或留空由网关自动记住"
               : "该型号上报 " + std::to_string(most) +
                     " 位数字（含前导零）；请按表上的号码填写，或留空由网关自动记住");
  }
}

std::optional<Enrolment> load_enrolment(const std::string& folder, Problems& problems) {
  auto block_key = SigningKey::load(folder + "/block-key.pem");
  auto cloud_key = VerifyingKey::load(folder + "/cloud-key.pub.pem");
  const auto say = [&](const std::string& name, const Error& error) {
    report(problems, folder + "/" + name, error.message, "无法使用：" + error.message);
  };
  if (!block_key) say("block-key.pem", block_key.error());
  if (!cloud_key) say("cloud-key.pub.pem", cloud_key.error());
  const auto identity = read_secret_file(folder + "/gateway.pem");
  if (!identity) say("gateway.pem", identity.error());
  if (!block_key || !cloud_key || !identity) return std::nullopt;
  return Enrolment{std::move(*block_key), std::move(*cloud_key), folder + "/ca.pem", folder + "/gateway.pem"};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Fault::broken, "cannot read " + path + ": " + std::strerror(errno)};
  std::string text;
  char piece[16 * 1024];
  while (file.read(piece, sizeof piece), file.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(file.gcount()));
    if (text.size() > most) {
      return Error{Fault::malformed, path + " is longer than " + std::to_string(most) + " bytes"};
    }
  }
  if (file.bad()) return Error{Fault::broken, "cannot read " + path + ": " + std::strerror(errno)};
  return text;
}

std::optional<LoadedSite> load_site(const std::string& config_file, const std::string& profiles_override,
                                    Problems& problems, const std::string& meters_override,
                                    const SiteConfigDocument* desired) {
  const auto text = read_text_file(config_file, max_config_bytes);
  if (!text) {
    report(problems, config_file, text.error().message, "无法读取配置：" + text.error().message);
    return std::nullopt;
  }
  const auto folder = fs::absolute(config_file).parent_path().string();
  auto setup = read_edge_config(config_file, folder, *text, problems);
  if (!profiles_override.empty()) setup.profiles = profiles_override;
  if (!meters_override.empty()) setup.meters_file = meters_override;
  if (desired != nullptr) take_desired(*desired, setup, problems);
  if (setup.meters_file.empty() && setup.buses.empty()) return std::nullopt;  // nothing could be understood

  check_paths(config_file, setup, kind_of_path, problems);
  check_control_path(config_file, setup, problems);
  auto profiles = read_profiles(setup.profiles, problems);
  const auto list = desired != nullptr ? Result<std::string>(meter_list_of(*desired))
                                       : read_text_file(setup.meters_file, max_meter_list_bytes);
  if (list) {
    const std::string list_name = desired != nullptr ? "desired" : setup.meters_file;
    const auto first = problems.size();
    std::vector<KnownProfile> known;
    for (const auto& [id, profile] : profiles) known.push_back({id, profile.protocol, parity_in(profile)});
    read_meter_list(list_name, *list, known, setup, problems);
    check_serials(list_name, setup, profiles, problems);
    check_pulse_meters(setup, problems);
    if (desired != nullptr) place_in_desired(*desired, first, problems);
  } else if (kind_of_path(setup.meters_file) == PathKind::file) {
    report(problems, setup.meters_file, list.error().message, "无法读取：" + list.error().message);
  }
  std::optional<Enrolment> enrolment;
  if (kind_of_path(setup.enrolment) == PathKind::folder) {
    check_owner(setup.enrolment, setup, problems);
    // A missing file is already named; a damaged one is named here.
    if (problems.empty() || kind_of_path(setup.enrolment + "/block-key.pem") == PathKind::file) {
      enrolment = load_enrolment(setup.enrolment, problems);
    }
  }
  if (!problems.empty() || !enrolment) return std::nullopt;
  return LoadedSite{std::move(setup), std::move(profiles), std::move(*enrolment)};
}

}  // namespace steward
