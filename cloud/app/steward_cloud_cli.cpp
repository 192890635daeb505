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
    "  steward-cloud --data books gateway add --request gw1.request --out gw1.enrolment\n"
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
  RunOptions run_steps;
  CorrectOptions correct;
  BundleOptions bundle;
  EstimateOptions estimate;
  PreviewOptions preview;
  BillsOptions bills;
  ExplainOptions explain;
  GatewayOptions gateway;
  RevokeOptions revoke;
  BrokerOptions broker;
  ListOptions list;
  EventOptions event;
  BlocksOptions blocks;
  CommandOptions command;
  ConfigOptions config;
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
  close->add_option("--by", line.close.by, "with --issue: who checks, approves and issues at once (经办人)")
      ->capture_default_str();
  close->add_flag("--dry-run", line.close.dry_run, "store nothing; show the change since last month (试算)");
  close->add_flag("--quiet", line.close.quiet, "without the tables (不显示表格)");

  auto* preview = verb(app, "preview", "how a month's pools would be shared, storing nothing (公摊预览)",
                       "steward-cloud --data books preview --month 2026-06 --pool lift", line,
                       [&] { return preview_pools(line.common, line.preview, streams); });
  preview->add_option("--month", line.preview.month, "YYYY-MM (月份)")->required();
  preview->add_option("--pool", line.preview.pool, "one pool alone (公摊)");

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

void add_run_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* run = app.add_subcommand("run", "a month's bills from draft to issued (出账流程)");
  run->require_subcommand(1);
  run->fallthrough();
  const auto step = [&](const std::string& name, RunVerb verb_of, const std::string& what) {
    auto* sub = verb(
        *run, name, what,
        "steward-cloud --data books run " + name + " --month 2026-06" +
            (verb_of == RunVerb::show ? "" : " --by \"Li Wei\""),
        line, [&line, &streams, verb_of] { return step_run(line.common, line.run_steps, verb_of, streams); });
    sub->add_option("--month", line.run_steps.month, "YYYY-MM (月份)")->required();
    if (verb_of != RunVerb::show)
      sub->add_option("--by", line.run_steps.who, "who says so (经办人)")->required();
    return sub;
  };
  step("show", RunVerb::show, "how far a month has come, by whom (进度)");
  step("check", RunVerb::check, "say that the draft has been looked through (复核)");
  step("approve", RunVerb::approve, "approve checked bills, as another person (批准)")
      ->add_flag("--alone", line.run_steps.alone, "there is nobody but who has checked; kept (无他人)");
  step("issue", RunVerb::issue, "issue approved bills: numbered, never changed again (开具)");

  auto* estimate = verb(app, "estimate", "rows for registers nobody read, storing nothing (估计读数)",
                        "steward-cloud --data books estimate --month 2026-06", line,
                        [&] { return estimate_month(line.common, line.estimate, streams); });
  estimate->add_option("--month", line.estimate.month, "YYYY-MM (月份)")->required();

  auto* bundle = verb(app, "bundle", "a bill and all it stands on, for steward-verify (账单证明)",
                      "steward-cloud --data books bundle 2026-06-a-1-101 --out bill.bundle", line,
                      [&] { return bundle_bill(line.common, line.bundle, streams); });
  bundle->add_option("bill", line.bundle.bill, "as `bills` lists it (账单号)")->required();
  bundle->add_option("--out", line.bundle.file, "to be made (输出文件)")->required();

  auto* correct =
      verb(app, "correct", "credit and debit notes on issued bills (更正)",
           "steward-cloud --data books correct --month 2026-06 --by \"Li Wei\" --why \"dial misread\"", line,
           [&] { return correct_bills(line.common, line.correct, streams); });
  correct->add_option("--month", line.correct.month, "YYYY-MM (月份)")->required();
  correct->add_option("--bill", line.correct.bill, "this bill alone (账单号)");
  correct->add_option("--by", line.correct.who, "who says so (经办人)")->required();
  correct->add_option("--why", line.correct.why, "one sentence, on every note (原因)")->required();
  correct->add_flag("--dry-run", line.correct.dry_run, "show the notes, store nothing (试算)");
}

void add_gateway_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* gateway = app.add_subcommand("gateway", "enrol and list gateways (网关)");
  gateway->require_subcommand(1);
  gateway->fallthrough();
  auto* add = verb(*gateway, "add", "enrol a gateway that asked: its certificate (登记网关)",
                   "steward-cloud --data books gateway add --request gw1.request --out gw1.enrolment", line,
                   [&] { return add_gateway(line.common, line.gateway, streams); });
  auto* rotate =
      verb(*gateway, "rotate", "another certificate, or key, for a gateway at work (更换证书或密钥)",
           "steward-cloud --data books gateway rotate --request gw1.request --out gw1.enrolment", line,
           [&] { return rotate_gateway(line.common, line.gateway, streams); });
  for (auto* answering : {add, rotate}) {
    answering
        ->add_option("--request", line.gateway.request, "written by `steward-edge enrol request` (申请文件)")
        ->required();
    answering
        ->add_option("--out", line.gateway.out,
                     "the answer: take it to the gateway; holds no secret (答复文件)")
        ->required();
    answering
        ->add_option("--broker-host", line.gateway.broker_host, "where gateways reach the broker (代理地址)")
        ->capture_default_str();
    answering->add_option("--broker-port", line.gateway.broker_port, "(代理端口)")->capture_default_str();
  }
  auto* revoke = verb(*gateway, "revoke", "shut a gateway out, or its older certificates (吊销)",
                      "steward-cloud --data books gateway revoke --site riverside --gateway gw1 --why stolen "
                      "--broker broker",
                      line, [&] { return revoke_gateway(line.common, line.revoke, streams); });
  revoke->add_option("--site", line.revoke.site, "(小区代码)")->required();
  revoke->add_option("--gateway", line.revoke.gateway, "(网关代码)")->required();
  revoke->add_option("--why", line.revoke.why, "one clause (原因)")
      ->required()
      ->check([](const std::string& why) {
        return why.empty() || why.size() > 256 ? "1 to 256 bytes / 1 至 256 字节" : "";
      });
  revoke->add_option("--broker", line.revoke.broker,
                     "the broker's folder, whose crl.pem is written (代理文件夹)");
  revoke->add_flag("--old-certificates", line.revoke.old_certificates,
                   "only those before the newest; the gateway stays (仅作废旧证书)");
  add->add_flag("--renew", line.gateway.renew,
                "the gateway is known and begins anew: its old keys count no more (重新登记)");
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
  bounds(verb(app, "commands", "what was asked of gateways, newest first (命令记录)",
              "steward-cloud --data books commands --limit 20", line,
              [&] { return list_commands(line.common, line.list, streams); }));
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

void add_command_verb(CLI::App& app, Line& line, const Streams& streams) {
  auto* command = verb(app, "command", "ask a gateway to do something, and wait for its answer (下发命令)",
                       "steward-cloud --data books command gw1 read-now E-0101 --by \"Li Wei\"", line,
                       [&] { return send_command(line.common, line.command, streams); });
  command->add_option("gateway", line.command.gateway, "as `gateway list` names it (网关)")->required();
  command
      ->add_option("words", line.command.words,
                   "read-now METER | resend STREAM FROM | restart-bus BUS | open-door CONTROLLER-DOOR (命令)")
      ->required()
      ->expected(2, 3);
  command->add_option("--by", line.command.who, "who asks (操作人)")->required();
  command->add_option("--life", line.command.life_s, "seconds it is good for; a door at most 30 (有效秒数)")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
}

void add_config_verbs(CLI::App& app, Line& line, const Streams& streams) {
  auto* config = app.add_subcommand("config", "what gateways shall be: rounds, buses, meters (网关配置)");
  config->require_subcommand(1);
  config->fallthrough();
  auto* push = verb(*config, "push", "give a gateway a new config (下发配置)",
                    "steward-cloud --data books config push gw1 gw1.json --by \"Li Wei\"", line,
                    [&] { return push_config(line.common, line.config, streams); });
  push->add_option("gateway", line.config.gateway, "as `gateway list` names it (网关)")->required();
  push->add_option("file", line.config.file, "a site config as JSON (配置文件)")
      ->required()
      ->check(CLI::ExistingFile);
  push->add_option("--by", line.config.who, "who says so (操作人)")->required();
  auto* show = verb(*config, "show", "what was wanted, and what became of it (查看配置)",
                    "steward-cloud --data books config show gw1", line,
                    [&] { return show_config(line.common, line.config, streams); });
  show->add_option("gateway", line.config.gateway, "as `gateway list` names it (网关)")->required();
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
  add_run_verbs(app, line, streams);
  add_gateway_verbs(app, line, streams);
  add_list_verbs(app, line, streams);
  add_event_verbs(app, line, streams);
  add_blocks_verbs(app, line, streams);
  add_command_verb(app, line, streams);
  add_config_verbs(app, line, streams);
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
