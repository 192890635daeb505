#include "edge/app/log_marks.hpp"

#include <charconv>

#include "contract/text/unit_text.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

constexpr std::string_view numbering_name = "numbering";

std::string name_of(WordKind kind, const MeterSetup& place) {
  constexpr std::string_view words[] = {"explained/", "backfilled/"};
  return std::string(words[static_cast<std::size_t>(kind)]) + place.bus.text + "/" + unit_text(place.unit);
}

/// The number in front, and the blank behind it, taken off `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || used == text.size() || text[used] != ' ') return std::nullopt;
  text.remove_prefix(used + 1);
  return value;
}

Error damaged(std::string_view name) {
  return {Fault::broken, "the mark " + std::string(name) + " of the outbox cannot be read"};
}

}  // namespace

Digest digest_of(const std::vector<CatalogueEntry>& entries) {
  std::string text;
  for (const auto& entry : entries)
    text += std::to_string(entry.meter_no.value) + ' ' + entry.meter.text + '\n' + entry.profile.text + ' ' +
            hex(entry.profile_hash) + '\n';
  return sha256(bytes_of(text));
}

SavedMark numbering_mark(const Numbering& numbering) {
  return {std::string(numbering_name), std::to_string(numbering.first.value) + ' ' + hex(numbering.of)};
}

Result<std::optional<Numbering>> read_numbering(Outbox& outbox) {
  const auto mark = outbox.mark(numbering_name);
  if (!mark) return mark.error();
  if (mark->empty()) return std::optional<Numbering>();
  std::string_view text = *mark;
  const auto first = take_number(text);
  const auto digest = from_hex(text);
  Numbering numbering;
  if (!first || *first < 1 || !digest || digest->size() != numbering.of.size())
    return damaged(numbering_name);
  numbering.first = Seq{static_cast<std::uint64_t>(*first)};
  std::copy(digest->begin(), digest->end(), numbering.of.begin());
  return std::optional(numbering);
}

SavedMark word_mark(WordKind kind, const MeterSetup& place, const MeterWord& word) {
  return {name_of(kind, place), std::to_string(ms_of(word.at)) + ' ' +
                                    (word.value ? "1 " + std::to_string(*word.value) : std::string("0 0")) +
                                    ' ' + word.meter.text};
}

Result<std::optional<MeterWord>> read_word(WordKind kind, const MeterSetup& meter, Outbox& outbox) {
  const auto name = name_of(kind, meter);
  const auto mark = outbox.mark(name);
  if (!mark) return mark.error();
  if (mark->empty()) return std::optional<MeterWord>();
  std::string_view text = *mark;
  const auto at = take_number(text);
  const auto has_value = take_number(text);
  const auto value = take_number(text);
  if (!at || !has_value || !value) return damaged(name);
  if (text != meter.meter.text) return std::optional<MeterWord>();
  MeterWord word{meter.meter, instant_from_ms(*at), std::nullopt};
  if (*has_value != 0) word.value = *value;
  return std::optional(std::move(word));
}

}  // namespace steward
