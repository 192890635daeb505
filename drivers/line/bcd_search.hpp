#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <optional>
#include <vector>

namespace steward::bcd {

/// What a line gave back to one search request.
enum class Heard : std::uint8_t {
  nothing,    // silence until the time-out
  one,        // a single whole reply
  collision,  // bytes that make no single reply: several meters at once
};

/// Finds the meters of a line whose addresses nobody knows, by asking for ever narrower patterns.
///
///   AAAAAAAAAAAA  several answer at once
///     ..........00, ..........01, ... ..........99   the lowest two digits are tried in turn
///       ........0117, ...                            where several still answer, the next two
///
/// A pattern fixes digits from the low end only, as the standards have it (DL/T 645-2007, 5.2.2:
/// the high ones are filled with AA). A single reply does not prove a single meter: one may have
/// been louder. So a pattern that gave one address is asked again `confirmations` times, and split
/// when another address answers or bytes collide. A meter whose only reply was lost is found by the
/// next search. Meters whose digits differ nowhere are one address: two devices, which the guard
/// latches.
/// Address: DL/T 645's 6 bytes or CJ/T 188's type and 7; its `wire` is what is narrowed.
/// Bounded: at most `most_found` meters and `most_requests` requests, then `gave_up`.
/// Pure: says what to ask, is told what came. Thread: any, one at a time.
template <class Address>
class AddressSearch {
 public:
  static constexpr std::size_t most_found = 64;
  static constexpr std::size_t most_requests = 20'000;

  /// any: the pattern every meter answers to.
  explicit AddressSearch(const Address& any, unsigned confirmations = 3)
      : confirmations_(confirmations), left_{{any, 0}} {}

  /// The pattern to ask next (with `read_address` or any read); nothing: the search is over.
  std::optional<Address> next() const {
    if (left_.empty() || gave_up_) return std::nullopt;
    return left_.back().address;
  }

  /// What came of it. from: the meter that answered, when one did.
  void heard(Heard what, const std::optional<Address>& from = std::nullopt) {
    assert(!left_.empty() && (what == Heard::one) == from.has_value());
    if (++requests_ == most_requests) gave_up_ = true;
    const Pattern pattern = left_.back();
    if (what == Heard::one) note(*from);
    const bool other = what == Heard::one && last_ && *last_ != *from;
    if (what == Heard::one && !other) last_ = from;
    // Silence after a reply is a lost one; silence at first is an empty pattern.
    const bool agrees = what != Heard::collision && !other && last_.has_value();
    if (agrees && ++agreed_ <= confirmations_) return;
    left_.pop_back();
    agreed_ = 0;
    last_.reset();
    if (what == Heard::collision || other) split(pattern);
  }

  const std::vector<Address>& found() const { return found_; }
  std::size_t requests() const { return requests_; }
  /// Patterns that are known to be left.
  std::size_t left() const { return left_.size(); }
  bool gave_up() const { return gave_up_; }

 private:
  struct Pattern {
    Address address;
    std::size_t fixed = 0;  // bytes fixed, from the low end
  };

  void split(const Pattern& pattern) {
    if (pattern.fixed == pattern.address.wire.size()) return;  // one address, several devices
    for (int value = 99; value >= 0; --value) {
      Pattern narrower = pattern;
      narrower.address.wire[pattern.fixed] = static_cast<std::uint8_t>(((value / 10) << 4) | (value % 10));
      ++narrower.fixed;
      left_.push_back(narrower);
    }
  }

  void note(const Address& address) {
    if (std::find(found_.begin(), found_.end(), address) != found_.end()) return;
    if (found_.size() == most_found) {
      gave_up_ = true;
    } else {
      found_.push_back(address);
    }
  }

  unsigned confirmations_;
  std::vector<Pattern> left_;  // a stack: depth first, lowest digits first
  unsigned agreed_ = 0;        // replies of one address to the pattern on top
  std::optional<Address> last_;
  std::vector<Address> found_;
  std::size_t requests_ = 0;
  bool gave_up_ = false;
};

}  // namespace steward::bcd
