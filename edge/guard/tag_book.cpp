#include "edge/guard/tag_book.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace steward {
namespace {

constexpr std::string_view version_line = "v1\n";

/// A gateway whose clock stands before this has no clock (it starts at 1970, or where its image was made).
constexpr Instant before_any_gateway{
    std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}.time_since_epoch()};

bool over(const PastTags& past, Instant now, Milliseconds retire) { return now - past.retired_at >= retire; }

/// `span`'s count meant another register then.
bool differs(const PastTags& past, const RegisterSpan& span) {
  const auto meant = past.dictionary.meaning(tag_of(span));
  return meant && *meant != span && !span.is_item();
}

/// Puts spans into a dictionary without touching what may still arrive.
class Fitting {
 public:
  Fitting(const std::vector<PastTags>& past, const BusHints& hints) : past_(past), hints_(hints) {}

  /// The count still means another register to a reply that may be on its way.
  bool taken_before(const RegisterSpan& span) const {
    return std::any_of(past_.begin(), past_.end(), [&](const PastTags& past) { return differs(past, span); });
  }
  bool claim(const RegisterSpan& span) { return !taken_before(span) && dictionary.claim(span); }

  /// `span` with the shortest longer count that is free; nothing if there is none.
  std::optional<RegisterSpan> longer(RegisterSpan span) {
    if (span.is_item()) return std::nullopt;
    const auto step = std::max<std::uint16_t>(hints_.count_step, 1);
    while (span.count + step <= hints_.max_span && span.end() + step <= 0x10000U) {
      span.count = static_cast<std::uint16_t>(span.count + step);
      if (touches_forbidden(span)) return std::nullopt;
      if (!dictionary.meaning(tag_of(span)) && claim(span)) return span;
    }
    return std::nullopt;
  }

  Dictionary dictionary;

 private:
  bool touches_forbidden(const RegisterSpan& span) const {
    return std::any_of(hints_.forbidden.begin(), hints_.forbidden.end(), [&](const RegisterSpan& bad) {
      return bad.kind == span.kind && bad.first < span.end() && span.first < bad.end();
    });
  }

  const std::vector<PastTags>& past_;
  const BusHints& hints_;
};

/// The old meanings that still count, the last dictionary among them.
std::vector<PastTags> past_of(const TagBook& stored, const Dictionary& planned, Instant now,
                              Milliseconds retire) {
  auto past = stored.past;
  // Retired before the gateway knew the time: how long ago that was, nobody knows.
  for (auto& old : past) {
    if (old.retired_at < before_any_gateway && now >= before_any_gateway) old.retired_at = now;
  }
  std::erase_if(past, [&](const PastTags& old) { return over(old, now, retire); });
  if (stored.now == planned) return past;
  // The same dictionary again, as after a plan was taken back: it is current until now.
  std::erase_if(past, [&](const PastTags& old) { return old.dictionary == stored.now; });
  past.push_back({stored.now, now});
  return past;
}

/// What a back-fill would ask for goes without a place of its own: it can wait.
void forget_unserved(UnitPlan& plan) {
  const auto& table = plan.dictionary;
  if (plan.clock && !table.serves(plan.clock->span)) plan.clock.reset();
  std::erase_if(plan.frozen, [&](const FrozenRead& read) {
    return !table.serves(read.span) || (read.time && !table.serves(*read.time));
  });
}

}  // namespace

FittedPlan fit_plan(UnitPlan plan, const std::optional<TagBook>& stored, const BusHints& hints, Instant now,
                    Milliseconds retire) {
  if (!stored) {
    TagBook book{plan.dictionary, {}};
    return {std::move(plan), std::move(book), {}, true, std::nullopt};
  }
  FittedPlan fitted;
  fitted.book.past = past_of(*stored, plan.dictionary, now, retire);
  Fitting fitting(fitted.book.past, hints);
  // First all that may stay as it is, so that what moves goes round it.
  std::vector<RegisterSpan> moving;
  for (const auto& entry : plan.dictionary.entries()) {
    if (!fitting.claim(entry)) moving.push_back(entry);
  }
  for (const auto& past : fitted.book.past) {
    const bool in_the_way = std::any_of(moving.begin(), moving.end(),
                                        [&](const RegisterSpan& span) { return differs(past, span); });
    const auto until = past.retired_at + retire;
    if (in_the_way) fitted.until = std::max(fitted.until.value_or(until), until);
  }
  const bool too_many = fitted.book.past.size() > most_past;
  std::map<RegisterSpan, std::optional<RegisterSpan>> moved;
  const auto place = [&](const RegisterSpan& span) -> std::optional<RegisterSpan> {
    if (too_many) return std::nullopt;
    if (std::find(moving.begin(), moving.end(), span) == moving.end()) return span;
    const auto known = moved.find(span);
    if (known != moved.end()) return known->second;
    return moved[span] = fitting.longer(span);
  };
  for (auto& probe : plan.probe.spans) {
    const auto placed = place(probe);
    if (!placed) fitted.usable = false;
    probe = placed.value_or(probe);
  }
  for (auto& list : plan.reads) {
    std::vector<PlannedRead> kept;
    for (auto& read : list) {
      if (const auto placed = place(read.span); placed && fitted.usable) {
        // A second count for the same registers confirms what is billed: it moves as well.
        if (plan.dictionary.alternate(read.span) && !fitting.dictionary.alternate(*placed))
          (void)fitting.longer(*placed);
        read.span = *placed;
        kept.push_back(std::move(read));
      } else if (std::find(fitted.withheld.begin(), fitted.withheld.end(), read.span) ==
                 fitted.withheld.end()) {
        fitted.withheld.push_back(read.span);
      }
    }
    list = std::move(kept);
  }
  if (too_many) {
    fitted.book = *stored;  // nothing new is asked, so nothing new is to be known
  } else {
    plan.dictionary = std::move(fitting.dictionary);
    forget_unserved(plan);
    fitted.book.now = plan.dictionary;
    // What turns out to be asked for on and on was never retired.
    std::erase_if(fitted.book.past, [&](const PastTags& old) { return old.dictionary == plan.dictionary; });
  }
  fitted.plan = std::move(plan);
  return fitted;
}

std::string tag_book_text(const TagBook& book) {
  std::string text(version_line);
  text += book.now.text() + "\n";
  for (const auto& past : book.past) {
    text += std::to_string(ms_of(past.retired_at)) + " " + past.dictionary.text() + "\n";
  }
  return text;
}

Result<TagBook> read_tag_book(std::string_view text) {
  const Error wrong{Fault::malformed, "this is not a unit's table of byte counts"};
  if (text.size() > max_tag_book_text || !text.starts_with(version_line)) return wrong;
  const auto whole = text;
  text.remove_prefix(version_line.size());
  TagBook book;
  for (bool first = true; !text.empty() || first; first = false) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || book.past.size() == most_past + (first ? 1U : 0U)) return wrong;
    auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    std::int64_t retired_ms = 0;
    if (!first) {
      const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), retired_ms);
      const auto used = static_cast<std::size_t>(stop - line.data());
      if (error != std::errc() || used >= line.size() || line[used] != ' ') return wrong;
      line.remove_prefix(used + 1);
    }
    auto dictionary = Dictionary::read(line);
    if (!dictionary) return std::move(dictionary.error());
    if (first) {
      book.now = std::move(*dictionary);
    } else {
      book.past.push_back({std::move(*dictionary), instant_from_ms(retired_ms)});
    }
  }
  if (tag_book_text(book) != whole) return wrong;
  return book;
}

}  // namespace steward
