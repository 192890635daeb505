#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "cloud/store/store.hpp"
#include "contract/nouns/reading.hpp"
#include "tests/fault/dice.hpp"

namespace steward::simulation {

inline constexpr std::size_t meters = 4;
std::string meter_name(std::size_t meter);  // "E-0101", ...

/// What kind of record a fact became.
enum class Kind : std::uint8_t { reading = 0, telemetry = 1, closing = 2, door = 3 };
inline constexpr std::size_t kinds = 4;

/// One thing that truly was: what a register stood at when it was read, a card at a door. `value` is of no
/// other fact of its kind and meter, so that whatever the books say, its origin is known.
struct Fact {
  Kind kind = Kind::reading;
  std::size_t meter = 0;  // 0 for a door
  std::int64_t value = 0;
  Instant round_at;
  Instant taken_at;
  std::uint64_t number = 0;  // in the order they happened
};

/// What became of the facts, as the world and not the product knows it: the oracle.
///
/// A fact is *promised* once the outbox said it is committed. It may be let off only by losing its disk: when
/// a gateway's disk is replaced by an older copy before the cloud had signed for the fact, or when both disks
/// that held it were. Thread: one.
class Ledger {
 public:
  explicit Ledger(fault::Dice& dice) : dice_(dice) {}

  /// A register as it is read now; it counts on, by one at least.
  Fact read(Kind kind, std::size_t meter, Instant round_at, Instant taken_at);
  /// It is on its way to the disk: it may be found, once.
  void handed(const Fact& fact, Stream stream);
  /// The outbox has promised it, at this place of its log.
  void promised(const Fact& fact, Seq seq);

  std::uint64_t next_number() const { return next_; }
  /// The gateway's disk was replaced by a copy made when `number` was the next. What it had promised since
  /// and the cloud had not signed for (acked: per stream) is gone with the disk.
  void disk_put_back(std::uint64_t number, const std::array<Seq, std::size(all_streams)>& acked);
  /// The cloud forgot what it had: only a gateway's disk can give it back.
  void cloud_put_back();

  struct Verdict {
    std::uint64_t promised = 0;  // facts that must be there
    std::uint64_t let_off = 0;   // gone with a disk that nobody else had a copy of
    std::uint64_t found = 0;
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t wrong = 0;  // of another meter, instant or value, or of nothing at all
    std::string first_flaw;   // one sentence
    bool is_clean() const { return lost + doubled + wrong == 0; }
    Verdict& operator+=(const Verdict& other);
  };
  /// Compares all that is in the books with all that was. Faults of the store count as wrong.
  Verdict judge(Store& books, const SiteId& site, Instant from, Instant to) const;

 private:
  struct State {
    Fact fact;
    Stream stream = Stream::readings;
    Seq seq;
    bool is_promised = false;
    bool is_on_disk = false;  // the gateway could send it again
    bool was_let_off = false;
  };
  using Facts = std::unordered_map<std::int64_t, State>;  // by value
  static std::size_t at(Kind kind, std::size_t meter) {
    return static_cast<std::size_t>(kind) * meters + meter;
  }

  fault::Dice& dice_;
  std::uint64_t next_ = 1;
  std::array<std::int64_t, meters> registers_{1'000, 20'000'000, 300'000, 4'000'000'000};
  std::int64_t door_index_ = 0;
  std::array<Facts, kinds * meters> facts_;
};

}  // namespace steward::simulation
