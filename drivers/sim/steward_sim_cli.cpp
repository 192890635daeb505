#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "contract/text/json.hpp"
#include "drivers/sim/estate_server.hpp"
#include "drivers/sim/sim_commands.hpp"
#include "kit/cli/man_verbs.hpp"
#include "kit/loop/loop.hpp"

namespace {

using namespace steward;
using namespace steward::sim;

/// What a shell script can tell apart.
enum Exit : int { done = 0, could_not = 1, wrong_usage = 2 };

int complain(const Problems& problems) {
  for (const Problem& problem : problems) {
    const auto place = problem.file + (problem.line == 0 ? "" : ":" + std::to_string(problem.line));
    std::cerr << "steward-sim: " << place << ": " << problem.en << "\n"
              << "steward-sim: " << place << "：" << problem.zh << "\n";
  }
  return is_wrong_usage(problems) ? wrong_usage : could_not;
}

int run_estate(const EstateRequest& request, bool as_json) {
  Problems problems;
  const auto report = write_estate(request, problems);
  if (!report) return complain(problems);
  if (as_json) {
    Json files = Json::array();
    for (const std::string& name : report->files) files.push(name);
    Json out = Json::object();
    out.set("dir", request.folder).set("seed", static_cast<std::int64_t>(request.estate.seed));
    out.set("units", static_cast<std::int64_t>(report->units))
        .set("meters", static_cast<std::int64_t>(report->meters));
    out.set("pools", static_cast<std::int64_t>(report->pools));
    out.set("midnights", static_cast<std::int64_t>(report->midnights)).set("files", std::move(files));
    std::cout << out.dump() << "\n";
  } else {
    std::cout << request.folder << ": " << report->units << " units, " << report->meters << " meters, "
              << report->pools << " pools, every dial at " << report->midnights << " midnights\n"
              << "next: steward-cloud --data DIR import " << request.folder << "\n";
  }
  return done;
}

int run_serve(const ServeRequest& request, bool as_json) {
  Loop loop;
  Problems problems;
  const std::unique_ptr<EstateServer> server = EstateServer::start(loop, request, problems);
  if (!server) return complain(problems);
  loop.on_stop_signal([&loop] { loop.stop(); });
  // Said last, so that whoever waits for it may start the gateway at once.
  if (as_json) {
    Json out = Json::object();
    out.set("ready", true)
        .set("config", server->config())
        .set("meters", static_cast<std::int64_t>(server->meters()));
    std::cout << out.dump() << std::endl;
  } else {
    std::cout << "ready" << std::endl;
  }
  if (request.clock.empty()) {
    std::cerr << "steward-sim: " << server->meters() << " meters on 127.0.0.1, by this machine's clock\n";
  } else {
    std::cerr << "steward-sim: " << server->meters() << " meters on 127.0.0.1, in stepped time from "
              << request.clock << "; these are no real readings (步进时间，非真实读数)\n";
  }
  loop.run();
  std::cerr << "steward-sim: stopped after " << server->answered() << " requests\n";
  return done;
}

/// The options both verbs have.
void add_estate_options(CLI::App& verb, EstateSetup& estate, std::string& folder) {
  verb.add_option("--seed", estate.seed, "which estate; any number from 0 to 2^63-1 (种子)")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->type_name("NUMBER")
      ->capture_default_str();
  verb.add_option("--units", estate.flats, "flats; shops come on top (户数)")
      ->type_name("NUMBER")
      ->capture_default_str();
  verb.add_flag("--chinese", estate.chinese,
                "the first floor has DL/T 645 and CJ/T 188 meters, on a serial line (国标表)");
  verb.add_option("--dir", folder, "folder to write, made when missing (输出文件夹)")
      ->type_name("DIR")
      ->required();
}

CLI::App* add_serve(CLI::App& app, ServeRequest& serve, bool& as_json) {
  serve.profiles = "/usr/share/steward/profiles";
  serve.broker_host = "localhost";
  serve.broker_port = 8883;
  serve.enrolment = "enrolment";
  CLI::App* run =
      app.add_subcommand("serve", "be the estate's meters, doors and reader on 127.0.0.1 (模拟设备)");
  add_estate_options(*run, serve.estate, serve.folder);
  run->add_option("--clock", serve.clock,
                  "stepped clock the gateway moves; without it, this machine's (步进时钟文件)")
      ->type_name("FILE");
  run->add_option("--profiles", serve.profiles, "folder of meter profiles (表型文件夹)")
      ->type_name("DIR")
      ->capture_default_str();
  run->add_option("--enrolment", serve.enrolment, "the gateway's keys, named in edge.json (网关注册文件夹)")
      ->type_name("DIR")
      ->capture_default_str();
  run->add_option("--broker-host", serve.broker_host, "named in edge.json (消息服务器)")
      ->type_name("HOST")
      ->capture_default_str();
  run->add_option("--broker-port", serve.broker_port, "named in edge.json (端口)")
      ->type_name("PORT")
      ->capture_default_str();
  run->add_option("--dead", serve.dead,
                  "serial plate of a meter that does not answer; may be repeated (失联的表)")
      ->type_name("METER");
  run->add_option("--slow-ms", serve.slow_ms, "every Modbus reply waits that long (应答延时)")
      ->type_name("NUMBER")
      ->check(CLI::Range(0, 60'000));
  run->add_option("--scenario", serve.scenario, "faults to play, see docs/formats/scenario.md (故障场景文件)")
      ->type_name("FILE");
  run->add_flag("--json", as_json, "say that all is ready as one JSON line");
  return run;
}

constexpr const char* examples =
    "Examples:\n"
    "  steward-sim estate --dir demo --from 2026-06-01 --to 2026-07-01\n"
    "      the estate as CSVs for `steward-cloud import demo`, and demo/ledger.csv, the truth\n"
    "  steward-sim estate --seed 7 --units 2000 --dir big --from 2026-06-01 --to 2026-07-01 --with-readings\n"
    "      a large estate that can be billed without a gateway\n"
    "  steward-sim serve --dir edge --clock clock --enrolment keys --broker-port 18883 --profiles "
    "drivers/profiles\n"
    "      prints `ready` when edge/edge.json is there; then: steward-edge --config edge/edge.json\n"
    "      serves until SIGINT or SIGTERM\n"
    "Exit status: 0 done, 1 could not, 2 wrong usage.\n"
    "The same seed gives the same bytes on any machine. 同一种子在任何机器上结果相同。\n";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"steward-sim: a simulated estate that speaks the real protocols (模拟小区)", "steward-sim"};
  app.footer(examples);
  app.set_help_all_flag("--help-all", "every verb with its options (全部帮助)");
  app.set_version_flag("--version", std::string("steward-sim ") + STEWARD_VERSION);
  app.require_subcommand(1);
  bool as_json = false;

  EstateRequest estate;
  CLI::App* write =
      app.add_subcommand("estate", "write the estate's CSVs and the ledger of the truth (生成小区资料)");
  add_estate_options(*write, estate.estate, estate.folder);
  write->add_option("--from", estate.from, "first local midnight (起始日)")
      ->type_name("YYYY-MM-DD")
      ->required();
  write->add_option("--to", estate.to, "last local midnight (截止日)")->type_name("YYYY-MM-DD")->required();
  write->add_flag("--with-readings", estate.with_readings,
                  "also readings.csv, to bill without a gateway (含抄表数)");
  write->add_flag("--json", as_json, "say what was written as one JSON line");

  ServeRequest serve;
  CLI::App* run = add_serve(app, serve, as_json);

  if (argc == 2 && std::string_view(argv[1]) == man_verbs_option) {
    std::cout << man_verbs(app);
    return done;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return done;  // --help, --version
    for (const auto& word : app.remaining()) {
      std::cerr << "not known: " << word << " / 不认识：" << word << "\n";
    }
    std::cerr << "用法有误；请运行 --help 查看。\n";
    return wrong_usage;
  }
  try {
    return run->parsed() ? run_serve(serve, as_json) : run_estate(estate, as_json);
  } catch (const std::exception& error) {
    std::cerr << "steward-sim: " << error.what() << "\n";
    return could_not;
  }
}
