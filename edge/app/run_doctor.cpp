// The doctor: what a technician would check, from the files and from the daemon.
#include <sys/stat.h>

#include <filesystem>
#include <iostream>

#include "drivers/line/stable_path.hpp"
#include "edge/app/commission_verbs.hpp"
#include "edge/app/control_client.hpp"
#include "edge/app/load_site.hpp"
#include "edge/app/run_edge.hpp"
#include "edge/app/speech.hpp"
#include "edge/commission/doctor.hpp"
#include "edge/site/read_site.hpp"
#include "kit/crypto/certificate.hpp"
#include "kit/crypto/tls_probe.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_certificate = 64 * 1024;

std::uint64_t count(const Json& json, std::string_view key) {
  const auto* value = json.find(key);
  return value != nullptr && value->is(Json::Kind::integer) && value->integer() > 0
             ? static_cast<std::uint64_t>(value->integer())
             : 0;
}

bool flag(const Json& json, std::string_view key) {
  const auto* value = json.find(key);
  return value != nullptr && value->is(Json::Kind::boolean) && value->boolean();
}

DeviceFacts device_facts(const std::string& line, const std::string& path) {
  DeviceFacts facts;
  facts.line = line;
  facts.path = path;
  struct stat about = {};
  facts.there = ::stat(path.c_str(), &about) == 0;
  facts.character_device = facts.there && S_ISCHR(about.st_mode);
  facts.passing_name = is_passing_name(path);
  if (facts.passing_name) facts.stable = stable_paths_of(path);
  return facts;
}

/// A greeting of its own: also while the daemon is connected, and without it.
Finding examine_broker(const SiteSetup& setup) {
  constexpr Milliseconds patience{3'000};
  const auto identity = setup.enrolment + "/gateway.pem";
  const auto verdict = probe_tls({.host = setup.broker.host,
                                  .port = setup.broker.port,
                                  .ca_file = setup.enrolment + "/ca.pem",
                                  .cert_file = identity,
                                  .key_file = identity,
                                  .expected_name = setup.site.text + "/" + setup.gateway.text},
                                 SystemClock().now(), patience);
  return {verdict.trouble == TlsTrouble::none ? Grade::ok : Grade::bad, "broker tls", verdict.en, verdict.zh};
}

void examine_files(const EdgeOptions& options, const SiteSetup& setup, std::vector<Finding>& findings) {
  Problems problems;
  (void)load_site(options.config, options.profiles, problems);
  for (const auto& one : problems) {
    const auto where = one.file + (one.line == 0 ? "" : ":" + std::to_string(one.line));
    findings.push_back({Grade::bad, "config", where + ": " + one.en, where + "：" + one.zh});
  }
  if (problems.empty())
    findings.push_back(
        {Grade::ok, "config", std::to_string(setup.buses.size()) + " buses, all right", "检查通过"});
  for (const auto& bus : setup.buses)
    if (!bus.line.device.empty())
      findings.push_back(judge_device(device_facts(bus.bus.text, bus.line.device)));
  const auto certificate = setup.enrolment + "/gateway.pem";
  std::optional<std::chrono::hours> left;
  if (const auto text = read_text_file(certificate, most_certificate)) {
    if (const auto facts = certificate_facts(*text))
      left = std::chrono::duration_cast<std::chrono::hours>(facts->validity.until - SystemClock().now());
  }
  findings.push_back(judge_certificate(certificate, left));
  findings.push_back(examine_broker(setup));
  std::error_code error;
  const auto space = fs::space(
      fs::exists(setup.data, error) ? fs::path(setup.data) : fs::path(setup.data).parent_path(), error);
  const auto outbox = fs::file_size(setup.data + "/outbox.db", error);
  findings.push_back(judge_disk(setup.data, space.available, error ? 0 : outbox));
}

void examine_daemon(const Json& answer, std::vector<Finding>& findings) {
  findings.push_back(judge_clock(static_cast<ClockTrust>(count(answer, "clock_trust"))));
  std::uint64_t backlog = 0;
  for (const auto& log : answer.find("logs")->items()) backlog += count(log, "backlog");
  findings.push_back(judge_broker(flag(answer, "broker_connected"), backlog));
  const auto well = count(answer, "meters_well");
  findings.push_back(
      {Grade::ok, "meters",
       std::to_string(well) + " of " + std::to_string(count(answer, "meters")) + " are well",
       std::to_string(count(answer, "meters")) + " 块表中 " + std::to_string(well) + " 块正常"});
  for (const auto& unit : answer.find("units")->items()) {
    MeterHealth facts{said(unit, "meter"), said(unit, "unit"), said(unit, "bus")};
    facts.silent = flag(unit, "silent");
    facts.latched = flag(unit, "latched");
    facts.asked = count(unit, "asked");
    facts.answered = count(unit, "answered");
    facts.garbled = count(unit, "garbled");
    facts.late = count(unit, "late");
    facts.p99_ms = static_cast<std::int64_t>(count(unit, "reply_p99_us") / 1000);
    if (said(unit, "reason") != "none") {
      facts.advice_en = said(unit, "next_en");
      facts.advice_zh = said(unit, "next_zh");
    }
    findings.push_back(judge_meter(facts));
  }
  for (const auto& alarm : answer.find("alarms")->items()) {
    const auto detail = said(alarm, "kind") + ": " + said(alarm, "detail");
    findings.push_back({Grade::look, said(alarm, "subject"), detail, detail});
  }
}

}  // namespace

int run_doctor(const EdgeOptions& options) {
  const auto text = read_text_file(options.config, 1024 * 1024);
  if (!text) {
    std::cerr << "steward-edge: " << text.error().message << "\n";
    return exit_bad_config;
  }
  Problems ignored;  // load_site names them all again
  const auto folder = fs::absolute(options.config).parent_path().string();
  const auto setup = read_edge_config(options.config, folder, *text, ignored);
  std::vector<Finding> findings;
  examine_files(options, setup, findings);
  const auto path = daemon_socket(options);
  const auto answer = path ? ask_daemon(*path, DoctorRequest{}) : Result<Json>(path.error());
  findings.push_back(judge_daemon(static_cast<bool>(answer)));
  if (answer) examine_daemon(*answer, findings);
  auto list = Json::array();
  for (const auto& finding : findings) {
    if (options.json)
      list.push(Json::object()
                    .set("grade", word(finding.grade))
                    .set("subject", finding.subject)
                    .set("en", finding.en)
                    .set("zh", finding.zh));
    else
      std::cout << word(finding.grade)
                << (finding.grade == Grade::ok    ? "    "
                    : finding.grade == Grade::bad ? "   "
                                                  : "  ")
                << finding.subject << ": " << finding.en << " / " << finding.zh << "\n";
  }
  const auto grade = worst(findings);
  if (options.json)
    std::cout << Json::object().set("grade", word(grade)).set("findings", std::move(list)).dump() << "\n";
  if (grade == Grade::ok) return exit_ok;
  return grade == Grade::bad ? exit_differs : exit_unsure;
}

}  // namespace steward
