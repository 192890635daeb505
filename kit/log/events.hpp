#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace steward {

/// How often one kind of line may be written: `burst` at once, then one in `every`.
struct LogPace {
  std::int64_t burst = 20;
  std::chrono::milliseconds every{10'000};
};

/// One kind of line: the id that scripts may match and that never changes its meaning, and the
/// sentence for the one who reads it, in both languages. docs/formats/log.md lists the same.
struct LogEvent {
  std::string_view id;
  std::string_view en;
  std::string_view zh;
  LogPace pace{};
};

/// A gateway of 8,000 meters may lose them all at once: the outbox has every event, the journal need not.
inline constexpr LogPace event_pace{200, std::chrono::milliseconds{1'000}};
/// Whoever can send messages can make these: a flood of them must not become a flood of lines.
inline constexpr LogPace outside_pace{10, std::chrono::milliseconds{60'000}};

inline constexpr LogEvent log_events[] = {
    {"ack_failed", "an ack could not be drawn up; the gateway sends again", "无法生成回执；网关将重新发送"},
    {"ack_not_sent", "the broker did not take an ack; the gateway sends again",
     "消息代理未接收回执；网关将重新发送"},
    {"alarm_not_kept", "an alarm could not be written into the books", "告警未能写入账簿"},
    {"block_aside", "a block that cannot be taken into the books was set aside as evidence",
     "无法入账的数据块已留作证据", outside_pace},
    {"block_fork", "a gateway sent another block for a place that is taken: evidence, and an alarm",
     "网关对同一位置发来不同的数据块：已留作证据并告警", outside_pace},
    {"block_unproven", "a block was not believed: its signature or its link does not hold",
     "数据块未通过验证：签名或链接不符", outside_pace},
    {"broker_down", "the broker cannot be reached; what is recorded waits until it is back",
     "无法连接消息代理；记录将保留，待恢复后发送"},
    {"broker_trouble", "why the broker cannot be reached, and what to do",
     "无法连接消息代理的原因与处理办法"},
    {"broker_up", "connected to the broker", "已连接消息代理"},
    {"command_answered", "a gateway answered a command", "网关已回应命令"},
    {"commands_unread", "the books could not be asked for commands; asked again soon",
     "暂时无法从账簿读取命令；稍后重试"},
    {"configs_unread", "the books could not be asked for configs; asked again soon",
     "暂时无法从账簿读取网关配置；稍后重试"},
    {"edge_event", "recorded and on its way to the cloud", "已记录，将发送至云端", event_pace},
    {"ingest_failed", "the books could not be written; nothing was acknowledged and the gateways send again",
     "账簿写入失败；未发送任何回执，网关将重新发送"},
    {"ingested", "records were taken into the books", "记录已入账"},
    {"keys_changed", "beginning anew with the keys and the certificate that are there now",
     "以现有密钥与证书重新开始"},
    {"message_not_sent", "the broker did not take a message to a gateway; sent again soon",
     "消息代理未接收发往网关的消息；稍后重发"},
    {"meter_list", "the changed meter list could not be put in place", "新的表清单未能生效"},
    {"open_door_asked", "somebody at this machine asked to open a door", "本机请求开门"},
    {"outbox_damaged", "the outbox is damaged: the gateway begins again and saves what is sound in it",
     "发件箱已损坏：网关将重新启动并抢救完好数据"},
    {"outbox_failed",
     "the gateway stops: it cannot keep what it reads; free the disk or replace it, then start it again",
     "网关停止运行：读数无法保存；请清理或更换存储后重新启动"},
    {"queue_full", "messages were dropped: the books are slower than the gateways, which send again",
     "账簿写入慢于网关发送，已丢弃消息；网关将重新发送", outside_pace},
    {"report_not_kept", "the report of a gateway on its config was not kept", "网关的配置上报未保存",
     outside_pace},
    {"result_not_kept", "the result of a command was not believed or not kept", "命令结果未通过验证或未保存",
     outside_pace},
    {"start_failed", "the program cannot start", "程序无法启动"},
    {"started", "the program has started", "程序已启动"},
    {"state_not_kept", "the state of a gateway could not be written into the books", "网关状态未能写入账簿"},
    {"stepped_time", "time is stepped by this program: these are not real readings",
     "时间由本程序步进：并非真实读数"},
    {"stop_asked", "asked to stop; what was read is committed first", "收到停止请求；先提交已读数据"},
    {"stopped", "the program has stopped in order", "程序已正常停止"},
    {"stranger", "messages came from gateways that are not enrolled here", "收到未登记网关的消息",
     outside_pace},
    {"suppressed", "lines of one kind were left out: more came than its pace lets through",
     "同类日志过多，已省略部分"},
    {"uplink", "something between this gateway and the cloud is not as it should be", "与云端的通信异常"},
    {"work_hangs", "the work has not moved for too long; a service manager is not pinged until it does",
     "工作长时间停滞；恢复前不再向服务管理器报告正常"},
    {"work_moves_again", "the work that stood still goes on", "停滞的工作已恢复"},
};

/// Not constexpr on purpose: the compiler names it when a call site uses an id that is not listed above.
std::size_t no_such_log_event();

/// An id at a call site, looked up while compiling.
struct EventId {
  // Implicit, so that a call site writes the word and nothing else.
  consteval EventId(const char* id) : place(place_of(id)) {}  // NOLINT(google-explicit-constructor)
  std::size_t place;

 private:
  static consteval std::size_t place_of(std::string_view id) {
    for (std::size_t at = 0; at < std::size(log_events); ++at)
      if (log_events[at].id == id) return at;
    return no_such_log_event();
  }
};

}  // namespace steward
