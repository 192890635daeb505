#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "contract/nouns/clock.hpp"

namespace steward {

/// A gateway's word that what it gave as good was not: an event whose subject is the
/// meter and whose detail says since when. Found out only afterwards, so the closings
/// themselves are signed as good and stay so; no bill stands on them.
///
///   unit_clash      two devices answer at the meter's address      until it is cleared
///   unit_exchanged  another serial number than before              until it is cleared
///   time_unsure     a reply came later than the quarantine         from .. until
///   line_shared     a second master was heard on the line          from .. until
///   unit_cleared    a technician has looked: ends the first two
inline constexpr std::string_view doubt_kinds[] = {"unit_clash", "unit_exchanged", "time_unsure",
                                                   "line_shared"};
inline constexpr std::string_view doubt_cleared = "unit_cleared";

struct DoubtText {
  Instant since;                 // of the last clean check before
  std::optional<Instant> until;  // nothing: not over
  std::string why;               // one sentence

  friend bool operator==(const DoubtText&, const DoubtText&) = default;
};

/// "since 2026-06-01T00:00:00.000Z until 2026-06-01T01:00:00.000Z: why", the middle only when there is an
/// end.
std::string doubt_detail(const DoubtText& doubt);
/// Nothing for anything else than `doubt_detail` writes.
std::optional<DoubtText> read_doubt_detail(std::string_view detail);

}  // namespace steward
