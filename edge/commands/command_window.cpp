#include "edge/commands/command_window.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

std::string_view next_word(std::string_view& rest) {
  const auto space = rest.find(' ');
  const auto word = rest.substr(0, space);
  rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  return word;
}

std::optional<Instant> read_ms(std::string_view word) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), ms);
  if (error != std::errc() || end != word.data() + word.size() || ms < 0 || ms > wire_limit::instant_ms)
    return std::nullopt;
  return instant_from_ms(ms);
}

}  // namespace

std::string taken_text(const TakenCommand& taken) {
  return "v1 " + uuid_text(taken.id) + " " + hex(taken.digest) + " " + std::to_string(ms_of(taken.begun)) +
         " " + std::to_string(ms_of(taken.expires)) + (taken.harmless ? " 1 " : " 0 ") +
         (taken.reply ? hex(*taken.reply) : "-");
}

Result<TakenCommand> read_taken(std::string_view text) {
  const Error bad{Fault::malformed, "not the text of a command that was taken"};
  auto rest = text;
  if (next_word(rest) != "v1") return bad;
  const auto id = uuid_from(next_word(rest));
  const auto digest = from_hex(next_word(rest));
  const auto begun = read_ms(next_word(rest));
  const auto expires = read_ms(next_word(rest));
  const auto harmless = next_word(rest);
  if (!id || !digest || digest->size() != Digest{}.size() || !begun || !expires) return bad;
  if (harmless != "0" && harmless != "1") return bad;
  TakenCommand taken{*id, {}, *begun, *expires, harmless == "1", std::nullopt};
  std::copy(digest->begin(), digest->end(), taken.digest.begin());
  if (rest != "-") {
    auto reply = from_hex(rest);
    if (!reply || reply->empty()) return bad;
    taken.reply = std::move(*reply);
  }
  if (taken_text(taken) != text) return bad;  // one command has one text
  return taken;
}

const TakenCommand* CommandWindow::find(const Uuid& id) const {
  const auto found = std::ranges::find_if(taken_, [&](const auto& placed) { return placed.second.id == id; });
  return found == taken_.end() ? nullptr : &found->second;
}

std::optional<std::size_t> CommandWindow::place_for_one(std::optional<Instant> now) {
  for (std::size_t place = 0; place < places; ++place)
    if (!taken_.contains(place)) return place;
  // The oldest that may be forgotten: harmless first, since that costs no floor.
  const auto may_go = [&](const TakenCommand& one, bool harmless) {
    if (!one.reply || one.harmless != harmless) return false;
    return harmless || (now && one.expires <= *now);
  };
  for (const bool harmless : {true, false}) {
    std::optional<std::size_t> oldest;
    for (const auto& [place, one] : taken_)
      if (may_go(one, harmless) && (!oldest || one.begun < taken_.at(*oldest).begun)) oldest = place;
    if (!oldest) continue;
    if (!harmless) floor_ = std::max(floor_, taken_.at(*oldest).expires);
    taken_.erase(*oldest);
    return oldest;
  }
  return std::nullopt;
}

std::size_t CommandWindow::answered(const Uuid& id, Bytes reply) {
  const auto found = std::ranges::find_if(taken_, [&](const auto& placed) { return placed.second.id == id; });
  assert(found != taken_.end());
  found->second.reply = std::move(reply);
  return found->first;
}

}  // namespace steward
