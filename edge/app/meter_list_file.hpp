#pragma once
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"

namespace steward {

/// The meter list is replaced in step with the event that says why. In this order, so that a power cut
/// between any two leaves both or neither:
///   1. the new list lies beside the old one, whole and on disk  (write_next_list)
///   2. ONE transaction commits the event and the mark "meter-list" = SHA-256 of the new list
///   3. the new list takes the old one's place                   (put_next_list)
/// Before 2 a restart throws the new list away; after 2 it finishes 3 (finish_meter_list).
inline constexpr std::string_view meter_list_mark = "meter-list";

/// Where the new list lies until it counts: "<file>.next".
std::string next_list(const std::string& meters_file);
/// The mark's text for that list.
std::string list_mark_text(std::string_view list);

/// Faults: broken (message names the file and why), full.
Result<void> write_next_list(const std::string& meters_file, std::string_view list);
Result<void> put_next_list(const std::string& meters_file);
void drop_next_list(const std::string& meters_file);

/// At start, before anything is read on a bus. mark: what is saved under meter_list_mark; empty: nothing.
/// returns: true when the list was put in place only now, so that it must be read again
/// Faults: broken (as put_next_list).
Result<bool> finish_meter_list(const std::string& meters_file, std::string_view mark);

}  // namespace steward
