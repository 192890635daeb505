#include "edge/config/config_book.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

/// Of a document in one mark. 256 KiB are 33 of them.
constexpr std::size_t piece_bytes = 8'000;
constexpr std::size_t most_bytes = 256 * 1024;

std::string piece_name(std::string_view what, std::size_t number) {
  return "config/" + std::string(what) + "/" + std::to_string(number);
}

void add_pieces(std::vector<SavedMark>& marks, std::string_view what, std::string_view text) {
  for (std::size_t at = 0, number = 0; at < text.size(); at += piece_bytes, ++number)
    marks.push_back({piece_name(what, number), std::string(text.substr(at, piece_bytes))});
}

Result<std::string> read_pieces(const ReadMark& mark, std::string_view what, std::size_t bytes) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number) {
    auto piece = mark(piece_name(what, number));
    if (!piece) return piece;
    if (piece->empty()) break;
    text += *piece;
  }
  if (text.size() > bytes) text.resize(bytes);  // a longer one lay there before
  return text;
}

std::string place_text(const ConfigPlace& place) {
  return std::to_string(place.version) + " " + std::string(1, place.slot) + " " +
         std::to_string(place.bytes) + " " + hex(place.digest);
}

std::string well_text(const Baseline& before) {
  std::string text = before.connected ? "connected\n" : "alone\n";
  for (const auto& meter : before.well) text += meter.text + "\n";
  return text;
}

std::optional<Baseline> read_well(std::string_view text) {
  Baseline before;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!first) {
      before.well.insert(MeterId(std::string(line)));
    } else if (line != "connected" && line != "alone") {
      return std::nullopt;
    } else {
      before.connected = line == "connected";
    }
    first = false;
  }
  return before;
}

class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}
  std::string_view next() {
    const auto space = rest_.find(' ');
    const auto word = rest_.substr(0, space);
    rest_.remove_prefix(space == std::string_view::npos ? rest_.size() : space + 1);
    return word;
  }
  template <class Int>
  Int number() {
    const auto word = next();
    Int value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    sound_ = sound_ && error == std::errc() && end == word.data() + word.size();
    return value;
  }
  ConfigPlace place() {
    ConfigPlace place;
    place.version = number<std::uint64_t>();
    const auto slot = next();
    sound_ = sound_ && (slot == "a" || slot == "b");
    if (slot == "b") place.slot = 'b';
    place.bytes = number<std::size_t>();
    const auto digest = from_hex(next());
    sound_ = sound_ && digest && digest->size() == place.digest.size() && place.bytes <= most_bytes;
    if (sound_) std::copy(digest->begin(), digest->end(), place.digest.begin());
    return place;
  }
  bool sound() const { return sound_; }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

/// The document of a place, when it is whole.
Result<std::optional<std::string>> whole(const ReadMark& mark, const ConfigPlace& place) {
  auto text = read_pieces(mark, std::string_view(&place.slot, 1), place.bytes);
  if (!text) return std::move(text.error());
  if (text->size() != place.bytes || sha256(bytes_of(*text)) != place.digest)
    return std::optional<std::string>();
  return std::optional(std::move(*text));
}

}  // namespace

std::string config_state_text(const ConfigState& state) {
  return "v1 " + std::to_string(state.highest) + " " + place_text(state.active) + " " +
         place_text(state.previous) + (state.probation ? " 1 " : " 0 ") + std::to_string(state.starts);
}

Result<ConfigState> read_config_state(std::string_view text) {
  const Error bad{Fault::malformed, "not the state of a gateway's configs"};
  WordReader words(text);
  if (words.next() != "v1") return bad;
  ConfigState state;
  state.highest = words.number<std::uint64_t>();
  state.active = words.place();
  state.previous = words.place();
  state.probation = words.number<std::uint32_t>() == 1;
  state.starts = words.number<std::uint32_t>();
  if (!words.sound() || config_state_text(state) != text) return bad;
  return state;
}

bool count_start(KeptConfig& kept) {
  auto& state = kept.state;
  if (!state.probation) return false;
  if (++state.starts < most_starts) return true;
  kept.taken_back = state.active.version;
  kept.text = std::exchange(kept.previous_text, {});
  state.active = kept.text.empty() ? ConfigPlace{} : state.previous;
  state.probation = false;
  state.starts = 0;
  return true;
}

SavedMark config_state_mark(const ConfigState& state) { return {"config/state", config_state_text(state)}; }

SavedMark config_report_mark(std::string_view report) {
  return {"config/report", std::string(report.substr(0, max_mark_text))};
}

std::vector<SavedMark> activation_marks(const ConfigState& state, std::string_view text,
                                        const Baseline& before) {
  std::vector<SavedMark> marks;
  add_pieces(marks, std::string_view(&state.active.slot, 1), text);
  const auto well = well_text(before);
  add_pieces(marks, "well", well);
  marks.push_back({"config/well", std::to_string(well.size())});
  marks.push_back(config_state_mark(state));
  return marks;
}

Result<KeptConfig> read_kept_config(const ReadMark& mark) {
  KeptConfig kept;
  const auto state = mark("config/state");
  if (!state) return state.error();
  auto report = mark("config/report");
  if (!report) return report.error();
  kept.report = std::move(*report);
  if (state->empty()) return kept;
  auto read = read_config_state(*state);
  if (!read) return Error{Fault::broken, "config/state: " + read.error().message};
  kept.state = *read;
  const auto well_bytes = mark("config/well");
  if (!well_bytes) return well_bytes.error();
  WordReader words(*well_bytes);
  const auto well = read_pieces(mark, "well", std::min(words.number<std::size_t>(), 4 * most_bytes));
  if (!well) return well.error();
  if (auto before = read_well(*well)) kept.before = std::move(*before);
  if (kept.state.probation && kept.state.previous.version != 0) {
    auto previous = whole(mark, kept.state.previous);
    if (!previous) return previous.error();
    if (*previous) {
      kept.previous_text = std::move(**previous);
    } else {
      kept.state.previous = {};  // the own file is what it would go back to
      kept.trouble = "the config before this one is damaged on disk; ";
    }
  }
  if (kept.state.active.version == 0) return kept;

  auto text = whole(mark, kept.state.active);
  if (!text) return text.error();
  if (*text) {
    kept.text = std::move(**text);
    return kept;
  }
  kept.trouble += "config " + std::to_string(kept.state.active.version) + " is damaged on disk; ";
  kept.text = std::exchange(kept.previous_text, {});
  kept.state.active = kept.text.empty() ? ConfigPlace{} : kept.state.previous;
  kept.state.probation = false;
  if (!kept.text.empty()) {
    kept.trouble += "config " + std::to_string(kept.state.active.version) + " is in force instead";
    return kept;
  }
  kept.trouble += "the gateway's own file is in force instead";
  return kept;
}

}  // namespace steward
