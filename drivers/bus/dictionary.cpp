#include "drivers/bus/dictionary.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace steward {
namespace {

constexpr auto by_tag = [](const RegisterSpan& span, Tag tag) { return tag_of(span) < tag; };
constexpr std::uint32_t most_cjt188 = 0xFFFFFF;  // SER and two bytes of identifier

bool is_request(const RegisterSpan& span) {
  if (span.count < 1 || span.count > (span.is_item() ? max_item_bytes : max_span_words)) return false;
  switch (span.kind) {
    case RegisterKind::holding:
    case RegisterKind::input: return span.first <= 0xFFFF && span.end() <= 0x10000;
    case RegisterKind::cjt188_item: return span.first <= most_cjt188;
    case RegisterKind::dlt645_item: return true;
  }
  return false;  // another number, read from a text
}

std::string hex(const RegisterSpan& span) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "0x";
  for (int shift = span.is_item() ? 28 : 12; shift >= 0; shift -= 4)
    text += digits[(span.first >> shift) & 0xFU];
  return text;
}

/// The number before `mark`, taken from the front of `text` together with the mark.
template <class Int>
std::optional<Int> take(std::string_view& text, std::string_view mark, int base) {
  const auto end = text.find(mark);
  if (end == std::string_view::npos) return std::nullopt;
  Int number = 0;
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + end, number, base);
  if (failed != std::errc{} || stop != text.data() + end) return std::nullopt;
  text.remove_prefix(end + mark.size());
  return number;
}

}  // namespace

bool Dictionary::claim(RegisterSpan span) {
  if (!is_request(span)) return false;
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), tag_of(span), by_tag);
  if (at != entries_.end() && tag_of(*at) == tag_of(span)) return *at == span;
  if (entries_.size() >= most) return false;
  entries_.insert(at, span);
  return true;
}

std::optional<RegisterSpan> Dictionary::meaning(Tag tag) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), tag, by_tag);
  if (at == entries_.end() || tag_of(*at) != tag) return std::nullopt;
  return *at;
}

std::optional<RegisterSpan> Dictionary::alternate(RegisterSpan span) const {
  const auto other = [&](const RegisterSpan& entry) {
    if (entry.kind != span.kind || entry == span) return false;
    if (span.is_item()) return entry.item() == span.item() && entry.count == span.count;
    return entry.first == span.first && entry.count > span.count;
  };
  const auto at = std::find_if(entries_.begin(), entries_.end(), other);
  if (at == entries_.end()) return std::nullopt;
  return *at;
}

std::vector<RegisterSpan> Dictionary::changed_from(const Dictionary& older) const {
  std::vector<RegisterSpan> changed;
  for (const auto& span : entries_) {
    const auto before = older.meaning(tag_of(span));
    // An item's reply names it for ever; of another length than expected it is refused.
    if (before && *before != span && !span.is_item()) changed.push_back(span);
  }
  return changed;
}

std::string Dictionary::text() const {
  std::string text;
  for (const auto& span : entries_) {
    if (!text.empty()) text += ' ';
    text += std::to_string(static_cast<int>(span.kind)) + ':' + std::to_string(span.count) + '@' + hex(span);
  }
  return text;
}

Result<Dictionary> Dictionary::read(std::string_view text) {
  const Error bad{Fault::malformed, "not a dictionary: " + std::string(text.substr(0, 40))};
  if (text.size() > most_text) return bad;
  Dictionary table;
  auto left = std::string(text) + ' ';
  std::string_view rest = text.empty() ? std::string_view{} : left;
  while (!rest.empty()) {
    const auto kind = take<std::uint8_t>(rest, ":", 10);
    const auto count = kind ? take<std::uint16_t>(rest, "@0x", 10) : std::nullopt;
    const auto first = count ? take<std::uint32_t>(rest, " ", 16) : std::nullopt;
    if (!first) return bad;
    if (!table.claim({static_cast<RegisterKind>(*kind), *first, *count})) return bad;
  }
  if (table.text() != text) return bad;  // one text per table: what is stored can be compared as it is
  return table;
}

}  // namespace steward
