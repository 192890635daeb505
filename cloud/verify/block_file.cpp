#include "cloud/verify/block_file.hpp"

#include <array>
#include <cassert>
#include <string>

#include "contract/nouns/log.hpp"

namespace steward {
namespace {

Error cut_off(std::uint64_t at, std::string_view what) {
  return {Fault::malformed, "the file is cut off at byte " + std::to_string(at) + ", in " +
                                std::string(what) + "; copy or export it again"};
}

}  // namespace

BlockFileWriter::BlockFileWriter(std::ostream& out) : out_(out) { out_ << block_file_magic; }

void BlockFileWriter::number(std::uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out_.put(static_cast<char>(value >> shift & 0xFFU));
}

void BlockFileWriter::add(ByteView block) {
  assert(!block.empty() && block.size() <= max_block_bytes);
  number(static_cast<std::uint32_t>(block.size()));
  const auto text = chars_of(block);
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  ++blocks_;
}

Result<void> BlockFileWriter::finish() {
  number(0);
  number(blocks_);
  out_.flush();
  if (!out_) return {Fault::broken, "the file could not be written whole; is the disk full?"};
  return {};
}

Result<std::uint32_t> BlockFileReader::number(std::string_view what) {
  std::array<char, 4> octets{};
  if (!in_.read(octets.data(), octets.size())) return cut_off(at_, what);
  at_ += octets.size();
  std::uint32_t value = 0;
  for (const char octet : octets) value = value << 8U | static_cast<std::uint8_t>(octet);
  return value;
}

Result<std::optional<FiledBlock>> BlockFileReader::end() {
  const auto said = number("the number of its blocks");
  if (!said) return said.error();
  if (*said != blocks_) {
    return Error{Fault::malformed, "the file says that it has " + std::to_string(*said) +
                                       " blocks, but has " + std::to_string(blocks_) + "; export it again"};
  }
  if (in_.peek() != std::istream::traits_type::eof()) {
    return Error{Fault::malformed, "there are bytes behind the end, from byte " + std::to_string(at_) +
                                       "; export the file again"};
  }
  return std::optional<FiledBlock>{};
}

Result<std::optional<FiledBlock>> BlockFileReader::next() {
  if (at_ == 0) {
    std::string line(block_file_magic.size(), '\0');
    in_.read(line.data(), static_cast<std::streamsize>(line.size()));
    if (!in_ || line != block_file_magic) {
      return Error{
          Fault::refused,
          "this is no file of blocks: it does not begin with the line \"steward blocks 1\"; such a file "
          "is written by: steward-cloud --data DIR blocks export"};
    }
    at_ = line.size();
  }
  const auto where = "block " + std::to_string(blocks_ + 1);
  const auto length = number("the length of " + where);
  if (!length) return length.error();
  if (*length == 0) return end();
  if (*length > max_block_bytes) {
    return Error{Fault::malformed, where + " (byte " + std::to_string(at_) + ") would be " +
                                       std::to_string(*length) + " bytes long; a block has at most " +
                                       std::to_string(max_block_bytes)};
  }
  FiledBlock block{at_, Bytes(*length)};
  if (!in_.read(reinterpret_cast<char*>(block.bytes.data()), *length)) return cut_off(at_, where);
  at_ += *length;
  ++blocks_;
  return std::optional<FiledBlock>(std::move(block));
}

}  // namespace steward
