#include "contract/text/key_change_text.hpp"

#include <algorithm>
#include <charconv>

#include "contract/text/hex_text.hpp"

namespace steward {
namespace {

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::string detail_of(const KeyChange& change) {
  auto text = "key " + hex(change.key) + ";";
  if (change.epoch) text += " of epoch " + hex(*change.epoch);
  text += " before it:";
  for (const auto stream : all_streams) {
    text += stream == Stream::readings ? " " : ", ";
    text +=
        std::string(word(stream)) + " " + std::to_string(change.upto[static_cast<std::size_t>(stream)].value);
  }
  return text;
}

}  // namespace

EdgeEvent edge_event_of(const KeyChange& change, const GatewayId& gateway, Instant at) {
  return {at, std::string(key_change_kind), gateway.text, detail_of(change)};
}

std::optional<KeyChange> read_key_change(const EdgeEvent& event) {
  if (event.kind != key_change_kind) return std::nullopt;
  KeyChange change;
  std::string_view text = event.detail;
  constexpr std::size_t digits = 2 * std::tuple_size_v<PublicKey>;
  if (!take(text, "key ") || text.size() < digits) return std::nullopt;
  const auto key = from_hex(text.substr(0, digits));
  if (!key) return std::nullopt;
  std::ranges::copy(*key, change.key.begin());
  text.remove_prefix(digits);
  if (!take(text, ";")) return std::nullopt;
  if (take(text, " of epoch ")) {
    const auto epoch = from_hex(text.substr(0, 2 * std::tuple_size_v<Uuid>));
    if (!epoch || epoch->size() != std::tuple_size_v<Uuid>) return std::nullopt;
    std::ranges::copy(*epoch, change.epoch.emplace().begin());
    text.remove_prefix(2 * epoch->size());
  }
  if (!take(text, " before it:")) return std::nullopt;
  for (const auto stream : all_streams) {
    if (!take(text, stream == Stream::readings ? " " : ", ") || !take(text, word(stream)) || !take(text, " "))
      return std::nullopt;
    auto& upto = change.upto[static_cast<std::size_t>(stream)].value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), upto);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  // One text per value: what this would not write is not taken.
  if (detail_of(change) != event.detail) return std::nullopt;
  return change;
}

}  // namespace steward
