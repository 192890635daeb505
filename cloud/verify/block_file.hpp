#pragma once
#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string_view>

#include "contract/nouns/bytes.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// A file of exported blocks begins with this line: docs/formats/block-file.md.
inline constexpr std::string_view block_file_magic = "steward blocks 1\n";

/// Writes a file of blocks: the line, then each block as it was received, with
/// its length before it, then how many there were.
/// Thread: one.
class BlockFileWriter {
 public:
  explicit BlockFileWriter(std::ostream& out);
  /// block: 1..max_block_bytes, at most 2^32-1 of them.
  void add(ByteView block);
  /// Writes the end. Faults: broken (the stream did not take it all).
  Result<void> finish();
  std::uint32_t blocks() const { return blocks_; }

 private:
  void number(std::uint32_t value);

  std::ostream& out_;
  std::uint32_t blocks_ = 0;
};

/// One block of a file and where it stands.
struct FiledBlock {
  std::uint64_t offset = 0;  // of its first byte in the file
  Bytes bytes;
};

/// Reads a file of blocks one by one; holds one block (64 KiB) at a time.
/// Thread: one.
class BlockFileReader {
 public:
  explicit BlockFileReader(std::istream& in) : in_(in) {}

  /// The next block; nothing after the last, when the file ended as it must.
  /// Not to be called again after a fault. Faults: refused (not such a file),
  /// malformed (cut off, a length that no block has, another count, bytes behind the end).
  Result<std::optional<FiledBlock>> next();

 private:
  Result<std::uint32_t> number(std::string_view what);
  Result<std::optional<FiledBlock>> end();

  std::istream& in_;
  std::uint64_t at_ = 0;
  std::uint32_t blocks_ = 0;
};

}  // namespace steward
