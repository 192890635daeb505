#include "edge/app/enrol_verbs.hpp"

#include <filesystem>
#include <iostream>
#include <thread>

#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"
#include "contract/wire/limits.hpp"
#include "edge/app/control_client.hpp"
#include "edge/app/load_site.hpp"
#include "edge/app/run_edge.hpp"
#include "edge/app/speech.hpp"
#include "edge/enrol/enrolment_folder.hpp"
#include "edge/site/read_site.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

int fail(const std::string& message) {
  std::cerr << "steward-edge: " << message << "\n";
  return exit_failed;
}

/// Fills in what the config says. False, after saying why, when something is still missing.
bool complete(const EdgeOptions& options, EnrolOptions& enrol, bool names_needed) {
  if (!options.config.empty()) {
    const auto text = read_text_file(options.config, 1024 * 1024);
    if (!text) {
      std::cerr << "steward-edge: " << text.error().message << "\n";
      return false;
    }
    Problems ignored;  // `--check` names them; here only three words are needed
    const auto folder = std::filesystem::absolute(options.config).parent_path().string();
    const auto setup = read_edge_config(options.config, folder, *text, ignored);
    if (enrol.site.empty()) enrol.site = setup.site.text;
    if (enrol.gateway.empty()) enrol.gateway = setup.gateway.text;
    if (enrol.folder.empty()) enrol.folder = setup.enrolment;
  }
  if (!enrol.folder.empty() && (!names_needed || (!enrol.site.empty() && !enrol.gateway.empty())))
    return true;
  std::cerr << "steward-edge: enrol needs --config FILE, or --folder"
            << (names_needed ? ", --site and --gateway" : "")
            << "\nsteward-edge：enrol 需要 --config 文件，或 --folder"
            << (names_needed ? "、--site 和 --gateway" : "") << "\n";
  return false;
}

/// Has a running daemon begin anew with what was installed; says what came of it.
std::string hand_to_daemon(const EdgeOptions& options) {
  const auto later = say("a daemon that runs takes it up when it is started again",
                         "正在运行的 steward-edge 将在下次启动时启用");
  if (options.config.empty()) return later;
  const auto path = daemon_socket(options);
  if (!path) return later;
  // A round takes minutes at most; between two it takes the request.
  constexpr int attempts = 300;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto answer = ask_daemon(*path, TakeKeysRequest{});
    if (answer) return say("the running daemon begins anew with it", "正在运行的 steward-edge 已改用新资料");
    if (answer.error().message.find("a round is under way") == std::string::npos) return later;
    if (attempt == 0)
      std::cerr << say("a round is under way; waiting for its end", "正在抄表，等待本轮结束") << "\n";
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return later;
}

}  // namespace

int run_enrol_request(const EdgeOptions& options, EnrolOptions enrol) {
  if (!complete(options, enrol, true)) return exit_bad_config;
  EnrolmentFolder folder(enrol.folder);
  const auto request =
      folder.request(SiteId{enrol.site}, GatewayId{enrol.gateway}, enrol.new_block_key, SystemClock().now());
  if (!request) return fail(request.error().message);
  if (auto written = write_public_file(enrol.file, chars_of(*request)); !written)
    return fail(written.error().message);
  const auto key = SigningKey::load(std::filesystem::path(enrol.folder) / enrolment_file::block_key);
  if (!key) return fail(key.error().message);
  const auto print = fingerprint(key->public_key());
  if (options.json) {
    std::cout << Json::object()
                     .set("site", enrol.site)
                     .set("gateway", enrol.gateway)
                     .set("request", enrol.file)
                     .set("block_key", print)
                     .dump()
              << "\n";
    return exit_ok;
  }
  std::cout << say(enrol.site + "/" + enrol.gateway + " asks; its keys stay in " + enrol.folder +
                       "\nblock key: " + print + "\nnext, at the cloud: steward-cloud --data DIR gateway " +
                       "add --request " + enrol.file + " --out " + enrol.gateway +
                       ".enrolment   (a gateway that is known: gateway rotate)",
                   enrol.site + "/" + enrol.gateway + " 已生成申请；密钥保留在 " + enrol.folder +
                       "\n签名公钥指纹：" + print +
                       "\n下一步，在云端执行：steward-cloud --data DIR gateway " + "add --request " +
                       enrol.file + " --out " + enrol.gateway +
                       ".enrolment   （已登记的网关用 gateway rotate）")
            << "\n";
  return exit_ok;
}

int run_enrol_accept(const EdgeOptions& options, EnrolOptions enrol) {
  if (!complete(options, enrol, false)) return exit_bad_config;
  const auto grant = read_text_file(enrol.file, wire_limit::enrolment_bytes);
  if (!grant) return fail(grant.error().message);
  EnrolmentFolder folder(enrol.folder);
  const auto accepted = folder.accept(bytes_of(*grant));
  if (!accepted) return fail(accepted.error().message);
  const auto taken_up =
      accepted->new_certificate || accepted->new_block_key ? hand_to_daemon(options) : std::string();
  const auto print = fingerprint(accepted->cloud_key);
  const auto ends = instant_text(accepted->validity.until);
  if (options.json) {
    std::cout << Json::object()
                     .set("site", accepted->site.text)
                     .set("gateway", accepted->gateway.text)
                     .set("cloud_key", print)
                     .set("certificate_ends", ends)
                     .set("new_certificate", accepted->new_certificate)
                     .set("new_block_key", accepted->new_block_key)
                     .set("daemon", taken_up)
                     .dump()
              << "\n";
    return exit_ok;
  }
  std::cout << say(accepted->site.text + "/" + accepted->gateway.text +
                       " is enrolled; its certificate ends " + ends + "\ncloud key: " + print +
                       "\ncompare it with what `steward-cloud gateway add` printed",
                   accepted->site.text + "/" + accepted->gateway.text + " 已入网；证书有效至 " + ends +
                       "\n云端公钥指纹：" + print + "\n请与 steward-cloud gateway add 显示的指纹核对")
            << "\n";
  if (!taken_up.empty()) std::cout << taken_up << "\n";
  return exit_ok;
}

}  // namespace steward
