#include "cloud/app/say.hpp"

namespace steward {
namespace {

std::string place_of(const Problem& problem) {
  if (problem.file.empty()) return {};
  return problem.file + (problem.line == 0 ? "" : ":" + std::to_string(problem.line)) + ": ";
}

/// What a fault is called for someone who reads no English; the sentence itself
/// comes from libraries and stays as it is.
std::string_view chinese(Fault fault) {
  switch (fault) {
    case Fault::retry: return "暂时忙，请稍后再试";
    case Fault::full: return "磁盘已满，请清理后再试";
    case Fault::refused: return "不允许这样做";
    case Fault::malformed: return "内容格式不对";
    case Fault::implausible: return "找不到或不合理";
    case Fault::unsupported: return "不支持";
    case Fault::broken: return "出现故障";
  }
  return "出现故障";
}

Exit exit_of(Fault fault) {
  switch (fault) {
    case Fault::refused: return Exit::refused;
    case Fault::malformed:
    case Fault::implausible: return Exit::bad_input;
    default: return Exit::failed;
  }
}

}  // namespace

void say_problems(const Common& common, const Streams& streams, const Problems& problems) {
  for (const auto& problem : problems) {
    streams.err << place_of(problem) << problem.en << "\n" << place_of(problem) << problem.zh << "\n";
  }
  if (!common.json) return;
  Json list = Json::array();
  for (const auto& problem : problems) {
    Json one = Json::object();
    one.set("file", problem.file).set("line", static_cast<std::int64_t>(problem.line));
    one.set("en", problem.en).set("zh", problem.zh);
    list.push(std::move(one));
  }
  streams.out << Json::object().set("problems", std::move(list)).dump() << "\n";
}

Exit say_error(const Common& common, const Streams& streams, Exit exit, std::string en, std::string zh) {
  say_problems(common, streams, {{"steward-cloud", 0, std::move(en), std::move(zh)}});
  return exit;
}

Error error_of(Fault fault, const std::string& en, const std::string& zh) { return {fault, en + "\n" + zh}; }

Exit say_fault(const Common& common, const Streams& streams, const Error& error) {
  const auto parted = error.message.find('\n');
  if (parted != std::string::npos) {
    return say_error(common, streams, exit_of(error.fault), error.message.substr(0, parted),
                     error.message.substr(parted + 1));
  }
  return say_error(common, streams, exit_of(error.fault), error.message,
                   std::string(chinese(error.fault)) + "：" + error.message);
}

void Progress::tell(std::string_view what) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  err_ << what << " ..." << std::endl;
  next_ = now + std::chrono::seconds(2);
}

}  // namespace steward
