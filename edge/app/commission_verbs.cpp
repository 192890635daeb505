#include "edge/app/commission_verbs.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "edge/app/control_client.hpp"
#include "edge/app/run_edge.hpp"
#include "edge/app/speech.hpp"

namespace steward {
namespace {

std::int64_t integer(const Json& json, std::string_view key) {
  const auto* value = json.find(key);
  return value != nullptr && value->is(Json::Kind::integer) ? value->integer() : 0;
}

/// One line at once: whoever looks on does not wait for a buffer to fill.
void print_line(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

/// Asks the daemon; each progress line goes to `progress`, or as JSON to the output.
Result<Json> ask(const EdgeOptions& options, const ControlRequest& request,
                 const std::function<void(const Json&)>& progress) {
  const auto path = daemon_socket(options);
  if (!path) return path.error();
  return ask_daemon(*path, request, [&](const Json& line) {
    if (options.json)
      print_line(line.dump());
    else
      progress(line);
  });
}

/// What is left to print of an answer: JSON, or an error. True: it is for people and good.
bool is_for_people(const EdgeOptions& options, const Result<Json>& answer) {
  if (options.json) print_line(print_control_answer(answer));
  if (!options.json && !answer) std::cerr << "steward-edge: " << answer.error().message << "\n";
  return !options.json && answer;
}

void print_traced(const Json& line) {
  if (line.find("progress") != nullptr) {
    if (said(line, "progress") == "quiet") print_line(say("  (the line is quiet)", "  （线上无数据）"));
    return;
  }
  const auto kind = said(line, "kind");
  const auto at = said(line, "at");
  const std::string mark = kind == "request" ? ">" : kind == "silence" ? "-" : kind == "garbage" ? "?" : "<";
  const auto after =
      kind == "request" ? std::string() : " +" + std::to_string(integer(line, "after_ms")) + " ms";
  const auto clock = at.size() > 11 ? at.substr(11) : at;
  const auto missed = integer(line, "missed");
  if (missed > 0) print_line("  ... " + std::to_string(missed) + say(" lines were missed", " 行未显示"));
  print_line(clock + " " + mark + " " + said(line, "unit") + "  " + say(said(line, "en"), said(line, "zh")) +
             after + (said(line, "hex").empty() ? "" : "  | " + said(line, "hex")));
}

std::string device_line(const Json& one) {
  auto text = "  " + said(one, "protocol") + " " + said(one, "unit") + "  " + said(one, "format");
  if (const auto* refuses = one.find("refuses"); refuses != nullptr && refuses->boolean())
    text += say("  (answers, has no register 0)", "  （有应答，无寄存器 0）");
  if (const auto* fits = one.find("fits"); fits != nullptr)
    for (const auto& fit : fits->items())
      text += "  " + said(fit, "profile") + (fit.find("proven")->boolean() ? "" : "?") +
              (said(fit, "serial").empty() ? "" : " #" + said(fit, "serial"));
  return text;
}

void print_scanned(const Json& line) {
  if (said(line, "progress") == "found") return print_line(device_line(line));
  const auto seconds = std::to_string((integer(line, "eta_ms") + 999) / 1000);
  const auto asked = std::to_string(integer(line, "asked")) + " / " +
                     std::to_string(integer(line, "asked") + integer(line, "left"));
  print_line(said(line, "at") + "  " + asked +
             say("  about " + seconds + " s left", "  约剩 " + seconds + " 秒"));
}

}  // namespace

int run_trace(const EdgeOptions& options, const TraceRequest& request) {
  const auto answer = ask(options, request, print_traced);
  if (is_for_people(options, answer)) {
    const auto missed = integer(*answer, "missed");
    print_line(std::to_string(integer(*answer, "lines")) + say(" lines", " 行") +
               (missed > 0 ? ", " + std::to_string(missed) + say(" pieces missed", " 段未取到") : ""));
  }
  return answer ? exit_ok : exit_failed;
}

int run_verify(const EdgeOptions& options, const VerifyRequest& request) {
  const auto path = daemon_socket(options);
  const auto answer = path ? ask_daemon(*path, request, [](const Json&) {}) : Result<Json>(path.error());
  const bool people = is_for_people(options, answer);
  if (!answer) return exit_failed;
  const auto outcome = said(*answer, "outcome");
  if (people) {
    const auto numbers = said(*answer, "channel") + " " + said(*answer, "read") + " " + said(*answer, "unit");
    if (outcome == "accepted") {
      print_line("accepted: " + numbers + ", as displayed / 一致：" + numbers + "，与显示相同");
    } else if (outcome == "differs") {
      print_line("differs: " + numbers + ", displayed " + request.display + " / 不一致：读得 " + numbers +
                 "，显示 " + request.display);
    } else {
      print_line("too little to tell: " + numbers +
                 "; let the meter count on, or compare another channel / 数值太小，无法判断：" + numbers +
                 "；请等表走字，或核对其他通道");
    }
    int place = 1;
    if (const auto* suspicions = answer->find("suspicions"); suspicions != nullptr)
      for (const auto& one : suspicions->items())
        print_line("  " + std::to_string(place++) + ". " + said(one, "en") + "\n     " + said(one, "zh"));
  }
  if (outcome == "accepted") return exit_ok;
  return outcome == "differs" ? exit_differs : exit_unsure;
}

int run_scan(const EdgeOptions& options, const ScanRequest& request) {
  const auto answer = ask(options, request, print_scanned);
  const bool people = is_for_people(options, answer);
  if (!answer) return exit_failed;
  const auto* suspicions = answer->find("suspicions");
  const bool doubtful = suspicions != nullptr && !suspicions->items().empty();
  if (!people) return doubtful ? exit_unsure : exit_ok;
  const auto found = std::to_string(integer(*answer, "found_count"));
  const auto seconds = std::to_string(integer(*answer, "took_ms") / 1000);
  const bool cancelled = answer->find("cancelled")->boolean();
  print_line((cancelled ? say("cancelled: ", "已取消：") : std::string()) +
             say(found + " found in " + seconds + " s", "找到 " + found + " 个，用时 " + seconds + " 秒"));
  for (const auto& one : answer->find("in_service")->items())
    print_line("  " + said(one, "unit") + "  " + said(one, "meter") +
               (one.find("answers")->boolean() ? say("  in service, answers", "  在用，有应答")
                                               : say("  in service, SILENT", "  在用，无应答")));
  for (const auto& one : suspicions->items()) print_line("! " + say(said(one, "en"), said(one, "zh")));
  return doubtful ? exit_unsure : exit_ok;
}

int run_backfill(const EdgeOptions& options, const BackfillRequest& request) {
  const auto path = daemon_socket(options);
  const auto answer = path ? ask_daemon(*path, request, [](const Json&) {}) : Result<Json>(path.error());
  if (!is_for_people(options, answer)) return answer ? exit_ok : exit_failed;
  for (const auto& one : answer->find("values")->items()) {
    const bool good = said(one, "quality") == "good";
    print_line("  " + said(one, "at") + "  " + said(one, "freeze") + "  " + said(one, "channel") + " " +
               said(one, "value") + " " + said(one, "unit") +
               (good ? std::string() : say("  doubtful: ", "  存疑：") + said(one, "reason")));
  }
  const auto given = std::to_string(integer(*answer, "given"));
  const auto doubtful = std::to_string(integer(*answer, "doubtful"));
  print_line(say(given + " values the meter kept, " + doubtful + " doubtful; no bill stands on one by itself",
                 "表内冻结值 " + given + " 个，存疑 " + doubtful + " 个；不单独用于出账"));
  return exit_ok;
}

int run_status(const EdgeOptions& options) {
  if (options.json) return run_verb(options, StatusRequest{});
  const auto path = daemon_socket(options);
  const auto answer = path ? ask_daemon(*path, StatusRequest{}) : Result<Json>(path.error());
  if (!is_for_people(options, answer)) return exit_failed;
  print_line(said(*answer, "site") + "/" + said(*answer, "gateway") + "  steward-edge " +
             said(*answer, "version") + "  " + said(*answer, "now"));
  if (const auto* round = answer->find("last_round"); round != nullptr)
    print_line(say("last round ", "上一轮 ") + said(*round, "round_at") + ": " +
               std::to_string(integer(*round, "readings")) + say(" readings, ", " 个读数，") +
               std::to_string(integer(*round, "silent")) + say(" silent", " 块无应答"));
  print_line(say("next round ", "下一轮 ") + said(*answer, "next_round") +
             (answer->find("broker_connected")->boolean() ? say("; broker connected", "；服务器已连接")
                                                          : say("; broker NOT connected", "；服务器未连接")));
  if (const auto* trouble = answer->find("broker_trouble"); trouble != nullptr)
    print_line("! " + say(said(*trouble, "en"), said(*trouble, "zh")));
  for (const auto& log : answer->find("logs")->items())
    print_line("  " + said(log, "stream") + "  " + std::to_string(integer(log, "last")) + ", " +
               std::to_string(integer(log, "backlog")) + say(" not yet signed for", " 条待确认"));
  const auto& units = answer->find("units")->items();
  if (units.empty()) print_line(say("all meters are well", "所有表正常"));
  for (const auto& unit : units)
    print_line("! " + said(unit, "meter") + " (" + said(unit, "bus") + " " + said(unit, "unit") + ", " +
               said(unit, "standing") + "): " + say(said(unit, "next_en"), said(unit, "next_zh")));
  for (const auto& alarm : answer->find("alarms")->items())
    print_line("! " + said(alarm, "kind") + " " + said(alarm, "subject") + ": " + said(alarm, "detail"));
  return exit_ok;
}

}  // namespace steward
