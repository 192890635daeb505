#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/ids.hpp"
#include "contract/nouns/result.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

/// A config on disk: which one, where, and how one knows that it is whole.
struct ConfigPlace {
  std::uint64_t version = 0;  // 0: the gateway's own file, which lies elsewhere
  char slot = 'a';            // a or b
  std::size_t bytes = 0;
  Digest digest{};  // SHA-256 of its text

  friend bool operator==(const ConfigPlace&, const ConfigPlace&) = default;
};

/// How the gateway was before a change: what it must come back to.
struct Baseline {
  bool connected = false;
  std::set<MeterId> well;  // meters that answered and were believed

  friend bool operator==(const Baseline&, const Baseline&) = default;
};

/// Where a gateway stands with what its cloud wants.
struct ConfigState {
  std::uint64_t highest = 0;  // ever judged: nothing up to here is taken again
  ConfigPlace active;
  ConfigPlace previous;      // of a probation: where it goes back to
  bool probation = false;    // the active one has yet to show that it is as good
  std::uint32_t starts = 0;  // of the program, in this probation

  friend bool operator==(const ConfigState&, const ConfigState&) = default;
};

/// All of it, as found on disk.
struct KeptConfig {
  ConfigState state;
  std::string text;           // of the active one; empty: the own file
  std::string previous_text;  // of a probation; empty: the own file
  Baseline before;            // of a probation
  std::string report;
  std::uint64_t taken_back = 0;  // this version, by count_start; 0: none
  std::string trouble;           // what was found damaged, and what is done instead; empty: nothing
};

/// A config under which the program started so often without proving itself does not stay: it may be what
/// ends it.
inline constexpr std::uint32_t most_starts = 3;
/// Counts this start of the program against a probation; at the last one the config before is in force again.
/// To be on disk (config_state_mark) before anything runs by it. returns: whether anything changed. Pure.
bool count_start(KeptConfig& kept);

/// "v1 <highest> <active> <previous> <0|1> <starts>", a place being "<version> <slot> <bytes> <digest>"
/// (docs/formats/config-book.md). Pure.
std::string config_state_text(const ConfigState& state);
/// Faults: malformed.
Result<ConfigState> read_config_state(std::string_view text);

/// The marks that put a config in force with all that belongs to it: the document in its slot, the
/// baseline and the state. Together they are ONE transaction; the other slot is not touched.
std::vector<SavedMark> activation_marks(const ConfigState& state, std::string_view text,
                                        const Baseline& before);
SavedMark config_state_mark(const ConfigState& state);
/// The last report, cut to what a mark holds.
SavedMark config_report_mark(std::string_view report);

/// Reads a mark; empty: never saved.
using ReadMark = std::function<Result<std::string>(const std::string& name)>;
/// What is kept. A document that is not whole is not in force: the one before it is, else the own file.
/// Faults: the outbox's; broken (the state itself is damaged: what was refused before is not known any more).
Result<KeptConfig> read_kept_config(const ReadMark& mark);

}  // namespace steward
