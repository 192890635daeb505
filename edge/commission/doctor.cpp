#include "edge/commission/doctor.hpp"

#include <algorithm>
#include <array>

namespace steward {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;
/// 400 days of 200 meters at 15 minutes are below 512 MiB (docs/performance.md).
constexpr std::uint64_t room = 512 * mebibyte;
constexpr std::uint64_t too_little = 64 * mebibyte;
/// A certificate is renewed by hand: a month is what a visit takes to plan.
constexpr std::chrono::hours month{24 * 30};
constexpr std::uint64_t tolerable = 50;

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

std::string_view word(Grade grade) {
  constexpr std::array<std::string_view, 3> words{"ok", "look", "bad"};
  return words[static_cast<std::size_t>(grade)];
}

Finding judge_device(const DeviceFacts& device) {
  const auto subject = "line " + device.line;
  if (!device.there)
    return {Grade::bad, subject,
            device.path + " is not there; plug the adapter in, or correct \"device\" in the config",
            device.path + " 不存在；请插好转换器，或修正配置中的 \"device\""};
  if (!device.character_device)
    return {Grade::bad, subject, device.path + " is no serial device; correct \"device\" in the config",
            device.path + " 不是串口设备；请修正配置中的 \"device\""};
  if (device.passing_name) {
    const auto better = device.stable.empty() ? std::string() : " (" + device.stable.front() + ")";
    return {Grade::look, subject,
            device.path + " may be another adapter after a replug; name it by /dev/serial/by-id or by-path" +
                better,
            device.path + " 重新插拔后可能是另一只转换器；请改用 /dev/serial/by-id 或 by-path 路径" + better};
  }
  return {Grade::ok, subject, device.path + " is there", device.path + " 正常"};
}

Finding judge_meter(const MeterHealth& meter) {
  const auto subject = "meter " + meter.meter;
  const auto where_en = "unit " + meter.unit + " of " + meter.line + ", " + number(meter.answered) + " of " +
                        number(meter.asked) + " answered, 99 % within " + std::to_string(meter.p99_ms) +
                        " ms";
  const auto where_zh = meter.line + " 上的 " + meter.unit + "，" + number(meter.asked) + " 次询问应答 " +
                        number(meter.answered) + " 次，99% 在 " + std::to_string(meter.p99_ms) + " 毫秒内";
  const auto detail_en = where_en + (meter.garbled > 0 ? ", " + number(meter.garbled) + " garbled" : "") +
                         (meter.late > 0 ? ", " + number(meter.late) + " late" : "");
  const auto detail_zh = where_zh + (meter.garbled > 0 ? "，乱码 " + number(meter.garbled) : "") +
                         (meter.late > 0 ? "，迟到 " + number(meter.late) : "");
  const auto failed = meter.asked - std::min(meter.asked, meter.answered);
  const bool many = meter.asked > 0 && failed * tolerable >= meter.asked && failed > 0;
  const auto grade = meter.latched || meter.silent ? Grade::bad : many ? Grade::look : Grade::ok;
  if (grade == Grade::ok) return {grade, subject, detail_en, detail_zh};
  if (!meter.advice_en.empty())
    return {grade, subject, detail_en + "; " + meter.advice_en, detail_zh + "；" + meter.advice_zh};
  return {grade, subject,
          detail_en + "; look again after some rounds, then at `steward-edge trace " + meter.line + "`",
          detail_zh + "；请过几轮再看，然后用 steward-edge trace " + meter.line + " 查看"};
}

Finding judge_clock(ClockTrust trust) {
  switch (trust) {
    case ClockTrust::synced: return {Grade::ok, "clock", "confirmed by a time server", "已由时间服务器校准"};
    case ClockTrust::rtc:
      return {Grade::look, "clock",
              "from the battery clock, not confirmed since the start; give the gateway a time server (NTP)",
              "来自电池时钟，启动后未经校准；请为网关配置时间服务器 (NTP)"};
    case ClockTrust::stepped:
      return {Grade::look, "clock", "moved by a simulation: no real readings", "由仿真推进：不是真实读数"};
    case ClockTrust::unset: break;
  }
  return {Grade::bad, "clock",
          "not known: closings of this time are not billed; give the gateway a time server (NTP)",
          "时间未知：此期间的结算读数不计费；请为网关配置时间服务器 (NTP)"};
}

Finding judge_broker(bool connected, std::uint64_t backlog) {
  if (connected)
    return {Grade::ok, "broker", "connected, " + number(backlog) + " records under way",
            "已连接，待确认记录 " + number(backlog) + " 条"};
  return {
      backlog > 0 ? Grade::bad : Grade::look, "broker",
      "not connected, " + number(backlog) +
          " records wait on disk (nothing is lost); check the network, the broker's name and port, and the "
          "certificates",
      "未连接，" + number(backlog) + " 条记录在磁盘上等待（不会丢失）；请检查网络、服务器名称与端口以及证书"};
}

Finding judge_disk(const std::string& folder, std::uint64_t free, std::uint64_t outbox) {
  const auto en = folder + ": " + number(free / mebibyte) + " MiB free, the outbox has " +
                  number(outbox / mebibyte) + " MiB";
  const auto zh =
      folder + "：剩余 " + number(free / mebibyte) + " MiB，发件箱 " + number(outbox / mebibyte) + " MiB";
  if (free < too_little)
    return {Grade::bad, "disk",
            en + "; free the disk or replace it now: a gateway that cannot keep readings stops",
            zh + "；请立即清理或更换磁盘：无法保存读数时网关会停止"};
  if (free < room)
    return {Grade::look, "disk", en + "; less than a long outage needs (512 MiB): free some",
            zh + "；低于长时间断网所需 (512 MiB)：请清理"};
  return {Grade::ok, "disk", en, zh};
}

Finding judge_certificate(const std::string& file, std::optional<std::chrono::hours> left) {
  if (!left)
    return {Grade::bad, "certificate",
            file + " cannot be read; ask for another (`steward-edge enrol request`)",
            file + " 无法读取；请重新申请证书 (steward-edge enrol request)"};
  const auto days = left->count() / 24;
  const auto en = file + " ends in " + std::to_string(days) + " days";
  const auto zh = file + " 还有 " + std::to_string(days) + " 天到期";
  if (left->count() <= 0)
    return {Grade::bad, "certificate", file + " has ended; ask for another (`steward-edge enrol request`)",
            file + " 已过期；请重新申请证书 (steward-edge enrol request)"};
  if (*left < month)
    return {Grade::look, "certificate", en + "; ask for another before (`steward-edge enrol request`)",
            zh + "；请提前申请新证书 (steward-edge enrol request)"};
  return {Grade::ok, "certificate", en, zh};
}

Finding judge_daemon(bool running) {
  if (running) return {Grade::ok, "daemon", "running", "正在运行"};
  return {Grade::bad, "daemon",
          "not running; start it with `steward-edge --config FILE` or systemctl start steward-edge",
          "未运行；请用 steward-edge --config 文件 或 systemctl start steward-edge 启动"};
}

Grade worst(const std::vector<Finding>& findings) {
  auto worst = Grade::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.grade);
  return worst;
}

}  // namespace steward
