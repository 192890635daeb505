#pragma once
#include <optional>
#include <vector>

#include "contract/nouns/clock.hpp"
#include "tests/fault/oracle.hpp"

namespace steward::fault {

/// Decides which values of one unit are billing grade: identity - value - identity in one
/// episode with the same serial number, nothing latched, and the dial plausible: not backwards
/// and not further than it can have turned. Without such a value before, or after a jump, two
/// readings of different byte counts must agree. The rule of docs/decisions/0021 in the words
/// of this harness: its verdicts come along only to be counted.
class BillingGate {
 public:
  struct Value {
    std::uint32_t dial;
    std::uint16_t count;  // registers of the reply it came in
    Ticks at;
    Verdict verdict;
  };

  /// A dial that goes round after 4096, from a meter that is read `most_turn` times between two readings at
  /// most.
  static constexpr std::uint32_t modulus = 4096;
  static constexpr std::uint32_t most_turn = 160;

  void value(std::size_t block, const Value& value, std::uint64_t episode);
  /// The values that this identity makes billing grade. same: the serial number is the known one.
  std::vector<Value> identity(bool same, bool spoiled, std::uint64_t episode);
  /// Whether the block should be read again at once, in another byte count.
  bool wants_repeat(std::size_t block) const {
    return block < blocks_.size() && blocks_[block].candidate.has_value();
  }
  /// Lets everything through: what a bill would stand on without it.
  bool open = false;

  /// Nothing before counts any more.
  void forget();

 private:
  struct Block {
    std::optional<std::uint32_t> trusted;
    std::optional<Value> candidate;  // a jump, or a first value
  };
  static bool follows(std::uint32_t dial, std::uint32_t before) {
    return dial / modulus == before / modulus && (dial + modulus - before) % modulus <= most_turn;
  }
  std::vector<Block> blocks_;
  std::vector<Value> waiting_;
  std::optional<std::uint64_t> checked_;  // the episode of the last identity that was right
};

inline void BillingGate::value(std::size_t block, const Value& value, std::uint64_t episode) {
  if (open) {
    waiting_.push_back(value);
    return;
  }
  if (checked_ != episode) {
    waiting_.clear();
    return;
  }
  if (blocks_.size() <= block) blocks_.resize(block + 1);
  Block& known = blocks_[block];
  if (known.trusted && follows(value.dial, *known.trusted)) {
    known.trusted = value.dial;
    known.candidate.reset();
    waiting_.push_back(value);
  } else if (known.candidate && known.candidate->count != value.count &&
             follows(value.dial, known.candidate->dial)) {
    waiting_.push_back(*known.candidate);
    waiting_.push_back(value);
    known.trusted = value.dial;
    known.candidate.reset();
  } else {
    known.candidate = value;
  }
}

inline std::vector<BillingGate::Value> BillingGate::identity(bool same, bool spoiled, std::uint64_t episode) {
  std::vector<Value> passed;
  if (open || (same && !spoiled && checked_ == episode)) passed = std::move(waiting_);
  waiting_.clear();
  // What hangs between two episodes agrees with nothing.
  for (auto& block : blocks_) {
    if (checked_ != episode) block.candidate.reset();
  }
  checked_.reset();
  if (same && !spoiled) checked_ = episode;
  return passed;
}

inline void BillingGate::forget() {
  blocks_.clear();
  waiting_.clear();
  checked_.reset();
}

}  // namespace steward::fault
