#pragma once
#include <cstdint>
#include <string_view>

namespace steward {

/// What a door event's reason is about, for lists and alarms.
enum class DoorReasonKind : std::uint8_t { pass, denied, valid, warning, remote, unknown };

struct DoorReason {
  std::uint8_t code = 0;
  DoorReasonKind kind = DoorReasonKind::unknown;
  std::string_view en;
  std::string_view zh;
};

/// The 45 reasons of UT0311-L0x controllers. Source: the vendor's table, which
/// holds where other projects name 13 and 34 differently (docs/formats/doors.md).
inline constexpr DoorReason door_reasons[] = {
    {1, DoorReasonKind::pass, "swipe: opened", "刷卡开门"},
    {2, DoorReasonKind::pass, "swipe: closed", "刷卡关门"},
    {3, DoorReasonKind::pass, "swipe: opened and held", "刷卡开门并保持"},
    {4, DoorReasonKind::pass, "swipe: opened, uses are counted", "限次刷卡开门"},
    {5, DoorReasonKind::denied, "the host decides (PC control)", "电脑控制，未放行"},
    {6, DoorReasonKind::denied, "no privilege for this door", "没有权限"},
    {7, DoorReasonKind::denied, "wrong password", "密码错误"},
    {8, DoorReasonKind::denied, "anti-passback", "反潜回"},
    {9, DoorReasonKind::denied, "more cards are needed", "需要多卡"},
    {10, DoorReasonKind::denied, "the first card has not come yet", "首卡未到"},
    {11, DoorReasonKind::denied, "the door is set to stay closed", "门为常闭"},
    {12, DoorReasonKind::denied, "interlock with another door", "互锁"},
    {13, DoorReasonKind::denied, "the uses are used up", "刷卡次数已用完"},
    {14, DoorReasonKind::denied, "too many persons indoors", "门内人数已满"},
    {15, DoorReasonKind::denied, "card expired or outside its hours", "卡已过期或不在有效时段"},
    {16, DoorReasonKind::denied, "not in the required order of doors", "未按顺序刷卡"},
    {17, DoorReasonKind::denied, "too soon after the last swipe", "刷卡间隔太短"},
    {18, DoorReasonKind::denied, "unknown card", "未登记的卡"},
    {19, DoorReasonKind::denied, "too many swipes", "刷卡次数超限"},
    {20, DoorReasonKind::valid, "exit button", "出门按钮"},
    {21, DoorReasonKind::valid, "button: opened", "按钮开门"},
    {22, DoorReasonKind::valid, "button: closed", "按钮关门"},
    {23, DoorReasonKind::valid, "door opened", "门已打开"},
    {24, DoorReasonKind::valid, "door closed", "门已关闭"},
    {25, DoorReasonKind::valid, "supervisor password", "超级密码"},
    {26, DoorReasonKind::valid, "supervisor password: opened", "超级密码开门"},
    {27, DoorReasonKind::valid, "supervisor password: closed", "超级密码关门"},
    {28, DoorReasonKind::warning, "controller powered on", "控制器上电"},
    {29, DoorReasonKind::warning, "controller reset", "控制器复位"},
    {30, DoorReasonKind::warning, "button is disabled", "按钮已停用"},
    {31, DoorReasonKind::warning, "button: door is locked by force", "按钮无效：强制关门"},
    {32, DoorReasonKind::warning, "button: door is not under control", "按钮无效：门不在线"},
    {33, DoorReasonKind::warning, "button: interlock", "按钮无效：互锁"},
    {34, DoorReasonKind::warning, "duress", "胁迫"},
    {35, DoorReasonKind::warning, "duress: opened", "胁迫开门"},
    {36, DoorReasonKind::warning, "duress: closed", "胁迫关门"},
    {37, DoorReasonKind::warning, "door open too long", "门长时间未关"},
    {38, DoorReasonKind::warning, "door forced open", "强行闯入"},
    {39, DoorReasonKind::warning, "fire input", "火警"},
    {40, DoorReasonKind::warning, "closed by force", "强制关门"},
    {41, DoorReasonKind::warning, "theft alarm", "防盗报警"},
    {42, DoorReasonKind::warning, "guarded zone", "全天防区报警"},
    {43, DoorReasonKind::warning, "emergency call", "紧急呼救"},
    {44, DoorReasonKind::remote, "opened remotely", "远程开门"},
    {45, DoorReasonKind::remote, "opened by the desk reader", "桌面读卡器远程开门"},
};

/// The entry for `code`; for a code nobody has named, kind unknown with the code kept.
constexpr DoorReason door_reason(std::uint8_t code) {
  for (const auto& reason : door_reasons) {
    if (reason.code == code) return reason;
  }
  return {code, DoorReasonKind::unknown, "unknown reason", "未知原因"};
}

static_assert(door_reason(44).kind == DoorReasonKind::remote);
static_assert(door_reason(46).kind == DoorReasonKind::unknown);

}  // namespace steward
