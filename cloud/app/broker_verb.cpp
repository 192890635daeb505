#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cloud/app/broker_files.hpp"
#include "cloud/app/data_folder.hpp"
#include "cloud/app/say.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr int server_days = 365 * 10;

std::string current_user() {
  const auto* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

std::string filled_in(std::string_view text,
                      const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out(text);
  for (const auto& [key, value] : values) {
    for (auto at = out.find(key); at != std::string::npos; at = out.find(key, at + value.size())) {
      out.replace(at, key.size(), value);
    }
  }
  return out;
}

Result<void> write_broker(const DataFolder& data, const BrokerOptions& options,
                          const std::filesystem::path& folder) {
  auto store = data.open_store();
  if (!store) return std::move(store.error());
  auto crl = data.revocation_list(**store);
  if (!crl) return std::move(crl.error());
  auto authority = data.authority();
  if (!authority) return std::move(authority.error());
  const auto validity = valid_for_days(SystemClock().now(), server_days);
  auto server = authority->issue_server(options.hosts, validity);
  if (!server && server.error().fault == Fault::refused) {
    return error_of(Fault::malformed, "--host: " + server.error().message,
                    "--host 应为 1 至 32 个主机名或 IP 地址：" + server.error().message);
  }
  if (!server) return std::move(server.error());
  auto cloud = authority->issue_client("cloud", validity);
  if (!cloud) return std::move(cloud.error());
  auto observer = authority->issue_client("observer", validity);
  if (!observer) return std::move(observer.error());
  const auto conf =
      filled_in(mosquitto_template(), {{"{folder}", folder.string()},
                                       {"{user}", current_user()},
                                       {"{port}", std::to_string(options.port)},
                                       {"{bind}", options.bind.empty() ? "" : " " + options.bind}});
  return save_identity(*server, folder, "server")
      .and_then([&] { return save_identity(*cloud, folder, "cloud"); })
      .and_then([&] { return save_identity(*observer, folder, "observer"); })
      .and_then([&] { return write_public_file(folder / "ca.pem", authority->certificate()); })
      .and_then([&] { return write_public_file(folder / "crl.pem", *crl); })
      .and_then([&] { return write_public_file(folder / "acl", broker_acl()); })
      .and_then([&] { return write_public_file(folder / "mosquitto.conf", conf); });
}

}  // namespace

Exit set_up_broker(const Common& common, const BrokerOptions& options, const Streams& streams) {
  auto data = DataFolder::open(common.data);
  if (!data) return say_fault(common, streams, data.error());
  std::error_code error;
  const auto folder = std::filesystem::absolute(options.folder, error).lexically_normal();
  const auto text = folder.string();
  // mosquitto's configuration knows no quoting: a blank would end the path.
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' '; })) {
    return say_error(common, streams, Exit::bad_input,
                     text + " holds a blank, which mosquitto cannot have in a path",
                     text + " 含有空白，mosquitto 的路径不允许");
  }
  if (std::filesystem::exists(folder / "mosquitto.conf", error) && !options.renew) {
    return say_error(common, streams, Exit::refused,
                     text + " is set up already; --renew writes it anew, with new certificates",
                     text + " 已经配置；--renew 会用新证书重新生成");
  }
  const auto written = write_broker(*data, options, folder);
  if (!written) return say_fault(common, streams, written.error());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (common.json) {
    Json out = Json::object();
    out.set("folder", text).set("config", text + "/mosquitto.conf");
    out.set("port", static_cast<std::int64_t>(options.port));
    streams.out << out.dump() << "\n";
  } else {
    streams.out << "broker set up; start it with: mosquitto -c " << text << "/mosquitto.conf\n"
                << "代理已配置；启动命令：mosquitto -c " << text << "/mosquitto.conf\n";
  }
  return Exit::ok;
}

}  // namespace steward
