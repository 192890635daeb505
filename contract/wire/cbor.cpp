#include "contract/wire/cbor.hpp"

#include <limits>
#include <string>

#include "contract/text/utf8.hpp"

namespace steward {
namespace {

constexpr std::uint8_t initial(CborKind kind, std::uint8_t info) {
  return static_cast<std::uint8_t>((static_cast<unsigned>(kind) << 5U) | info);
}

/// Additional information 24..27: the value follows in 1, 2, 4 or 8 bytes (RFC 8949, 3).
constexpr std::uint8_t one_byte = 24;
constexpr std::uint8_t eight_bytes = 27;

}  // namespace

void CborWriter::head(CborKind kind, std::uint64_t value) {
  if (value < one_byte) {
    bytes_.push_back(initial(kind, static_cast<std::uint8_t>(value)));
    return;
  }
  std::size_t log2 = value <= 0xff ? 0U : value <= 0xffff ? 1U : value <= 0xffffffff ? 2U : 3U;
  std::array<std::uint8_t, 9> out{initial(kind, static_cast<std::uint8_t>(one_byte + log2))};
  const std::size_t count = std::size_t{1} << log2;
  for (std::size_t i = 0; i < count; ++i) {
    out[1 + i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
  }
  bytes_.insert(bytes_.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(1 + count));
}

void CborWriter::bytes(ByteView value) {
  head(CborKind::bytes, value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

void CborWriter::text(std::string_view value) {
  head(CborKind::text, value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

void CborReader::fail(const char* why) {
  if (why_ == nullptr) why_ = why;
}

Error CborReader::error() const {
  return {Fault::malformed,
          "byte " + std::to_string(item_) + ": " + (why_ == nullptr ? "nothing wrong" : why_)};
}

std::uint64_t CborReader::head(CborKind expected) {
  if (!ok()) return 0;
  item_ = at_;
  if (left() == 0) return fail("the message ends too early"), 0;
  const std::uint8_t first = input_[at_];
  if (static_cast<CborKind>(first >> 5U) != expected) return fail("another type than the format says"), 0;
  const auto info = static_cast<std::uint8_t>(first & 0x1fU);
  ++at_;
  if (info < one_byte) return info;
  if (info > eight_bytes) return fail("an indefinite or reserved length"), 0;
  const std::size_t count = std::size_t{1} << (info - one_byte);
  if (left() < count) return fail("the message ends too early"), 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = (value << 8U) | input_[at_ + i];
  at_ += count;
  const std::uint64_t shorter_holds =
      info == one_byte ? one_byte - 1U : (std::uint64_t{1} << (4 * count)) - 1;
  if (value <= shorter_holds) return fail("a number that is not in its shortest form"), 0;
  return value;
}

std::uint64_t CborReader::number(std::uint64_t most) {
  const std::uint64_t value = head(CborKind::number);
  if (value > most) return fail("a number above its limit"), 0;
  return ok() ? value : 0;
}

std::int64_t CborReader::integer(std::int64_t least, std::int64_t most) {
  if (!ok()) return 0;
  const bool negative = left() > 0 && static_cast<CborKind>(input_[at_] >> 5U) == CborKind::negative;
  const std::uint64_t value = head(negative ? CborKind::negative : CborKind::number);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail("a number outside 63 bits"), 0;
  }
  const auto magnitude = static_cast<std::int64_t>(value);
  const std::int64_t signed_value = negative ? -1 - magnitude : magnitude;
  if (ok() && (signed_value < least || signed_value > most)) return fail("a number outside its limits"), 0;
  return ok() ? signed_value : 0;
}

ByteView CborReader::run(std::uint64_t length, std::size_t most) {
  if (!ok()) return {};
  if (length > most) return fail("a length above its limit"), ByteView{};
  if (length > left()) return fail("the message ends too early"), ByteView{};
  const ByteView view = input_.subspan(at_, static_cast<std::size_t>(length));
  at_ += view.size();
  return view;
}

ByteView CborReader::bytes(std::size_t most) { return run(head(CborKind::bytes), most); }

std::string_view CborReader::text(std::size_t most) {
  const std::string_view view = chars_of(run(head(CborKind::text), most));
  if (!is_utf8(view)) return fail("a text that is not UTF-8"), std::string_view{};
  return view;
}

bool CborReader::boolean() {
  const std::uint64_t value = head(CborKind::simple);
  if (ok() && value != 20 && value != 21) fail("neither true nor false");
  return ok() && value == 21;
}

std::size_t CborReader::array(std::size_t most) {
  const std::uint64_t count = head(CborKind::array);
  if (count > most) return fail("more items than the limit"), 0;
  if (count > left()) return fail("the message ends too early"), 0;
  return ok() ? static_cast<std::size_t>(count) : 0;
}

std::size_t CborReader::map(std::size_t most) {
  const std::uint64_t count = head(CborKind::map);
  if (count > most) return fail("more keys than the limit"), 0;
  if (count > left() / 2) return fail("the message ends too early"), 0;
  return ok() ? static_cast<std::size_t>(count) : 0;
}

void CborReader::array_of(std::size_t exactly) {
  if (array(exactly) != exactly) fail("fewer items than the format says");
}

void CborReader::map_of(std::size_t exactly) {
  if (map(exactly) != exactly) fail("fewer keys than the format says");
}

void CborReader::tag(std::uint64_t expected) {
  if (head(CborKind::tag) != expected) fail("another tag than the format says");
}

void CborReader::key(std::uint64_t expected) {
  if (head(CborKind::number) != expected) fail("another key than the format says");
}

void CborReader::end() {
  if (!ok()) return;
  item_ = at_;
  if (left() != 0) fail("bytes after the end of the message");
}

}  // namespace steward
