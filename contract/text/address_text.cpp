#include "contract/text/address_text.hpp"

#include <charconv>

namespace steward {

std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view text) {
  std::array<std::uint8_t, 4> address{};
  for (std::size_t at = 0; at < address.size(); ++at) {
    if (at > 0 && !text.starts_with('.')) return std::nullopt;
    if (at > 0) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address[at]);
    const auto used = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || (used > 1 && text[0] == '0')) return std::nullopt;
    text.remove_prefix(used);
  }
  if (!text.empty()) return std::nullopt;
  return address;
}

}  // namespace steward
