#include "edge/app/alarm_book.hpp"

#include <string_view>

namespace steward {
namespace {

struct Pair {
  std::string_view begins;
  std::string_view ends;
};
constexpr Pair pairs[] = {
    {"unit_silent", "unit_answers"}, {"door_silent", "door_back"},       {"reader_lost", "reader_back"},
    {"unit_clash", "unit_cleared"},  {"unit_exchanged", "unit_cleared"}, {"second_master", "line_alone"},
    {"pulses_missed", "pulse_base"}, {"disk_full", "disk_back"},         {"disk_fault", "disk_back"}};

}  // namespace

bool AlarmBook::note(const EdgeEvent& event) {
  bool ended = false;
  for (const auto& [begins, ends] : pairs) {
    const std::pair key{std::string(begins), event.subject};
    if (event.kind == ends) ended = open_.erase(key) > 0 || ended;
    if (event.kind == begins) {
      return open_.emplace(key, Alarm{event.kind, event.subject, event.at, event.detail}).second;
    }
  }
  return ended;
}

std::vector<Alarm> AlarmBook::alarms() const {
  std::vector<Alarm> list;
  for (const auto& [key, alarm] : open_) list.push_back(alarm);
  return list;
}

}  // namespace steward
