// The command line of steward-edge: what the options are called, and nothing else.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "contract/text/instant_text.hpp"
#include "contract/text/unit_text.hpp"
#include "edge/app/commission_verbs.hpp"
#include "edge/app/enrol_verbs.hpp"
#include "edge/app/profile_check.hpp"
#include "edge/app/run_edge.hpp"
#include "kit/cli/man_verbs.hpp"

using namespace steward;

namespace {

constexpr const char* about =
    "steward-edge: reads meters, doors and patrol readers of one gateway, keeps what it\n"
    "read, and sends it until the cloud has signed for it. (物业网关：抄表、门禁、巡更)\n"
    "Exit codes: 0 ok, 1 failed, 2 bad config or command line; verify: 3 the display says otherwise,\n"
    "4 too little to tell; doctor: 3 something is bad, 4 something to look at; scan: 4 something to look at.";

constexpr const char* examples =
    "Examples 示例:\n"
    "  steward-edge --config edge.json --check               all mistakes at once (一次列出全部错误)\n"
    "  steward-edge --config edge.json --once                one round, then exit (抄一轮后退出)\n"
    "  steward-edge --config edge.json                       until SIGTERM (持续运行)\n"
    "  steward-edge --config edge.json status                who is not well, why, what to do "
    "(状态与处理办法)\n"
    "  steward-edge --config edge.json doctor                everything a technician would check (全面检查)\n"
    "  steward-edge --config edge.json scan --line b1 --baud 9600,2400 --parity none,even --addresses 1-32\n"
    "                                                        who is on a line; reads only (搜索总线上的表)\n"
    "  steward-edge --config edge.json verify E-1 --display 1234.56    is it read rightly (核对表上显示)\n"
    "  steward-edge --config edge.json trace b1 --seconds 60  what is said on a line (查看总线报文)\n"
    "  steward-edge --config edge.json unlatch E-1           after looking at a meter (现场处理后解除锁定)\n"
    "  steward-edge --config edge.json pulse base W-1 --display 1234.567   (设置脉冲表底数)\n"
    "  steward-edge --config edge.json enrol request --out gw1.request    keys are made and stay here "
    "(申请入网)\n"
    "  steward-edge --config edge.json enrol accept gw1.enrolment         the cloud's answer (完成入网)\n"
    "  steward-edge profile check drivers/profiles/*.json    needs no config (检查表型文件)\n";

struct SteppedTexts {
  std::string clock;
  std::string from;
  std::string to;
};

/// The three --step options belong together; false when they are not sound.
bool take_stepped(const SteppedTexts& texts, EdgeOptions& options) {
  if (texts.clock.empty() && texts.from.empty() && texts.to.empty()) return true;
  const auto from = read_instant(texts.from);
  const auto to = read_instant(texts.to);
  if (texts.clock.empty() || !from || !to || *to < *from || options.once) {
    std::cerr << "steward-edge: a stepped run needs --step-clock FILE, --step-from and --step-to (RFC 3339, "
                 "such as 2026-06-01T00:00:00Z, from not after to), and no --once\n"
                 "steward-edge：步进运行需要 --step-clock 文件、--step-from 和 --step-to（RFC 3339，例如 "
                 "2026-06-01T00:00:00Z，起不晚于止），且不能用 --once\n";
    return false;
  }
  options.stepped = SteppedRun{texts.clock, *from, *to};
  return true;
}

/// `card put` and its options.
struct PutCardTexts {
  std::string from;
  std::string to;
  std::vector<int> doors;
};

std::optional<PutCardRequest> put_card(const std::string& controller, std::uint32_t card,
                                       const PutCardTexts& texts) {
  const auto from = read_date(texts.from);
  const auto to = read_date(texts.to);
  if (!from || !to) {
    std::cerr << "steward-edge: --from and --to are dates such as 2026-12-31\n"
                 "steward-edge：--from 和 --to 应为日期，例如 2026-12-31\n";
    return std::nullopt;
  }
  PutCardRequest request;
  request.controller = controller;
  request.card.number = card;
  request.card.from = *from;
  request.card.to = *to;
  for (const int door : texts.doors) request.card.permission.at(static_cast<std::size_t>(door - 1)) = 1;
  return request;
}

/// Who is at the keyboard, also behind sudo.
std::string user_name() {
  for (const char* name : {"SUDO_USER", "USER", "LOGNAME"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "root";
}
/// `scan` and its options.
struct ScanTexts {
  std::string line;
  std::vector<std::uint32_t> bauds;
  std::vector<std::string> parities;
  std::vector<std::string> protocols;
  std::string addresses = "1-247";
};

/// The verbs, and what was written behind them. Filled in by CLI11: stays where it was made.
struct Verbs {
  explicit Verbs(CLI::App& app);
  Verbs(const Verbs&) = delete;
  Verbs& operator=(const Verbs&) = delete;

  /// The verb that was asked for, or the daemon itself.
  int run(const EdgeOptions& options) const;

  CLI::App* status = nullptr;
  CLI::App* doctor = nullptr;
  CLI::App* trace = nullptr;
  CLI::App* verify = nullptr;
  CLI::App* scan = nullptr;
  CLI::App* open_door = nullptr;
  CLI::App* unlatch = nullptr;
  CLI::App* pulse_base = nullptr;
  CLI::App* backfill = nullptr;
  CLI::App* put = nullptr;
  CLI::App* remove = nullptr;
  CLI::App* enrol = nullptr;
  CLI::App* enrol_request = nullptr;
  CLI::App* enrol_accept = nullptr;
  CLI::App* profile = nullptr;
  CLI::App* check = nullptr;
  std::vector<std::pair<CLI::App*, MeterRequest>> meters;  // verbs of a meter's life
  std::optional<ScanRequest> scan_request() const;

  TraceRequest traced;
  VerifyRequest verified;
  ScanTexts scanned;
  OpenDoorRequest open;
  std::string meter;
  PulseBaseRequest base;
  std::string from_day;
  std::string controller;
  std::uint32_t card = 0;
  PutCardTexts texts;
  EnrolOptions enrolment;
  std::vector<std::string> files;
};

/// `enrol request` and `enrol accept`.
void add_enrol_verbs(CLI::App& app, Verbs& verbs) {
  auto& options = verbs.enrolment;
  verbs.enrol =
      app.add_subcommand("enrol", "become known to a cloud; private keys never leave this machine (入网)");
  verbs.enrol->require_subcommand(1);
  auto* request = verbs.enrol->add_subcommand("request", "make what keys are missing, and ask (申请)");
  request->add_option("--out", options.file, "the request: take it to the cloud; holds no secret (申请文件)")
      ->required();
  request->add_option("--site", options.site, "the estate's code; else the config's (小区代码)");
  request->add_option("--gateway", options.gateway, "the gateway's code; else the config's (网关代码)");
  request->add_flag("--new-block-key", options.new_block_key,
                    "of an enrolled gateway: another key for its blocks too (同时更换签名密钥)");
  auto* accept = verbs.enrol->add_subcommand("accept", "install the cloud's answer (安装云端答复)");
  accept->add_option("file", options.file, "what `steward-cloud gateway add` or `rotate` wrote (答复文件)")
      ->required();
  for (auto* verb : {request, accept})
    verb->add_option("--folder", options.folder, "the enrolment folder; else the config's (入网资料目录)");
  verbs.enrol_request = request;
  verbs.enrol_accept = accept;
}

/// `meter exchange OLD NEW ...` and its kin: a technician's word about a meter's life.
void add_meter_verbs(CLI::App& app, Verbs& verbs) {
  auto* meter =
      app.add_subcommand("meter", "say what happened to a meter, in one step (换表、清零、倍率、拆除、封存)");
  meter->require_subcommand(1);
  verbs.meters.reserve(5);  // CLI11 keeps pointers into it
  const auto add = [&](const char* name, const char* what, MeterEventKind kind) {
    auto& [verb, request] = verbs.meters.emplace_back(meter->add_subcommand(name, what), MeterRequest{});
    request.kind = kind;
    verb->add_option("meter", request.meter.text, "its serial plate, as in the meter list (表号)")
        ->required();
    if (kind == MeterEventKind::exchange)
      verb->add_option("new", request.new_meter, "the new meter's serial plate (新表号)")->required();
    verb->add_option("--final", request.final_register, "last register on the dial, kWh or m³ (止码)")
        ->required();
    if (kind == MeterEventKind::exchange || kind == MeterEventKind::reset)
      verb->add_option("--initial", request.initial_register, "first register after (起码)")->required();
    if (kind == MeterEventKind::ratio_change) {
      verb->add_option("--from", request.old_ratio, "old multiplier, 40 or 3/2 (原倍率)")->required();
      verb->add_option("--to", request.new_ratio, "new multiplier (新倍率)")->required();
    }
    if (kind == MeterEventKind::exchange) {
      verb->add_option("--profile", request.profile, "the new meter's profile; else the old one's (表型)");
      verb->add_option("--unit", request.unit, "its address; else the old one's (地址)");
      verb->add_option("--serial", request.serial, "as it reports it; else learned (序列号)");
    }
    verb->add_option("--by", request.by, "who did it (操作人)")->required();
    verb->add_option("--why", request.why, "one clause (原因)");
  };
  add("exchange", "another meter hangs in its place (换表)", MeterEventKind::exchange);
  add("reset", "its register began anew (清零)", MeterEventKind::reset);
  add("ratio", "its multiplier changed (倍率变更)", MeterEventKind::ratio_change);
  add("remove", "it was taken down (拆除)", MeterEventKind::removed);
  add("seal", "it stays, out of service (封存)", MeterEventKind::sealed);
}

void add_door_verbs(CLI::App& app, Verbs& verbs) {
  verbs.open_door = app.add_subcommand("open-door", "open a door once");
  verbs.open_door->add_option("controller", verbs.open.controller, "its name in the config")->required();
  verbs.open_door->add_option("door", verbs.open.door, "its number on the controller")
      ->required()
      ->check(CLI::Range(1, 4));

  auto* cards = app.add_subcommand("card", "put a card on a controller, or delete it");
  cards->require_subcommand(1);
  verbs.put = cards->add_subcommand("put", "add or replace a card");
  verbs.remove = cards->add_subcommand("delete", "delete a card");
  for (auto* verb : {verbs.put, verbs.remove}) {
    verb->add_option("controller", verbs.controller, "its name in the config")->required();
    verb->add_option("card", verbs.card, "the number the reader gives")
        ->required()
        ->check(CLI::Range(1u, 4294967294u));
  }
  verbs.put->add_option("--from", verbs.texts.from, "first day")->required();
  verbs.put->add_option("--to", verbs.texts.to, "last day, included")->required();
  verbs.put->add_option("--door", verbs.texts.doors, "a door it opens; repeat for more")
      ->required()
      ->check(CLI::Range(1, 4));
}

Verbs::Verbs(CLI::App& app) {
  status = app.add_subcommand("status", "what the running daemon says of itself");
  doctor = app.add_subcommand(
      "doctor", "check lines, meters, clock, broker, disk and certificate; also without the daemon");
  doctor->footer("Example: steward-edge --config edge.json doctor");
  trace = app.add_subcommand("trace", "what is said on a line, decoded, as it is said; Ctrl-C ends it");
  trace->add_option("line", traced.line.text, "its name in the config (\"bus\")")->required();
  trace->add_option("--seconds", traced.seconds, "how long")->check(CLI::Range(1u, 86'400u));
  trace->footer("Example: steward-edge --config edge.json trace b1 --seconds 60");
  verify = app.add_subcommand("verify", "read a meter now and compare it with its display");
  verify->add_option("meter", verified.meter.text, "its serial plate, as in the meter list")->required();
  verify->add_option("--display", verified.display, "what the display shows, such as 1234.56")->required();
  verify->add_option("--channel", verified.channel, "of its profile; else what is billed");
  verify->footer("Example: steward-edge --config edge.json verify E-1 --display 1234.56");
  scan = app.add_subcommand("scan", "find out who is on a serial line; reads only, Ctrl-C ends it");
  scan->add_option("--line", scanned.line, "its name in the config; needed where there are several");
  scan->add_option("--baud", scanned.bauds, "rates to try, such as 9600,2400; else the line's own")
      ->delimiter(',');
  scan->add_option("--parity", scanned.parities, "none, even, odd; else the line's own")->delimiter(',');
  scan->add_option("--protocol", scanned.protocols, "modbus, dlt645, cjt188; else all")->delimiter(',');
  scan->add_option("--addresses", scanned.addresses, "Modbus addresses, such as 1-32");
  scan->footer(
      "Example: steward-edge --config edge.json scan --line b1 --baud 9600,2400 --parity none,even "
      "--addresses 1-32");
  unlatch = app.add_subcommand("unlatch", "believe a meter again after looking at it; said in an event");
  unlatch->add_option("meter", meter, "its serial plate, as in the meter list and in `status`")->required();

  add_meter_verbs(app, *this);

  auto* pulses = app.add_subcommand("pulse", "pulse counters on the gateway's own inputs");
  pulses->require_subcommand(1);
  pulse_base = pulses->add_subcommand("base", "go on from what the meter's own dial shows now");
  pulse_base->add_option("meter", meter, "its serial plate, as in the meter list")->required();
  pulse_base->add_option("--display", base.display, "what the dial shows: m3 or kWh")->required();
  base.by = user_name();
  pulse_base->add_option("--by", base.by, "who read it")->capture_default_str();

  backfill =
      app.add_subcommand("backfill", "read what a meter froze by itself, days and months (补抄冻结数据)");
  backfill->add_option("meter", meter, "its serial plate, as in the meter list")->required();
  backfill->add_option("--from", from_day, "first day; else what is missing, or the last week");
  backfill->footer("Example: steward-edge --config edge.json backfill E-1 --from 2026-05-01");

  add_door_verbs(app, *this);
  add_enrol_verbs(app, *this);

  profile = app.add_subcommand("profile", "work on meter profiles; needs no config");
  profile->require_subcommand(1);
  check = profile->add_subcommand("check", "lint profiles and run their captures");
  check->add_option("file", files, "profile files")->required();
}

/// Nothing, after saying why, when an option is not what it must be.
std::optional<ScanRequest> Verbs::scan_request() const {
  auto json = Json::object().set("verb", "scan");
  if (!scanned.line.empty()) json.set("line", scanned.line);
  auto bauds = Json::array();
  for (const auto baud : scanned.bauds) bauds.push(std::int64_t{baud});
  auto parities = Json::array();
  for (const auto& parity : scanned.parities) parities.push(parity);
  auto protocols = Json::array();
  for (const auto& protocol : scanned.protocols) protocols.push(protocol);
  json.set("baud", std::move(bauds)).set("parity", std::move(parities)).set("protocol", std::move(protocols));
  const auto dash = scanned.addresses.find('-');
  const auto address = [](const std::string& text) {
    const auto unit = read_unit_text(Protocol::modbus, text);
    return unit ? static_cast<std::int64_t>(unit->value) : -1;
  };
  json.set("from", address(scanned.addresses.substr(0, dash)));
  json.set("to", address(dash == std::string::npos ? scanned.addresses : scanned.addresses.substr(dash + 1)));
  auto request = read_scan(json);
  if (request) return std::move(*request);
  std::cerr << "steward-edge: " << request.error().message << " / 选项有误\n";
  return std::nullopt;
}

int Verbs::run(const EdgeOptions& options) const {
  if (check->parsed()) return run_profile_check(files, options.json, std::cout);
  if (enrol_request->parsed()) return run_enrol_request(options, enrolment);
  if (enrol_accept->parsed()) return run_enrol_accept(options, enrolment);
  if (pulse_base->parsed()) return run_verb(options, PulseBaseRequest{MeterId(meter), base.display, base.by});
  if (backfill->parsed()) {
    auto json = Json::object().set("meter", meter);
    if (!from_day.empty()) json.set("from", from_day);
    const auto request = read_backfill(json);
    if (request) return run_backfill(options, *request);
    std::cerr << "steward-edge: --from: " << request.error().message << " / 日期应如 2026-05-01\n";
    return exit_bad_config;
  }
  if (status->parsed()) return run_status(options);
  if (doctor->parsed()) return run_doctor(options);
  if (trace->parsed()) return run_trace(options, traced);
  if (verify->parsed()) return run_verify(options, verified);
  if (scan->parsed()) {
    const auto request = scan_request();
    return request ? run_scan(options, *request) : exit_bad_config;
  }
  if (unlatch->parsed()) return run_verb(options, UnlatchRequest{MeterId(meter)});
  for (const auto& [verb, request] : meters) {
    if (verb->parsed()) return run_verb(options, request);
  }
  if (open_door->parsed()) return run_verb(options, open);
  if (remove->parsed()) return run_verb(options, DeleteCardRequest{controller, card});
  if (put->parsed()) {
    const auto request = put_card(controller, card, texts);
    return request ? run_verb(options, *request) : exit_bad_config;
  }
  return run_edge(options);
}

}  // namespace

int main(int argc, char** argv) {
  // Four threads that mostly wait: a heap for each of them would only keep memory (malloc's manual,
  // M_ARENA_MAX).
  ::mallopt(M_ARENA_MAX, 1);
  CLI::App app(about, "steward-edge");
  app.footer(examples);
  EdgeOptions options;
  SteppedTexts stepped;
  app.set_help_all_flag("--help-all", "every verb with its options (全部帮助)");
  app.set_version_flag("--version", std::string("steward-edge ") + STEWARD_VERSION);
  auto* config = app.add_option("--config", options.config, "the gateway's config file");
  app.add_option("--profiles", options.profiles, "folder of meter profiles, instead of the config's");
  app.add_flag("--check", options.check, "check the config and all it names, then exit");
  app.add_flag("--once", options.once, "one round now, say what came, send it, then exit");
  app.add_flag("--json", options.json, "print results as JSON");
  app.add_flag("--progress", options.progress, "print a JSON line per round");
  app.add_option("--step-clock", stepped.clock, "simulation: the clock file this program moves");
  app.add_option("--step-from", stepped.from, "simulation: first round (RFC 3339)");
  app.add_option("--step-to", stepped.to, "simulation: last round (RFC 3339)");
  app.require_subcommand(0, 1);
  app.fallthrough();  // --json may also stand behind the verb
  Verbs verbs(app);   // parse writes into it
  if (argc == 2 && std::string_view(argv[1]) == man_verbs_option) {
    std::cout << man_verbs(app);
    return exit_ok;
  }
  try {
    app.parse(argc, argv);
    if (!verbs.profile->parsed() && !verbs.enrol->parsed() && config->count() == 0)
      throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    if (code == 0) return exit_ok;  // --help, --version
    // "A subcommand is required" alone would hide which word was mistyped.
    for (const auto& word : app.remaining(true))
      std::cerr << "not known: " << word << " / 不认识：" << word << "\n";
    std::cerr << "用法有误；请加 --help 查看。\n";
    return exit_bad_config;
  }
  if (!take_stepped(stepped, options)) return exit_bad_config;
  return verbs.run(options);
}
