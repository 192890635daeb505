#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "contract/nouns/result.hpp"
#include "drivers/modbus/unit_plan.hpp"

namespace steward {

/// Byte counts that meant something else until `retired_at`; a reply asked for then may still come.
struct PastTags {
  Dictionary dictionary;
  Instant retired_at;  // the first instant it was surely not used any more

  friend bool operator==(const PastTags&, const PastTags&) = default;
};

/// What the byte counts of one unit's replies mean, and what they meant not long ago.
/// On disk before the first request that uses it (docs/formats/guard-book.md).
struct TagBook {
  Dictionary now;
  std::vector<PastTags> past;  // oldest first, at most most_past

  friend bool operator==(const TagBook&, const TagBook&) = default;
};
inline constexpr std::size_t most_past = 4;

/// A plan that asks for nothing an old reply could be taken for.
struct FittedPlan {
  UnitPlan plan;                       // reads moved to other counts, or left out
  TagBook book;                        // to be on disk before anything is asked
  std::vector<RegisterSpan> withheld;  // left out: no count is free until `until`
  bool usable = true;                  // false: not even the probe has a count; ask nothing
  std::optional<Instant> until;        // when the last old meaning that stands in the way is over
};

/// Fits a new plan beside what is known of the unit's past.
///
/// A count that meant another register within `retire` (24 h by default: no reply is
/// later, whatever the converter) is not asked for. The read gets a longer count of its
/// own instead, as far as the profile's max_span, count_step and forbidden
/// registers allow; else it is left out until then. With nothing stored the plan is
/// taken as it is: nothing was ever asked.
/// A clock that was set back only makes the wait longer. Pure. Thread: any.
FittedPlan fit_plan(UnitPlan plan, const std::optional<TagBook>& stored, const BusHints& hints, Instant now,
                    Milliseconds retire);

/// "v1\n<dictionary>\n<retired ms> <dictionary>\n...": stable, at most max_tag_book_text bytes.
std::string tag_book_text(const TagBook& book);
/// Faults: malformed (not what tag_book_text writes).
Result<TagBook> read_tag_book(std::string_view text);
inline constexpr std::size_t max_tag_book_text = 3 + (most_past + 1) * (Dictionary::most_text + 22);

}  // namespace steward
