#include "contract/wire/block_rules.hpp"

#include <algorithm>
#include <string>

#include "contract/text/utf8.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"

namespace steward {
namespace {

/// Collects the first thing that is wrong with one record.
class Rules {
 public:
  void want(bool holds, const char* what) {
    if (!holds && why_ == nullptr) why_ = what;
  }
  void name(const std::string& text, const char* what) {
    want(is_plain_text(text, 1, wire_limit::name_bytes), what);
  }
  void instant(Instant at, const char* what) {
    want(ms_of(at) >= 0 && ms_of(at) <= wire_limit::instant_ms, what);
  }
  const char* why() const { return why_; }

 private:
  const char* why_ = nullptr;
};

const char* wrong_with(const Reading& reading) {
  Rules rules;
  rules.instant(reading.round_at, "round_at is not between 1970 and 9999");
  rules.instant(reading.taken_at, "taken_at is not between 1970 and 9999");
  rules.want(reading.quality <= Quality::invalid, "quality is not a known one");
  rules.want(reading.raw.size() <= wire_limit::raw_words, "more than 8 raw words");
  return rules.why();
}

const char* wrong_with(const CatalogueEntry& entry) {
  Rules rules;
  rules.name(entry.meter.text, "meter is not 1 to 64 bytes of plain text");
  rules.name(entry.profile.text, "profile is not 1 to 64 bytes of plain text");
  rules.want(entry.channels.size() <= wire_limit::channels, "more than 128 channels");
  int previous = -1;
  for (const auto& channel : entry.channels) {
    rules.want(channel.channel_no.value > previous, "channel numbers are not ascending");
    previous = channel.channel_no.value;
    rules.want(is_plain_text(channel.name, 1, wire_limit::word_bytes),
               "channel name is not 1 to 48 bytes of plain text");
    rules.want(channel.words <= wire_limit::raw_words, "a channel of more than 8 words");
    rules.want(channel.modulus >= 0, "a negative modulus");
  }
  return rules.why();
}

const char* wrong_with(const std::vector<std::uint8_t>& closing) {
  Rules rules;
  rules.want(!closing.empty() && closing.size() <= wire_limit::closing_bytes, "not 1 to 1024 bytes");
  return rules.why();
}

const char* wrong_with(const DoorEvent& event) {
  Rules rules;
  rules.name(event.controller, "controller is not 1 to 64 bytes of plain text");
  rules.instant(event.received_at, "received_at is not between 1970 and 9999");
  rules.want(event.controller_time_ms >= -wire_limit::instant_ms &&
                 event.controller_time_ms <= wire_limit::instant_ms,
             "controller_time is beyond the year 9999");
  rules.want(event.raw.size() <= wire_limit::door_packet_bytes, "a packet of more than 64 bytes");
  return rules.why();
}

const char* wrong_with(const PatrolScan& scan) {
  Rules rules;
  rules.name(scan.reader.text, "reader is not 1 to 64 bytes of plain text");
  rules.instant(scan.scanned_at, "scanned_at is not between 1970 and 9999");
  rules.want(
      !scan.code.empty() && scan.code.size() <= wire_limit::scan_code_bytes && is_printable_ascii(scan.code),
      "code is not 1 to 512 printable ASCII characters");
  return rules.why();
}

const char* wrong_with(const FrozenReading& reading) {
  Rules rules;
  rules.instant(reading.read_at, "read_at is not between 1970 and 9999");
  rules.want(
      reading.frozen_at_ms >= -wire_limit::instant_ms && reading.frozen_at_ms <= wire_limit::instant_ms,
      "frozen_at is beyond the year 9999");
  rules.want(reading.quality <= Quality::invalid, "quality is not a known one");
  rules.want(reading.raw.size() <= wire_limit::raw_words, "more than 8 raw words");
  return rules.why();
}

const char* wrong_with(const EdgeEvent& event) {
  Rules rules;
  rules.instant(event.at, "at is not between 1970 and 9999");
  rules.want(is_plain_text(event.kind, 1, wire_limit::word_bytes), "kind is not 1 to 48 bytes of plain text");
  rules.want(is_plain_text(event.subject, 0, wire_limit::name_bytes),
             "subject is not plain text up to 64 bytes");
  rules.want(is_plain_text(event.detail, 0, wire_limit::sentence_bytes),
             "detail is not plain text up to 512 bytes");
  return rules.why();
}

Result<void> malformed(std::string why) { return Error{Fault::malformed, std::move(why)}; }

template <class Record>
Result<void> check_each(const std::vector<Record>& records, Seq first) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (const char* why = wrong_with(records[i])) {
      return malformed("record " + std::to_string(first.value + i) + ": " + why);
    }
  }
  return {};
}

Result<void> check_hole(const Hole& hole, const Block& block) {
  if (hole.first != block.first || hole.last != block.last)
    return malformed("a hole of another range than its block's");
  if (!is_plain_text(hole.reason, 1, wire_limit::hole_reason_bytes)) {
    return malformed("a hole's reason is not 1 to 32 bytes of plain text");
  }
  return {};
}

Result<void> check_records(const Block& block) {
  if (const auto* hole = std::get_if<Hole>(&block.records)) return check_hole(*hole, block);
  const std::size_t count = count_of(block.records);
  if (count == 0) return malformed("a block without records");
  if (count > max_block_records)
    return malformed("more than " + std::to_string(max_block_records) + " records");
  if (block.last.value - block.first.value != count - 1)
    return malformed("as many places as records are needed");
  return std::visit(
      [&](const auto& records) -> Result<void> {
        using Kind = std::decay_t<decltype(records)>;
        if constexpr (std::is_same_v<Kind, SealedClosings>) {
          return check_each(records.sealed, block.first);
        } else if constexpr (std::is_same_v<Kind, Hole>) {
          return {};
        } else {
          return check_each(records, block.first);
        }
      },
      block.records);
}

}  // namespace

bool is_plain_text(std::string_view text, std::size_t least, std::size_t most) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return text.size() >= least && text.size() <= most && std::ranges::none_of(text, is_control) &&
         is_utf8(text);
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Result<void> check_block(const Block& block) {
  if (!is_code(block.log.site.text)) return malformed("site is not a code of 1 to 32 of a-z, 0-9 and -");
  if (!is_code(block.log.gateway.text))
    return malformed("gateway is not a code of 1 to 32 of a-z, 0-9 and -");
  if (block.log.stream > Stream::events) return malformed("stream is not a known one");
  if (block.first.value == 0 || block.last < block.first || block.last.value > wire_limit::seq) {
    return malformed("first and last are not a range of places from 1");
  }
  const ClockStamp& stamp = block.stamp;
  if (ms_of(stamp.wall) < 0 || ms_of(stamp.wall) > wire_limit::instant_ms) {
    return malformed("wall is not between 1970 and 9999");
  }
  if (stamp.monotonic_ms < 0 || stamp.monotonic_ms > wire_limit::instant_ms) {
    return malformed("monotonic is negative or beyond reason");
  }
  if (stamp.trust > ClockTrust::stepped) return malformed("trust is not a known one");
  if (!fits(kind_of(block.records), block.log.stream)) {
    return malformed("this kind of record does not belong into the stream " +
                     std::string(word(block.log.stream)));
  }
  return check_records(block);
}

Result<void> check_closing(const Closing& closing) {
  Rules rules;
  rules.want(is_code(closing.site.text), "site is not a code of 1 to 32 of a-z, 0-9 and -");
  rules.want(is_code(closing.gateway.text), "gateway is not a code of 1 to 32 of a-z, 0-9 and -");
  rules.want(closing.seq.value >= 1 && closing.seq.value <= wire_limit::seq, "seq is not a place from 1");
  rules.name(closing.meter.text, "meter is not 1 to 64 bytes of plain text");
  rules.name(closing.profile.text, "profile is not 1 to 64 bytes of plain text");
  rules.want(is_plain_text(closing.channel, 1, wire_limit::word_bytes),
             "channel is not 1 to 48 bytes of plain text");
  rules.instant(closing.round_at, "round_at is not between 1970 and 9999");
  rules.instant(closing.taken_at, "taken_at is not between 1970 and 9999");
  rules.want(closing.modulus >= 0, "a negative modulus");
  rules.want(closing.quality <= Quality::invalid, "quality is not a known one");
  rules.want(closing.raw.size() <= wire_limit::raw_words, "more than 8 raw words");
  rules.want(closing.trust <= ClockTrust::stepped, "trust is not a known one");
  if (rules.why() != nullptr) return malformed(rules.why());
  return {};
}

}  // namespace steward
