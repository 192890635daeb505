#include "drivers/decode/channel_reader.hpp"

#include <algorithm>
#include <limits>

#include "drivers/decode/item_reader.hpp"
#include "drivers/decode/layout.hpp"

namespace steward {
namespace {

constexpr std::int64_t most_per_count = 1'000'000'000;  // decode.cpp counts on 30 bits
constexpr std::int64_t most_step = 1'000'000;           // and on 20 bits
constexpr std::int64_t most_value = std::numeric_limits<std::int64_t>::max();

/// How many registers a type takes; 0: any of 1..4.
std::uint16_t words_of_type(NumberType type) {
  switch (type) {
    case NumberType::bit:
    case NumberType::u16:
    case NumberType::i16: return 1;
    case NumberType::u32:
    case NumberType::i32:
    case NumberType::f32: return 2;
    case NumberType::u64:
    case NumberType::i64:
    case NumberType::f64:
    case NumberType::long_fraction: return 4;
    case NumberType::bcd:
    case NumberType::bcd_signed: return 0;
  }
  return 0;
}

/// Whether a number of this type fits a field of an item with so many bytes.
bool fits_bytes(NumberType type, std::size_t bytes) {
  switch (type) {
    case NumberType::bcd:
    case NumberType::bcd_signed: return bytes >= 1;
    case NumberType::bit: return bytes == 1 || bytes == 2;
    case NumberType::long_fraction: return false;
    default: return bytes == std::size_t{2} * words_of_type(type);
  }
}

/// What the number of an item's channel looks like: one order for its bytes, the low one first
/// where nothing is said, as both standards have it.
void read_item_form(ProfileFields& fields, const Json& item, const Sentence& what, ProfileChannel& channel,
                    bool typed) {
  const auto order = fields.choice(item, what, "order", {"high_first", "low_first"});
  channel.words = channel.bytes = static_cast<Order>(order.value_or(1));
  const auto bytes = number_bytes(channel);
  if (typed && channel.span.count != 0 && !fits_bytes(channel.as, bytes))
    fields.problem(item.line(), what,
                   {"this type does not fit \"bytes\": " + std::to_string(bytes),
                    "该类型与 \"bytes\": " + std::to_string(bytes) + " 不符"});
}

void read_number_form(ProfileFields& fields, const Json& item, const Sentence& what, Protocol protocol,
                      ProfileChannel& channel) {
  if (item.find("as") == nullptr) fields.problem(item.line(), what, {"\"as\" is missing", "缺少 \"as\""});
  const auto as = fields.choice(
      item, what, "as",
      {"u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd", "long_fraction", "bit", "bcd_signed"});
  channel.as = static_cast<NumberType>(as.value_or(0));
  if (protocol != Protocol::modbus) {
    read_item_form(fields, item, what, channel, as.has_value());
  } else {
    const auto words = fields.choice(item, what, "order", {"high_first", "low_first"});
    channel.words = static_cast<Order>(words.value_or(0));
    const auto bytes = fields.choice(item, what, "bytes", {"high_first", "low_first"});
    channel.bytes = static_cast<Order>(bytes.value_or(0));
  }
  channel.bit = static_cast<std::uint8_t>(fields.integer(item, what, "bit", 0, 15).value_or(0));
  if ((channel.as == NumberType::bit) != (item.find("bit") != nullptr))
    fields.problem(item.line(), what,
                   {"\"bit\" (0 = least significant) belongs to \"as\": \"bit\", and only there",
                    "\"bit\"（0 为最低位）与 \"as\": \"bit\" 须同时出现"});
  const auto wanted = words_of_type(channel.as);
  if (as && protocol == Protocol::modbus && channel.span.count != 0 && wanted != 0 &&
      channel.span.count != wanted) {
    const auto right = std::to_string(wanted);
    fields.problem(item.line(), what,
                   {"this type takes \"words\": " + right, "该类型需要 \"words\": " + right});
  }
  const auto unit = fields.choice(item, what, "unit",
                                  {"none", "wh", "litre", "millivolt", "milliampere", "watt", "millihertz",
                                   "varh", "litre_per_hour", "permille", "ratio"});
  channel.unit = static_cast<ChannelUnit>(unit.value_or(0));
  if (item.find("unit") == nullptr)
    fields.problem(item.line(), what, {"\"unit\" is missing", "缺少 \"unit\""});
}

void read_scale(ProfileFields& fields, const Json& item, const Sentence& what, ProfileChannel& channel) {
  if (const Json* ratio = fields.array(item, what, "per_count", 2)) {
    const auto part = [&](std::size_t at) -> std::int64_t {
      if (at >= ratio->items().size() || !ratio->items()[at].is(Json::Kind::integer)) return 0;
      return ratio->items()[at].integer();
    };
    channel.per_count = {part(0), part(1)};
    const auto fits = [](std::int64_t value) { return value >= 1 && value <= most_per_count; };
    if (ratio->items().size() != 2 || !fits(part(0)) || !fits(part(1))) {
      fields.problem(ratio->line(), what,
                     {"\"per_count\" must be [numerator, denominator], each 1..1000000000",
                      "\"per_count\" 应为 [分子, 分母]，均在 1..1000000000"});
      channel.per_count = {};
    }
  }
  const bool is_float = channel.as == NumberType::f32 || channel.as == NumberType::f64 ||
                        channel.as == NumberType::long_fraction;
  if (is_float && item.find("step") == nullptr)
    fields.problem(item.line(), what,
                   {"\"step\" is missing: a float is rounded to the dial's last digit",
                    "缺少 \"step\"：浮点数须按表盘末位取整"});
  const bool whole =
      !is_float && channel.per_count.denominator == 1 && channel.per_count.numerator <= most_step;
  const auto step = fields.integer(item, what, "step", 1, most_step);
  channel.step = step.value_or(whole ? channel.per_count.numerator : 1);
  if (whole && channel.per_count.numerator % channel.step != 0)
    fields.problem(item.line(), what,
                   {"\"step\" must divide per_count, or whole counts would be rounded away",
                    "\"step\" 须整除 per_count，否则整数计数会被舍入"});
  channel.cumulative = fields.boolean(item, what, "cumulative").value_or(false);
  channel.modulus = fields.integer(item, what, "modulus", 0, most_value).value_or(0);
  channel.max_rate = fields.integer(item, what, "max_rate", 0, most_value).value_or(0);
  if (channel.max_rate != 0 && !channel.cumulative)
    fields.problem(item.line(), what,
                   {"\"max_rate\" says how fast a cumulative register may rise; this one is not",
                    "\"max_rate\" 为累计量每小时的最大增量；该通道不是累计量"});
  if (channel.modulus % channel.step != 0)
    fields.problem(item.line(), what,
                   {"\"modulus\" must be a multiple of \"step\"", "\"modulus\" 须为 \"step\" 的整数倍"});
}

void read_judgement(ProfileFields& fields, const Json& item, const Sentence& what, ProfileChannel& channel) {
  channel.min = fields.integer(item, what, "min", -most_value, most_value);
  channel.max = fields.integer(item, what, "max", -most_value, most_value);
  if (channel.min && channel.max && *channel.min > *channel.max)
    fields.problem(item.line(), what, {"\"min\" is above \"max\"", "\"min\" 大于 \"max\""});
  const Json* sentinels = fields.array(item, what, "sentinels", 8);
  if (sentinels == nullptr) return;
  const std::size_t bits = channel.span.count == 0 ? 64U : 8U * number_bytes(channel);
  const std::uint64_t most = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  for (const Json& one : sentinels->items())
    if (const auto pattern = fields.number(one, what, "sentinels", most))
      channel.sentinels.push_back(*pattern);
}

}  // namespace

bool plain_name(std::string_view name, std::string_view others) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
  });
}

Sentence called(const std::string& name) { return {"channel \"" + name + "\"", "通道 \"" + name + "\""}; }

std::optional<RegisterSpan> read_span(ProfileFields& fields, const Json& object, const Sentence& what,
                                      std::int64_t base, std::int64_t count) {
  const auto kind = fields.choice(object, what, "kind", {"holding", "input"});
  if (object.find("kind") == nullptr) {
    fields.problem(object.line(), what,
                   {"\"kind\" is missing: holding (FC 3) or input (FC 4)",
                    "缺少 \"kind\"：holding（功能码 3）或 input（功能码 4）"});
  }
  const auto first = fields.need_number(object, what, "first", 0x10000);
  if (!kind || !first) return std::nullopt;
  const auto wire = static_cast<std::int64_t>(*first) - base;
  if (wire < 0 || wire + count > 0x10000) {
    fields.problem(object.line(), what,
                   {"the registers lie outside 0.." + std::to_string(0xFFFF) + " on the wire",
                    "寄存器超出线上地址 0.." + std::to_string(0xFFFF)});
    return std::nullopt;
  }
  return RegisterSpan{*kind == 0 ? RegisterKind::holding : RegisterKind::input,
                      static_cast<std::uint16_t>(wire), static_cast<std::uint16_t>(count)};
}

ProfileChannel read_channel(ProfileFields& fields, const Json& item, const Profile& profile,
                            std::int64_t base) {
  ProfileChannel channel;
  channel.no = ChannelNo{static_cast<std::uint8_t>(profile.channels.size())};
  const auto number = std::to_string(channel.no.value + 1);
  Sentence what{"channel " + number, "第 " + number + " 个通道"};
  if (!fields.object(item, what,
                     {"name",    "kind",     "first",      "words", "item",       "offset",    "order",
                      "bytes",   "as",       "bit",        "unit",  "unit_codes", "per_count", "step",
                      "modulus", "max_rate", "cumulative", "min",   "max",        "sentinels", "group",
                      "times",   "source",   "guess",      "note"}))
    return channel;
  channel.name = fields.need_text(item, what, "name").value_or("");
  if (!plain_name(channel.name, "_"))
    fields.problem(item.line(), what,
                   {"\"name\" must be 1 to 32 of a-z 0-9 _", "\"name\" 应为 1 至 32 个 a-z 0-9 _ 字符"});
  else
    what = called(channel.name);
  if (profile.protocol == Protocol::modbus) {
    refuse_keys(fields, item, what, {"item", "offset", "unit_codes"}, profile.protocol);
    const auto count = fields.need_integer(item, what, "words", 1, max_channel_words);
    if (const auto span = read_span(fields, item, what, base, count.value_or(1))) channel.span = *span;
  } else {
    refuse_keys(fields, item, what, {"kind", "first", "words"}, profile.protocol);
    read_unit_codes(fields, item, what, channel.unit_codes);
    const auto most = max_field_bytes - (channel.unit_codes.empty() ? 0 : 1);
    const auto bytes = fields.need_integer(item, what, "bytes", 1, most).value_or(1);
    const auto whole = bytes + (channel.unit_codes.empty() ? 0 : 1);
    if (const auto place = read_place(fields, item, what, profile, whole)) {
      channel.span = place->span;
      channel.offset = place->offset;
    }
  }
  read_number_form(fields, item, what, profile.protocol, channel);
  read_scale(fields, item, what, channel);
  read_judgement(fields, item, what, channel);
  channel.group = fields.text(item, what, "group").value_or("");
  channel.source = fields.text(item, what, "source").value_or(profile.source);
  channel.guess = fields.text(item, what, "guess").value_or("");
  fields.text(item, what, "note");  // for people
  if (const Json* times = fields.array(item, what, "times", 4))
    for (const Json& name : times->items())
      channel.times.push_back(name.is(Json::Kind::text) ? name.text() : "");
  return channel;
}

}  // namespace steward
