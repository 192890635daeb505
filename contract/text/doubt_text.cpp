#include "contract/text/doubt_text.hpp"

#include "contract/text/instant_text.hpp"

namespace steward {
namespace {

constexpr std::size_t instant_bytes = 24;  // "2026-06-01T00:00:00.000Z"

/// Takes `word` and an instant off the front.
std::optional<Instant> take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word) || text.size() < word.size() + instant_bytes) return std::nullopt;
  const auto instant = read_instant(text.substr(word.size(), instant_bytes));
  if (instant) text.remove_prefix(word.size() + instant_bytes);
  return instant;
}

}  // namespace

std::string doubt_detail(const DoubtText& doubt) {
  auto text = "since " + instant_text(doubt.since);
  if (doubt.until) text += " until " + instant_text(*doubt.until);
  return text + ": " + doubt.why;
}

std::optional<DoubtText> read_doubt_detail(std::string_view detail) {
  DoubtText doubt;
  const auto since = take(detail, "since ");
  if (!since) return std::nullopt;
  doubt.since = *since;
  if (detail.starts_with(" until ")) {
    doubt.until = take(detail, " until ");
    if (!doubt.until) return std::nullopt;
  }
  if (!detail.starts_with(": ")) return std::nullopt;
  doubt.why = std::string(detail.substr(2));
  return doubt;
}

}  // namespace steward
