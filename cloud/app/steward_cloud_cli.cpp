#include <CLI/CLI.hpp>
#include <functional>

#include "cloud/app/verbs.hpp"
#include "kit/cli/man_verbs.hpp"

namespace steward {
namespace {

constexpr const char* footer =
    "Exit codes 退出码: 0 done; 1 the machine failed (disk, database, network); 2 bad input, mend it and\n"
    "ask again; 3 the books refuse it as they stand (missing readings, issued bills).\n"
    "Examples 示例:\n"
    "  steward-cloud --data books broker setup --host localhost --port 8883 --out broker\n"
    "  steward-cloud --data books gateway add --site riverside --gateway gw1 --out enrolment\n"
    "  steward-cloud --data books serve --broker-host localhost --broker-port 8883\n"
    "  steward-cloud --data books import estate\n"
    "  steward-cloud --data books close --month 2026-06 --issue\n"
    "  steward-cloud --data books explain 2026-06-a-1-101 --lang zh\n";

using Run = std::function<Exit()>;

/// One program's parsed line: options of all verbs, and the verb to run.
struct Line {
  Common common;
  ImportOptions import;
  CloseOptions close;
  BillsOptions bills;
  ExplainOptions explain;
  GatewayOptions gateway;
  BrokerOptions broker;
  ListOptions list;
  EventOptions event;
  BlocksOptions blocks;
  ServeOptions serve;
  Run run;
};

CLI::App* verb(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example,
               Line& line, Run run) {
  auto* sub = parent.add_subcommand(name, what);
  sub->footer("Example 示例:\n  " + example + "\n");
  sub->fallthrough();
  sub->callback([&line, run = std::move(run)] { line.run = run; });
  return sub;
}

void add_book_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* import = verb(app, "import", "take an estate's CSV files, all or none (导入小区资料)",
                      "steward-cloud --data books import estate", line,
                      [&] { return import_estate(line.common, line.import, streams); });
  import->add_option("folder", line.import.folder, "folder with estate.csv, units.csv, ... (资料文件夹)")
      ->required();

  auto* close = verb(app, "close", "draw up a month's bills, or issue them (结算)",
                     "steward-cloud --data books close --month 2026-06 --issue", line,
                     [&] { return close_month(line.common, line.close, streams); });
  close->add_option("--month", line.close.month, "YYYY-MM (月份)")->required();
  close->add_flag("--issue", line.close.issue, "issue the bills: they never change again (开具)");
  close->add_flag("--quiet", line.close.quiet, "without the tables (不显示表格)");

  auto* bills = verb(app, "bills", "list months, or the bills of one (账单列表)",
                     "steward-cloud --data books bills --month 2026-06 --json", line,
                     [&] { return list_bills(line.common, line.bills, streams); });
  bills->add_option("--month", line.bills.month, "YYYY-MM (月份)");

  auto* explain = verb(app, "explain", "why a bill is what it is, back to the registers (账单说明)",
                       "steward-cloud --data books explain 2026-06-a-1-101 --lang zh", line,
                       [&] { return explain_bill(line.common, line.explain, streams); });
  explain->add_option("bill", line.explain.bill, "as `bills` lists it (账单号)")->required();
  explain->add_option("--lang", line.explain.language, "zh, en or both (语言)")->capture_default_str();
}

void add_gateway_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* gateway = app.add_subcommand("gateway", "enrol and list gateways (网关)");
  gateway->require_subcommand(1);
  gateway->fallthrough();
  auto* add = verb(*gateway, "add", "enrol a gateway: its keys and certificates (登记网关)",
                   "steward-cloud --data books gateway add --site riverside --gateway gw1 --out enrolment",
                   line, [&] { return add_gateway(line.common, line.gateway, streams); });
  add->add_option("--site", line.gateway.site, "the estate's code, [a-z0-9-]{1,32} (小区代码)")->required();
  add->add_option("--gateway", line.gateway.gateway, "the gateway's code (网关代码)")->required();
  add->add_option("--out", line.gateway.folder, "folder to make (输出文件夹)")->required();
  add->add_option("--broker-host", line.gateway.broker_host, "noted in enrolment.json (代理地址)")
      ->capture_default_str();
  add->add_option("--broker-port", line.gateway.broker_port, "noted in enrolment.json (代理端口)")
      ->capture_default_str();
  add->add_flag("--renew", line.gateway.renew, "new keys for a gateway that is known (换发密钥)");
  verb(*gateway, "list", "gateways that may send (网关列表)", "steward-cloud --data books gateway list", line,
       [&] { return list_gateways(line.common, streams); });

  auto* broker = app.add_subcommand("broker", "the MQTT broker's configuration (消息代理)");
  broker->require_subcommand(1);
  broker->fallthrough();
  auto* setup = verb(*broker, "setup", "write keys, ACL and configuration for a mosquitto (生成代理配置)",
                     "steward-cloud --data books broker setup --host broker.example --port 8883 --out broker",
                     line, [&] { return set_up_broker(line.common, line.broker, streams); });
  setup
      ->add_option("--host", line.broker.hosts,
                   "name or address gateways reach it by; may be repeated (地址)")
      ->required();
  setup->add_option("--port", line.broker.port, "port to listen on (端口)")->capture_default_str();
  setup->add_option("--bind", line.broker.bind, "address to listen on, such as 127.0.0.1 (监听地址)");
  setup->add_option("--out", line.broker.folder, "folder to make (输出文件夹)")->required();
  setup->add_flag("--renew", line.broker.renew, "write it anew, with new certificates (重新生成)");
}

void add_list_verbs(CLI::App& app, Line& line, const Streams& streams) {
  const auto bounds = [&](CLI::App* list) {
    list->add_option("--from", line.list.from, "day or RFC 3339, inclusive (起)");
    list->add_option("--to", line.list.to, "day or RFC 3339, exclusive (止)");
    list->add_option("--limit", line.list.limit, "newest so many (条数)")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
  };
  bounds(verb(app, "doors", "what the doors recorded, newest first (门禁记录)",
              "steward-cloud --data books doors --from 2026-06-01 --limit 20", line,
              [&] { return list_doors(line.common, line.list, streams); }));
  bounds(verb(app, "patrol", "what the patrol readers read, newest first (巡更记录)",
              "steward-cloud --data books patrol --limit 20", line,
              [&] { return list_patrol(line.common, line.list, streams); }));
  auto* readings = verb(app, "readings", "meter readings, newest first (抄表记录)",
                        "steward-cloud --data books readings --unassigned", line,
                        [&] { return list_readings(line.common, line.list, streams); });
  bounds(readings);
  readings->add_flag("--unassigned", line.list.unassigned, "meters nobody has installed (未登记的表)");
  bounds(verb(app, "frozen", "registers meters kept by themselves, newest first (冻结数据)",
              "steward-cloud --data books frozen --from 2026-06-01", line,
              [&] { return list_frozen(line.common, line.list, streams); }));
  verb(app, "status", "gateways, counts and alarms (状态)", "steward-cloud --data books status --json", line,
       [&] { return show_status(line.common, streams); });
  verb(app, "restored", "say that a backup was restored: gateways send again (备份恢复后执行)",
       "steward-cloud --data books restored", line, [&] { return renew_store(line.common, streams); });
}

void add_event_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* event = app.add_subcommand("event", "meters' lives: exchange, rollover, reset, ... (表计事件)");
  event->require_subcommand(1);
  event->fallthrough();
  auto* list = verb(*event, "list", "what happened to meters, and what became of it (表计事件列表)",
                    "steward-cloud --data books event list --open", line,
                    [&] { return list_events(line.common, line.event, streams); });
  list->add_flag("--open", line.event.open, "only what stands in a bill's way (仅待处理)");
  const auto decision = [&](CLI::App* sub) {
    sub->add_option("event", line.event.event, "its number (事件号)")->required();
    sub->add_option("--by", line.event.who, "who says so (处理人)")->required();
    sub->add_option("--why", line.event.why, "how they know (依据)")->required();
  };
  decision(verb(*event, "confirm", "it happened as the gateway says (确认)",
                "steward-cloud --data books event confirm 7 --by \"Li Wei\" --why \"seen on the dial\"", line,
                [&] { return decide_event(line.common, line.event, true, streams); }));
  decision(verb(*event, "reject", "it did not happen (拒绝)",
                "steward-cloud --data books event reject 7 --by \"Li Wei\" --why \"a loose wire\"", line,
                [&] { return decide_event(line.common, line.event, false, streams); }));
}

void add_blocks_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* blocks = app.add_subcommand("blocks", "the signed blocks behind the books (签名数据块)");
  blocks->require_subcommand(1);
  blocks->fallthrough();
  auto* sub = verb(*blocks, "export", "write them into a file for steward-verify (导出供离线核验)",
                   "steward-cloud --data books blocks export --site riverside --gateway gw1 june.blocks",
                   line, [&] { return export_blocks(line.common, line.blocks, streams); });
  sub->add_option("file", line.blocks.file, "file to write (输出文件)")->required();
  sub->add_option("--site", line.blocks.site, "the estate's code (小区代码)")->required();
  sub->add_option("--gateway", line.blocks.gateway, "the gateway's code (网关代码)")->required();
  sub->add_option("--stream", line.blocks.stream,
                  "readings, telemetry, doors, patrol or events; all if not given (记录类型)");
  sub->add_option("--from", line.blocks.from, "day or RFC 3339, inclusive (起)");
  sub->add_option("--to", line.blocks.to, "day or RFC 3339, exclusive (止)");
}

void add_serve(CLI::App& app, Line& line, const Streams& streams) {
  auto* serve_verb = verb(app, "serve", "take readings from the gateways until SIGTERM (运行)",
                          "steward-cloud --data books serve --broker-host localhost --broker-port 8883", line,
                          [&] { return serve(line.common, line.serve, streams); });
  serve_verb->add_option("--broker-host", line.serve.broker_host, "as in the broker's certificate (代理地址)")
      ->capture_default_str();
  serve_verb->add_option("--broker-port", line.serve.broker_port, "(代理端口)")->capture_default_str();
  serve_verb->add_option("--site", line.serve.sites,
                         "serve this site only, with rights to nothing else; may be repeated (仅服务该小区)");
  serve_verb->add_option("--step-clock", line.serve.step_clock, "a simulation's clock file (模拟时钟)");
  serve_verb->add_option("--monitor-port", line.serve.monitor_port,
                         "answer /metrics, /healthz, /readyz here; 9464 is usual (监控端口)");
  serve_verb->add_option("--monitor-host", line.serve.monitor_host, "IPv4 address of this machine (监控地址)")
      ->capture_default_str();
  serve_verb->add_flag("--monitor-beyond-loopback", line.serve.monitor_beyond_loopback,
                       "it may be one that others reach (允许对网络开放)");
  serve_verb->add_flag("--verbose", line.serve.verbose, "log more (详细日志)");
}

}  // namespace

Exit run_steward_cloud(const std::vector<std::string>& arguments, const Streams& streams) {
  Line line;
  CLI::App app{"steward-cloud: from signed readings to bills (物业计量与账单)", "steward-cloud"};
  app.footer(footer);
  app.set_help_all_flag("--help-all", "every verb with its options (全部帮助)");
  app.set_version_flag("--version", std::string("steward-cloud ") + STEWARD_VERSION);
  app.require_subcommand(1);
  app.add_option("--data", line.common.data, "folder of the database and the keys (数据文件夹)")->required();
  app.add_option("--estate", line.common.estate, "the estate's code, when there are several (小区代码)");
  app.add_flag("--json", line.common.json, "one line of JSON instead of tables (输出 JSON)");
  add_book_verbs(app, line, streams);
  add_gateway_verbs(app, line, streams);
  add_list_verbs(app, line, streams);
  add_event_verbs(app, line, streams);
  add_blocks_verbs(app, line, streams);
  add_serve(app, line, streams);
  if (arguments.size() == 1 && arguments[0] == man_verbs_option) {
    streams.out << man_verbs(app);
    return Exit::ok;
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (app.exit(error, streams.out, streams.err) == 0) return Exit::ok;  // --help, --version
    // "A subcommand is required" alone would hide which word was mistyped.
    for (const auto& word : app.remaining())
      streams.err << "not known: " << word << " / 不认识：" << word << "\n";
    streams.err << "用法有误；请加 --help 查看。\n";
    return Exit::bad_input;
  }
  try {
    return line.run();
  } catch (const std::exception& error) {
    streams.err << "steward-cloud: " << error.what() << "\nsteward-cloud：内部错误：" << error.what() << "\n";
    return Exit::failed;
  }
}

}  // namespace steward
