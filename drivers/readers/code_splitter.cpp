#include "drivers/readers/code_splitter.hpp"

#include <string_view>
#include <utility>

namespace steward {
namespace {

constexpr std::uint8_t stx = 0x02;
constexpr std::uint8_t etx = 0x03;
constexpr std::uint8_t lf = 0x0A;
constexpr std::uint8_t cr = 0x0D;
constexpr std::string_view aim_qr = "]Q1";  // ISO/IEC 15424: QR code, model 2

bool is_mark(std::uint8_t byte) { return byte == cr || byte == lf || byte == etx; }
bool is_printable(std::uint8_t byte) { return byte >= 0x20 && byte <= 0x7E; }

}  // namespace

std::vector<std::string> CodeSplitter::take(ByteView bytes) {
  std::vector<std::string> codes;
  for (const std::uint8_t byte : bytes) {
    if (byte == stx) {
      if (pending()) throw_away();
    } else if (is_mark(byte)) {
      if (end_ == CodeEnd::learn) end_ = CodeEnd::marked;
      if (auto code = finish()) codes.push_back(*std::move(code));
    } else {
      add(byte);
    }
  }
  return codes;
}

std::optional<std::string> CodeSplitter::idle() {
  if (silence_ends_code()) return finish();
  reset();
  return std::nullopt;
}

void CodeSplitter::reset() {
  if (pending()) throw_away();
}

void CodeSplitter::add(std::uint8_t byte) {
  if (spoilt_) return;
  const bool full = line_.size() == max_code_bytes + aim_qr.size();
  if (full || !is_printable(byte)) {
    spoilt_ = true;
    line_.clear();
    return;
  }
  line_.push_back(static_cast<char>(byte));
}

void CodeSplitter::throw_away() {
  line_.clear();
  spoilt_ = false;
  ++discarded_;
}

std::optional<std::string> CodeSplitter::finish() {
  if (!pending()) return std::nullopt;
  std::string code = line_.starts_with(aim_qr) ? line_.substr(aim_qr.size()) : line_;
  if (spoilt_ || code.empty() || code.size() > max_code_bytes) {
    throw_away();
    return std::nullopt;
  }
  line_.clear();
  return code;
}

}  // namespace steward
