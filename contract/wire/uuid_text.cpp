#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t text_length = 36;
constexpr bool hyphen_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

std::string uuid_text(const Uuid& uuid) {
  std::string out;
  out.reserve(text_length);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (hyphen_before(i)) out += '-';
    out += digits[uuid[i] >> 4U];
    out += digits[uuid[i] & 0x0fU];
  }
  return out;
}

Result<Uuid> uuid_from(std::string_view text) {
  const Error not_one{Fault::malformed,
                      "not a UUID in lower case, like f81d4fae-7dec-11d0-a765-00a0c91e6bf6"};
  if (text.size() != text_length) return not_one;
  Uuid uuid{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (hyphen_before(i) && text[at++] != '-') return not_one;
    const std::size_t high = digits.find(text[at++]);
    const std::size_t low = digits.find(text[at++]);
    if (high == std::string_view::npos || low == std::string_view::npos) return not_one;
    uuid[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return uuid;
}

}  // namespace steward
