#pragma once
#include <span>
#include <string>
#include <vector>

#include "cloud/metering/calendar.hpp"
#include "cloud/metering/closing.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "cloud/metering/meter_life.hpp"
#include "contract/nouns/bytes.hpp"
#include "contract/nouns/reading.hpp"
#include "kit/crypto/digest.hpp"

/// What a bill run's inputs hash is made of, in one place for the cloud that draws up and for whoever
/// recomputes. Values in, values out.
namespace steward {

/// Why the cloud does not take a signed reading as it stands: the gateway took it back later.
struct TakenBack {
  std::string kind;  // "unit_clash", ...
  Instant since;
  std::string why;  // for people; not part of the hash

  friend bool operator==(const TakenBack&, const TakenBack&) = default;
};

/// SHA-256 over the files' names and hashes, in the order of the names: what an import is known by.
Digest import_hash(const EstateFiles& files);

/// One line per event before `to` with its verdict, and per fall.
std::string lives_text(std::span<const LifeEvent> events, std::span<const RegisterFall> falls, Instant to);

/// The lines of a signed closing record: its SHA-256, and why it was taken back.
std::string closing_text(ByteView sealed, const std::optional<TakenBack>& taken_back);

/// The line that says that a closing belongs to another instant, or is of another quality, than it claims.
std::string settled_line(const Closing& settled);

/// The beginning of what is hashed; the closings' lines follow.
std::string inputs_head(Month month, const Digest& import, std::string_view lives, std::string_view settled);

/// A closing record as billing takes it. One that was taken back is not good any more.
ClosingReading billed_reading(Closing closing, const std::optional<TakenBack>& taken_back);

}  // namespace steward
