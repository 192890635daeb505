#include "contract/text/meter_event_text.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "contract/text/instant_text.hpp"
#include "contract/text/json.hpp"
#include "contract/text/utf8.hpp"

namespace steward {
namespace {

namespace limit = meter_event_limit;
constexpr std::size_t name_bytes = 64;
constexpr std::size_t channel_bytes = 48;
constexpr std::size_t detail_bytes = 512;
/// Numbers that JSON readers everywhere keep exact (RFC 8259, 6).
constexpr std::int64_t exact_in_json = (std::int64_t{1} << 53U) - 1;

/// Which fields a kind must have, and which it may.
enum Field : std::uint16_t {
  channel = 1,
  since = 2,
  old_register = 4,
  new_register = 8,
  modulus = 16,
  most = 32,
  new_meter = 64,
  old_serial = 128,
  new_serial = 256,
  old_ratio = 512,
  new_ratio = 1024,
  by = 2048,
};
struct Shape {
  unsigned must;
  unsigned may;
};
constexpr Shape shape_of(MeterEventKind kind) {
  constexpr unsigned registers = channel | old_register | new_register;
  constexpr unsigned serials = old_serial | new_serial;
  constexpr unsigned ratios = old_ratio | new_ratio;
  switch (kind) {
    case MeterEventKind::exchange: return {registers | new_meter | by, since | serials | ratios};
    case MeterEventKind::rollover: return {registers | modulus, since | most | by};
    case MeterEventKind::reset: return {registers, since | by};
    case MeterEventKind::fell: return {registers | since, 0};
    case MeterEventKind::ratio_change: return {ratios, registers | since | by};
    case MeterEventKind::serial_changed: return {new_serial, registers | since | old_serial | by};
    case MeterEventKind::sealed:
    case MeterEventKind::removed: return {channel | old_register | by, 0};
  }
  return {0, 0};
}

unsigned fields_of(const MeterEvent& event) {
  unsigned have = 0;
  const auto note = [&](bool there, Field field) {
    if (there) have |= field;
  };
  note(!event.channel.empty(), channel);
  note(event.since.has_value(), since);
  note(event.old_register.has_value(), old_register);
  note(event.new_register.has_value(), new_register);
  note(event.modulus != 0, modulus);
  note(event.most != 0, most);
  note(!event.new_meter.text.empty(), new_meter);
  note(!event.old_serial.empty(), old_serial);
  note(!event.new_serial.empty(), new_serial);
  note(event.old_ratio.has_value(), old_ratio);
  note(event.new_ratio.has_value(), new_ratio);
  note(!event.by.empty(), by);
  return have;
}

bool is_label(std::string_view text, std::size_t limit) {
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"' || c == '\\';
  };
  return text.size() <= limit && std::none_of(text.begin(), text.end(), odd) && is_utf8(text);
}

bool sound(const std::optional<std::int64_t>& value) {
  return !value || (*value >= 0 && *value <= exact_in_json);
}
bool sound(const std::optional<Ratio>& ratio) {
  return !ratio || (ratio->n >= 1 && ratio->n <= limit::ratio && ratio->d >= 1 && ratio->d <= limit::ratio);
}
bool sound(Instant at) { return at >= Instant{} && at <= *read_instant("9999-12-31T23:59:59.999Z"); }

const char* wrong_texts(const MeterEvent& event) {
  if (event.meter.text.empty() || event.meter.text.size() > name_bytes) return "meter is not 1 to 64 bytes";
  if (!is_label(event.channel, channel_bytes)) return "channel is not plain text of at most 48 bytes";
  if (!is_label(event.new_meter.text, name_bytes)) return "new_meter is not plain text of at most 64 bytes";
  if (!is_label(event.old_serial, limit::serial) || !is_label(event.new_serial, limit::serial)) {
    return "a serial is not plain text of at most 32 bytes";
  }
  if (!is_label(event.by, limit::by)) return "by is not plain text of at most 32 bytes";
  if (!is_label(event.why, limit::why)) return "why is not plain text of at most 72 bytes";
  return nullptr;
}

const char* wrong_numbers(const MeterEvent& event) {
  if (!sound(event.old_register) || !sound(event.new_register)) return "a register is not 0 to 2^53-1";
  if (event.modulus < 0 || event.modulus > exact_in_json) return "modulus is not 0 to 2^53-1";
  if (event.most < 0 || event.most > exact_in_json) return "most is not 0 to 2^53-1";
  if (!sound(event.old_ratio) || !sound(event.new_ratio)) return "a ratio's part is not 1 to 100000";
  if (!sound(event.at) || (event.since && !sound(*event.since)))
    return "an instant is not between 1970 and 9999";
  if (event.since && *event.since > event.at) return "since is later than at";
  if (event.evidence.size() > limit::evidence) return "more than 2 places as evidence";
  for (const auto seq : event.evidence) {
    if (seq.value < 1 || seq.value > static_cast<std::uint64_t>(exact_in_json))
      return "evidence is not a place from 1";
  }
  return nullptr;
}

const char* wrong_together(const MeterEvent& event) {
  const auto [must, may] = shape_of(event.kind);
  const auto have = fields_of(event);
  if ((must & ~have) != 0) return "a field that its kind must have is missing";
  if ((have & ~(must | may)) != 0) return "a field that is not of its kind";
  const bool registers = event.old_register || event.new_register;
  if (registers && event.channel.empty()) return "registers without the channel they are of";
  const bool falls = event.kind == MeterEventKind::rollover || event.kind == MeterEventKind::fell;
  if (falls && *event.new_register >= *event.old_register) return "the new register is not below the old one";
  if (event.kind == MeterEventKind::rollover && *event.old_register >= event.modulus) {
    return "the old register is not below the modulus";
  }
  return nullptr;
}

std::string as_label(std::string_view text, std::size_t limit) {
  std::string out(text.substr(0, limit));
  while (!out.empty() && !is_utf8(out)) out.pop_back();
  for (auto& c : out) {
    if (c == '"') c = '\'';
    if (c == '\\') c = '/';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

std::string detail_of(const MeterEvent& event) {
  auto json = Json::object();
  if (!event.channel.empty()) json.set("channel", event.channel);
  if (event.since) json.set("since", instant_text(*event.since));
  if (event.old_register) json.set("old", *event.old_register);
  if (event.new_register) json.set("new", *event.new_register);
  if (event.modulus != 0) json.set("modulus", event.modulus);
  if (event.most != 0) json.set("most", event.most);
  if (!event.new_meter.text.empty()) json.set("new_meter", event.new_meter.text);
  if (!event.old_serial.empty()) json.set("old_serial", event.old_serial);
  if (!event.new_serial.empty()) json.set("new_serial", event.new_serial);
  if (event.old_ratio) json.set("old_ratio", ratio_text(*event.old_ratio));
  if (event.new_ratio) json.set("new_ratio", ratio_text(*event.new_ratio));
  if (!event.by.empty()) json.set("by", event.by);
  if (!event.why.empty()) json.set("why", event.why);
  if (!event.evidence.empty()) {
    auto places = Json::array();
    for (const auto seq : event.evidence) places.push(static_cast<std::int64_t>(seq.value));
    json.set("seq", std::move(places));
  }
  return json.dump();
}

/// Reads the members of the detail one by one; the first that is wrong is remembered.
class Reader {
 public:
  explicit Reader(MeterEvent& into) : into_(into) {}

  void take(const std::string& key, const Json& value) {
    if (key == "channel") return text(value, into_.channel);
    if (key == "since") return instant(value);
    if (key == "old") return number(value, into_.old_register.emplace());
    if (key == "new") return number(value, into_.new_register.emplace());
    if (key == "modulus") return number(value, into_.modulus);
    if (key == "most") return number(value, into_.most);
    if (key == "new_meter") return text(value, into_.new_meter.text);
    if (key == "old_serial") return text(value, into_.old_serial);
    if (key == "new_serial") return text(value, into_.new_serial);
    if (key == "old_ratio") return ratio(value, into_.old_ratio);
    if (key == "new_ratio") return ratio(value, into_.new_ratio);
    if (key == "by") return text(value, into_.by);
    if (key == "why") return text(value, into_.why);
    if (key == "seq") return places(value);
    sound_ = false;
  }
  bool sound() const { return sound_; }

 private:
  void text(const Json& value, std::string& out) {
    sound_ = sound_ && value.is(Json::Kind::text) && !value.text().empty();
    if (value.is(Json::Kind::text)) out = value.text();
  }
  void number(const Json& value, std::int64_t& out) {
    sound_ = sound_ && value.is(Json::Kind::integer);
    if (value.is(Json::Kind::integer)) out = value.integer();
  }
  void instant(const Json& value) {
    if (value.is(Json::Kind::text)) into_.since = read_instant(value.text());
    sound_ = sound_ && into_.since.has_value();
  }
  void ratio(const Json& value, std::optional<Ratio>& out) {
    if (value.is(Json::Kind::text)) out = read_ratio(value.text());
    sound_ = sound_ && out.has_value();
  }
  void places(const Json& value) {
    sound_ = sound_ && value.is(Json::Kind::array) && !value.items().empty() &&
             value.items().size() <= limit::evidence;
    if (!sound_) return;
    for (const auto& item : value.items()) {
      sound_ = sound_ && item.is(Json::Kind::integer) && item.integer() > 0;
      into_.evidence.push_back(Seq{sound_ ? static_cast<std::uint64_t>(item.integer()) : 0});
    }
  }

  MeterEvent& into_;
  bool sound_ = true;
};

}  // namespace

const char* wrong_with(const MeterEvent& event) {
  if (const char* why = wrong_texts(event)) return why;
  if (const char* why = wrong_numbers(event)) return why;
  return wrong_together(event);
}

EdgeEvent edge_event_of(const MeterEvent& given) {
  auto event = given;
  event.why = as_label(event.why, limit::why);
  assert(wrong_with(event) == nullptr);
  auto text = detail_of(event);
  if (text.size() > detail_bytes) {  // every bound at once: the reason gives way
    event.why =
        as_label(event.why, event.why.size() - std::min(event.why.size(), text.size() - detail_bytes));
    text = detail_of(event);
  }
  assert(text.size() <= detail_bytes);
  return {event.at, std::string(word(event.kind)), event.meter.text, std::move(text)};
}

bool is_meter_event(const EdgeEvent& event) { return meter_event_kind(event.kind).has_value(); }

Result<MeterEvent> read_meter_event(const EdgeEvent& event) {
  const auto kind = meter_event_kind(event.kind);
  if (!kind) return Error{Fault::malformed, "\"" + event.kind + "\" is no event of a meter's life"};
  MeterEvent out{*kind, MeterId(event.subject), {}, event.at};
  const auto json = Json::parse(event.detail, {.bytes = detail_bytes, .depth = 3, .nodes = 64});
  if (!json) return json.error();
  if (!json->is(Json::Kind::object)) return Error{Fault::malformed, "the detail is not one JSON object"};
  Reader reader(out);
  for (const auto& [key, value] : json->members()) reader.take(key, value);
  if (!reader.sound())
    return Error{Fault::malformed, "a field of the detail is not known, or not of its form"};
  if (const char* why = wrong_with(out)) return Error{Fault::malformed, why};
  // One form: what is read is what would be written.
  if (edge_event_of(out).detail != event.detail)
    return Error{Fault::malformed, "the detail is not in its one form"};
  return out;
}

std::string ratio_text(Ratio ratio) {
  return ratio.d == 1 ? std::to_string(ratio.n) : std::to_string(ratio.n) + "/" + std::to_string(ratio.d);
}

std::optional<Ratio> read_ratio(std::string_view text) {
  Ratio ratio;
  const auto* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, ratio.n);
  if (error != std::errc()) return std::nullopt;
  if (at != end) {
    if (*at != '/') return std::nullopt;
    const auto [stopped, wrong] = std::from_chars(at + 1, end, ratio.d);
    if (wrong != std::errc() || stopped != end) return std::nullopt;
  }
  if (!sound(std::optional(ratio)) || ratio_text(ratio) != text) return std::nullopt;
  return ratio;
}

}  // namespace steward
