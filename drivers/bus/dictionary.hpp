#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/result.hpp"
#include "drivers/bus/heard.hpp"

namespace steward {

/// What each reply of ONE unit means.
///
/// An RTU reply names its unit, function and byte count (2 x registers), all under
/// the CRC, but not its registers (MODBUS Application Protocol V1.1b3, 6.3). In this
/// table each (function, byte count) belongs to one start address, so that a reply
/// names its registers after all, however late, doubled or out of order it comes:
/// what makes a wrong register impossible without any assumption about time. A Chinese
/// meter's reply names its item; the table says which items are asked for, and how long each is.
/// Every sender to the unit asks only for spans it serves: polls, retries, probes, scans.
///
///   text: "3:2@0x0048 3:4@0x000A 4:2@0x0000 17:2@0x00010000"
///          function : registers @ first register on the wire, sorted by tag, one blank between
///
/// One start may have several counts; a tag has one place. Pure. Thread: any.
class Dictionary {
 public:
  /// A unit with more blocks than this is read in more than 64 requests a round.
  static constexpr std::size_t most = 64;
  /// The longest text there can be: "17:125@0xFFFFFFFF " per entry.
  static constexpr std::size_t most_text = most * 18;

  /// Makes `span`'s tag mean `span`. Claiming twice is the same as once.
  /// returns: false, and nothing has changed, when that tag belongs to another place, when
  /// the table is full, or when `span` is no request (no or too many registers or bytes, beyond 0xFFFF).
  bool claim(RegisterSpan span);

  /// Whether a reply with `span`'s tag means exactly `span`.
  bool serves(RegisterSpan span) const { return meaning(tag_of(span)) == span; }

  /// What a reply with this tag means; nothing: no request of ours asks for it.
  std::optional<RegisterSpan> meaning(Tag tag) const;

  /// The same place under another tag, what consecutive requests alternate with: registers
  /// with the next higher count for the same first; an item under another SER (CJ/T 188).
  /// A DL/T 645 item has none.
  std::optional<RegisterSpan> alternate(RegisterSpan span) const;

  /// By tag; each once.
  const std::vector<RegisterSpan>& entries() const { return entries_; }

  /// Tags that mean another place in `older`: what may be asked only after
  /// no reply to a request of `older` can exist any more.
  std::vector<RegisterSpan> changed_from(const Dictionary& older) const;

  /// Stable: equal tables give equal texts, and read() gives the table back.
  std::string text() const;
  /// Faults: malformed (not what text() writes, byte for byte).
  static Result<Dictionary> read(std::string_view text);

  friend bool operator==(const Dictionary&, const Dictionary&) = default;

 private:
  std::vector<RegisterSpan> entries_;
};

}  // namespace steward
