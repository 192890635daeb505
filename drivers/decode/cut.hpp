#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "contract/nouns/reading.hpp"
#include "drivers/decode/register_span.hpp"

namespace steward {

/// What one field has of a read's words: the words `decode` takes.
///
/// Of registers `offset` counts words. Of an item it counts bytes, and the field may begin in
/// the middle of a word: its bytes are paired anew, an odd last one is filled up with 0.
///
///   item 901F, offset 5, 5 bytes, of     10 00|10 00|2C 10|00 10|00 2C|00 ..
///                                                      10   00 10   00 2C
///   gives                                              10 00|10 00|2C 00
///
/// from: a read that holds the field whole (asserted). Pure. Thread: any.
Words cut(std::span<const std::uint16_t> from, const RegisterSpan& field, std::uint16_t offset);

/// The bytes of words that hold `count` of them, in wire order (asserted). And back.
std::vector<std::uint8_t> bytes_of(std::span<const std::uint16_t> words, std::size_t count);
Words paired(std::span<const std::uint8_t> bytes);

}  // namespace steward
