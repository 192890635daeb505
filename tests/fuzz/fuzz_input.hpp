#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "contract/nouns/bytes.hpp"

namespace steward::test {

/// The fuzzer's bytes, taken from the front. What is not there is zero.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  std::uint8_t octet() {
    if (left_.empty()) return 0;
    const std::uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  std::uint64_t number(std::size_t octets) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < octets; ++i) out = (out << 8U) | octet();
    return out;
  }
  bool empty() const { return left_.empty(); }
  ByteView rest() const { return left_; }
  std::string_view rest_text() const { return chars_of(left_); }

 private:
  ByteView left_;
};

/// Changes a good message where the fuzzer says: a byte set, put in or taken out.
/// Random bytes alone would never get past the first key of a map.
inline Bytes edited(Bytes message, FuzzInput& edits) {
  for (int i = 0; i < 8 && !edits.empty(); ++i) {
    const std::uint8_t what = edits.octet();
    const std::size_t at = message.empty() ? 0 : edits.number(2) % message.size();
    const auto place = message.begin() + static_cast<std::ptrdiff_t>(at);
    if (message.empty() || what % 3 == 0) {
      message.insert(place, edits.octet());
    } else if (what % 3 == 1) {
      *place = edits.octet();
    } else {
      message.erase(place);
    }
  }
  return message;
}

/// Bytes as they come, or a good message with some of its bytes changed.
inline Bytes raw_or_edited(FuzzInput& input, std::string_view good) {
  if (input.octet() % 2 == 0) return {input.rest().begin(), input.rest().end()};
  return edited({good.begin(), good.end()}, input);
}

/// What must hold, whatever the input was.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace steward::test
