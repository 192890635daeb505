#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "contract/nouns/reading.hpp"
#include "edge/site/site_setup.hpp"
#include "edge/store/outbox.hpp"

namespace steward {

// The few things about the readings log that do not stand in it, as marks of the outbox.

/// Under which catalogue the end of the readings log is numbered.
struct Numbering {
  Seq first;    // place of the catalogue's first record
  Digest of{};  // digest_of(its entries)

  friend bool operator==(const Numbering&, const Numbering&) = default;
};
/// SHA-256 over what the numbers mean: two catalogues that give every reading the same meaning have one.
Digest digest_of(const std::vector<CatalogueEntry>& entries);
SavedMark numbering_mark(const Numbering& numbering);
/// nothing: never written. Faults: broken (not ours).
Result<std::optional<Numbering>> read_numbering(Outbox& outbox);

/// What was said of one meter, and when: what its readings up to then say no longer counts.
struct MeterWord {
  MeterId meter;  // another plate at the same address: it was not said of that one
  Instant at;
  std::optional<std::int64_t> value;  // the register from which it is compared on, in the channel's unit

  friend bool operator==(const MeterWord&, const MeterWord&) = default;
};
enum class WordKind : std::uint8_t {
  explained,   // a person said what happened to its register
  backfilled,  // it was asked what it kept; the gaps up to then are dealt with
};
SavedMark word_mark(WordKind kind, const MeterSetup& place, const MeterWord& word);
/// nothing: never written, or of another plate. Faults: broken (not ours).
Result<std::optional<MeterWord>> read_word(WordKind kind, const MeterSetup& meter, Outbox& outbox);

}  // namespace steward
