#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/log.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/seal.hpp"

namespace steward {

/// What is wrong, and where: one sentence in each language.
struct ChainFinding {
  std::uint64_t block = 0;   // in the file, from 1
  std::uint64_t offset = 0;  // of the block's first byte in the file
  std::string en;
  std::string zh;
};

/// A range that is not there and says so: a hole its gateway signed, or a block of
/// its own that no reader of this version can read ("refused").
struct MissingRange {
  Seq first;
  Seq last;
  std::string reason;
};

/// One log of the file.
struct ChainedLog {
  LogId log;
  Seq first;
  Seq last;
  std::uint64_t blocks = 0;
  std::vector<MissingRange> missing;  // at most max_listed; `missing_ranges` counts all
  std::uint64_t missing_ranges = 0;
  std::uint64_t unlinked = 0;  // blocks behind a hole that could not name the block before it

  bool from_start() const { return first.value == 1; }
};

/// Checks blocks of one gateway, one after another, as an auditor would: each is
/// signed by the gateway's key and reads as a block; its closings are signed too;
/// within a log (epoch and stream) places follow each other without a gap and each
/// block names the SHA-256 of the one before. Logs come one after another.
///
/// Reports root causes: what follows from a broken block (its successor's link)
/// is not said again. Values in, values out.
/// Thread: one.
class BlockChain {
 public:
  static constexpr std::size_t max_listed = 100;  // a page; more are counted

  /// keys: the gateway's, oldest first; more than one where it was given new keys.
  /// They must outlive it.
  explicit BlockChain(std::vector<const Verifier*> keys)
      : keys_(std::move(keys)), signed_by_(keys_.size(), 0) {}

  void take(std::uint64_t offset, ByteView bytes);

  std::uint64_t blocks() const { return blocks_; }
  const std::vector<ChainedLog>& logs() const { return logs_; }
  const std::vector<ChainFinding>& findings() const { return findings_; }  // at most max_listed
  std::uint64_t finding_count() const { return finding_count_; }
  /// How many blocks each key signed, in the keys' order.
  const std::vector<std::uint64_t>& signed_by() const { return signed_by_; }

 private:
  struct Link {  // what the next block of the log must name
    std::uint64_t block = 0;
    Digest hash{};
    std::optional<Digest> also;  // behind a hole: the last missing block
    bool known = true;
  };

  void find(const std::string& en, const std::string& zh);
  void broken();
  const Verifier* signer_of(ByteView bytes);
  bool joins(const BlockPlace& place);
  void begin_log(const BlockPlace& place);
  void read(const BlockPlace& place, ByteView bytes, const Verifier& key);
  void note_missing(MissingRange range);

  std::vector<const Verifier*> keys_;
  std::vector<std::uint64_t> signed_by_;
  std::uint64_t blocks_ = 0;
  std::uint64_t offset_ = 0;
  std::vector<ChainedLog> logs_;
  std::vector<ChainFinding> findings_;
  std::uint64_t finding_count_ = 0;
  std::optional<Link> link_;  // none: the block before cannot be believed
};

/// "riverside/gw1 readings 101..200".
std::string place_text(const BlockPlace& place);

}  // namespace steward
