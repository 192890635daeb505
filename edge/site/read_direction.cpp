#include "edge/site/read_direction.hpp"

namespace steward {
namespace {

constexpr std::string_view direction_words[] = {"auto", "kernel", "rts", "rts_inverted"};
// What the kernel grants (drivers/line/direction.hpp); more would swallow replies.
constexpr IntegerRange delay_range{0, 100};

}  // namespace

void read_direction(ObjectReader& reader, SerialLine& line) {
  if (const auto word = reader.optional_word("direction", direction_words))
    line.turn = static_cast<LineTurn>(*word);
  const auto read_delay = [&](std::string_view key, std::uint32_t& delay) {
    const auto ms = reader.optional_integer(key, delay_range);
    if (!ms) return;
    delay = static_cast<std::uint32_t>(*ms);
    if (line.turn != LineTurn::automatic) return;
    reader.report(reader.line_of(key),
                  "\"" + reader.path(key) +
                      "\" means nothing when the converter turns by itself; remove it, or set "
                      "\"direction\" to \"kernel\" or \"rts\"",
                  "\"" + reader.path(key) +
                      "\" 在转换器自动换向时无意义；请删除，或将 \"direction\" 设为 \"kernel\" 或 \"rts\"");
  };
  read_delay("rts_before_ms", line.rts_before_ms);
  read_delay("rts_after_ms", line.rts_after_ms);
}

}  // namespace steward
