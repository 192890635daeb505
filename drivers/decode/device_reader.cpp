// Reads what a profile says about the device beside its channels: the line, the
// probe that names it, its variant, its clock and what it froze.
#include "drivers/decode/device_reader.hpp"

#include <algorithm>
#include <limits>

#include "drivers/decode/channel_reader.hpp"
#include "drivers/decode/item_reader.hpp"

namespace steward {
namespace {

Sentence in_bus() { return {"bus", "总线"}; }
Sentence in_probe() { return {"probe", "探询"}; }

void read_orders(ProfileFields& fields, const Json& item, const Sentence& what, SerialField& serial) {
  serial.words =
      static_cast<Order>(fields.choice(item, what, "order", {"high_first", "low_first"}).value_or(0));
  serial.bytes =
      static_cast<Order>(fields.choice(item, what, "bytes", {"high_first", "low_first"}).value_or(0));
}

/// A serial's registers have the probe's kind and lie whole in its shorter request.
std::optional<SerialField> read_serial(ProfileFields& fields, const Json& item, std::int64_t base,
                                       const ProbeHints& probe) {
  const Sentence what{"serial", "序列号"};
  if (!fields.object(item, what, {"first", "words", "as", "order", "bytes"})) return std::nullopt;
  SerialField serial;
  const auto as = fields.choice(item, what, "as", {"number", "bcd", "ascii", "ascii_low"});
  if (item.find("as") == nullptr) fields.problem(item.line(), what, {"\"as\" is missing", "缺少 \"as\""});
  serial.as = static_cast<SerialForm>(as.value_or(0));
  const std::int64_t most = serial.as == SerialForm::number ? 4
                            : serial.as == SerialForm::bcd  ? 8
                                                            : max_serial_words;
  const auto words = fields.need_integer(item, what, "words", 1, most);
  const auto first = fields.need_number(item, what, "first", 0x10000);
  read_orders(fields, item, what, serial);
  if (!as || !words || !first) return std::nullopt;
  const auto wire = static_cast<std::int64_t>(*first) - base;
  serial.span = {probe.spans[0].kind, static_cast<std::uint16_t>(wire), static_cast<std::uint16_t>(*words)};
  const auto& shorter = probe.spans[0].count < probe.spans[1].count ? probe.spans[0] : probe.spans[1];
  if (wire < 0 || wire > 0xFFFF || !shorter.holds(serial.span)) {
    fields.problem(item.line(), what,
                   {"must lie whole in both requests of the probe", "须完整位于探询的两次读取之内"});
    return std::nullopt;
  }
  return serial;
}

bool allowed(const BusHints& hints, const RegisterSpan& span) {
  if (span.count > hints.max_span || span.end() > 0x10000 || span.count % hints.count_step != 0) return false;
  return std::none_of(hints.forbidden.begin(), hints.forbidden.end(), [&](const RegisterSpan& bad) {
    return bad.kind == span.kind && bad.first < span.end() && span.first < bad.end();
  });
}

void read_probe(ProfileFields& fields, const Json& item, std::int64_t base, BusHints& hints) {
  const auto what = in_probe();
  if (!fields.object(item, what, {"kind", "first", "counts", "serial", "items", "source", "guess"})) return;
  refuse_keys(fields, item, what, {"items"}, Protocol::modbus);
  ProbeHints probe;
  probe.source = fields.text(item, what, "source").value_or("");
  probe.guess = fields.text(item, what, "guess").value_or("");
  const auto span = read_span(fields, item, what, base, 1);
  const Json* counts = fields.array(item, what, "counts", 2);
  const auto count = [&](std::size_t at) -> std::int64_t {
    if (counts == nullptr || counts->items().size() != 2 || !counts->items()[at].is(Json::Kind::integer))
      return 0;
    return counts->items()[at].integer();
  };
  const auto fits = [](std::int64_t one) { return one >= 1 && one <= max_span_words; };
  if (!fits(count(0)) || !fits(count(1)) || count(0) == count(1)) {
    fields.problem(
        item.line(), what,
        {"\"counts\" must be two different numbers of registers, 1..125: replies of one length could "
         "be taken for each other",
         "\"counts\" 应为两个不同的寄存器数，1..125：同长的应答会被混淆"});
    return;
  }
  if (!span) return;
  for (std::size_t which = 0; which < 2; ++which)
    probe.spans[which] = {span->kind, span->first, static_cast<std::uint16_t>(count(which))};
  if (!allowed(hints, probe.span(0)) || !allowed(hints, probe.span(1)))
    fields.problem(item.line(), what,
                   {"\"counts\" must keep to max_span, count_step and the registers that may be read",
                    "\"counts\" 须符合 max_span、count_step 及禁读寄存器的限制"});
  if (const Json* serial = item.find("serial")) probe.serial = read_serial(fields, *serial, base, probe);
  hints.probe = std::move(probe);
}

void read_forbidden(ProfileFields& fields, const Json& bus, std::int64_t base, BusHints& hints) {
  const Json* forbidden = fields.array(bus, in_bus(), "forbidden", 64);
  if (forbidden == nullptr) return;
  for (const Json& item : forbidden->items()) {
    const Sentence in_item{"forbidden registers", "禁读寄存器"};
    if (!fields.object(item, in_item, {"kind", "first", "words"})) continue;
    const auto count = fields.need_integer(item, in_item, "words", 1, 0x10000).value_or(1);
    const auto span = read_span(fields, item, in_item, base, 1);
    if (!span) continue;
    RegisterSpan bad = *span;
    bad.count = static_cast<std::uint16_t>(std::min<std::int64_t>(count, 0xFFFF));
    hints.forbidden.push_back(bad);
  }
}

std::vector<ClockByte> read_clock_bytes(ProfileFields& fields, const Json& item, const Sentence& what,
                                        std::size_t most) {
  std::vector<ClockByte> bytes;
  const Json* list = fields.array(item, what, "bytes", most);
  if (list == nullptr) return bytes;
  constexpr std::string_view words[] = {"skip", "year", "month", "day", "hour", "minute", "second"};
  for (const Json& one : list->items()) {
    const auto* at = one.is(Json::Kind::text) ? std::find(std::begin(words), std::end(words), one.text())
                                              : std::end(words);
    if (at == std::end(words)) {
      fields.problem(one.line(), what,
                     {"\"bytes\" may hold skip, year, month, day, hour, minute, second",
                      "\"bytes\" 只能包含 skip、year、month、day、hour、minute、second"});
      continue;
    }
    bytes.push_back(static_cast<ClockByte>(at - std::begin(words)));
  }
  return bytes;
}

void read_variant(ProfileFields& fields, const Json& item, std::int64_t base, Profile& profile) {
  const Sentence what{"variant", "型号变体"};
  if (!fields.object(item, what, {"of", "kind", "first", "words", "values", "source", "guess"})) return;
  Variant variant;
  variant.of = fields.need_text(item, what, "of").value_or("");
  variant.source = fields.text(item, what, "source").value_or("");
  variant.guess = fields.text(item, what, "guess").value_or("");
  const auto words = fields.need_integer(item, what, "words", 1, max_channel_words).value_or(1);
  if (const auto span = read_span(fields, item, what, base, words)) variant.span = *span;
  const auto most = words == 4 ? ~std::uint64_t{0} : (std::uint64_t{1} << (16 * words)) - 1;
  if (const Json* values = fields.array(item, what, "values", 32))
    for (const Json& one : values->items())
      if (const auto value = fields.number(one, what, "values", most)) variant.values.push_back(*value);
  if (variant.values.empty() && variant.guess.empty())
    fields.problem(
        item.line(), what,
        {"\"values\" must list what the registers hold in this model, or \"guess\" say that nobody knows",
         "\"values\" 应列出该型号寄存器的值，或以 \"guess\" 说明尚不清楚"});
  profile.variant = std::move(variant);
}

void read_clock(ProfileFields& fields, const Json& item, std::int64_t base, Profile& profile) {
  const Sentence what{"clock", "时钟"};
  if (!fields.object(item, what,
                     {"kind", "first", "words", "item", "offset", "bytes", "bcd", "source", "guess"}))
    return;
  ClockField clock;
  clock.source = fields.text(item, what, "source").value_or("");
  clock.guess = fields.text(item, what, "guess").value_or("");
  clock.bcd = fields.boolean(item, what, "bcd").value_or(false);
  if (profile.protocol == Protocol::modbus) {
    refuse_keys(fields, item, what, {"item", "offset"}, profile.protocol);
    const auto words = fields.need_integer(item, what, "words", 1, max_clock_words).value_or(1);
    if (const auto span = read_span(fields, item, what, base, words)) clock.span = *span;
    clock.bytes = read_clock_bytes(fields, item, what, static_cast<std::size_t>(2 * words));
  } else {
    refuse_keys(fields, item, what, {"kind", "first", "words"}, profile.protocol);
    clock.bytes = read_clock_bytes(fields, item, what, 2 * max_clock_words);
    const auto place = read_place(fields, item, what, profile, static_cast<std::int64_t>(clock.bytes.size()));
    if (place) {
      clock.span = place->span;
      clock.offset = place->offset;
    }
  }
  for (const auto must : {ClockByte::year, ClockByte::month, ClockByte::day})
    if (std::count(clock.bytes.begin(), clock.bytes.end(), must) != 1) {
      fields.problem(
          item.line(), what,
          {"\"bytes\" must say where year, month and day are", "\"bytes\" 须标明年、月、日的位置"});
      break;
    }
  profile.clock = std::move(clock);
}

void read_parts(ProfileFields& fields, const Json& item, const Sentence& what, const Profile& profile,
                FrozenBlocks& frozen) {
  const Json* parts = fields.array(item, what, "parts", max_profile_channels);
  if (parts == nullptr || parts->items().empty())
    fields.problem(item.line(), what,
                   {"\"parts\" must name at least one channel", "\"parts\" 至少要有一个通道"});
  if (parts == nullptr) return;
  for (const Json& one : parts->items()) {
    if (!fields.object(one, what, {"channel", "offset"})) continue;
    const auto name = fields.need_text(one, what, "channel").value_or("");
    const auto offset = fields.need_integer(one, what, "offset", 0, max_item_bytes - 1).value_or(0);
    const ProfileChannel* channel = profile.channel(name);
    if (channel == nullptr || offset + channel->span.count > frozen.span.count) {
      fields.problem(one.line(), what,
                     {"\"" + name + "\" is no channel, or does not lie in the block",
                      "\"" + name + "\" 不是通道，或不在冻结块之内"});
      continue;
    }
    frozen.parts.push_back({channel->no, static_cast<std::uint16_t>(offset)});
  }
}

/// The items that say on which days of a month it settles.
void read_settles(ProfileFields& fields, const Json& item, const Sentence& what, const Profile& profile,
                  FrozenBlocks& frozen) {
  if (item.find("settles") == nullptr) return;
  const Json* list = fields.array(item, what, "settles", max_settles);
  if (frozen.time)
    fields.problem(item.line(), what,
                   {"\"time\" and \"settles\" both say when a block was frozen; keep one",
                    "\"time\" 与 \"settles\" 都说明冻结时刻，请只留一个"});
  for (std::size_t at = 0; list != nullptr && at < list->items().size(); ++at) {
    const auto one = Json::object().set("settle", list->items()[at]);
    if (const auto span = read_whole(fields, one, what, "settle", profile)) frozen.settles.push_back(*span);
  }
  const auto other = [&](const RegisterSpan& span) { return span.count != frozen.settles[0].count; };
  if (std::any_of(frozen.settles.begin(), frozen.settles.end(), other))
    fields.problem(item.line(), what,
                   {"the items of \"settles\" must be equally long", "\"settles\" 各数据项长度应相同"});
}

/// Blocks that are items: identifiers in a row, and beside each, where there is one, its instant's.
void read_frozen_items(ProfileFields& fields, const Json& item, const Sentence& what, const Profile& profile,
                       FrozenBlocks& frozen) {
  refuse_keys(fields, item, what, {"kind", "first", "words"}, profile.protocol);
  const auto stride = fields.need_integer(item, what, "stride", 1, 0xFFFF).value_or(1);
  const auto entries = fields.need_integer(item, what, "entries", 1, max_frozen_items).value_or(1);
  frozen.stride = static_cast<std::uint16_t>(stride);
  frozen.entries = static_cast<std::uint16_t>(entries);
  if (const auto span = read_whole(fields, item, what, "item", profile)) frozen.span = *span;
  if (item.find("time") != nullptr) frozen.time = read_whole(fields, item, what, "time", profile);
  const std::uint64_t most = profile.protocol == Protocol::dlt645 ? 0xFFFF'FFFF : 0xFFFF;
  const auto last = static_cast<std::uint64_t>(stride) * static_cast<std::uint64_t>(entries - 1);
  if (frozen.span.first + last > most || (frozen.time && frozen.time->first + last > most))
    fields.problem(item.line(), what,
                   {"the identifiers run beyond the last one there is", "标识超出取值范围"});
  read_settles(fields, item, what, profile, frozen);
  const auto& timed = frozen.time ? *frozen.time : frozen.settles.empty() ? frozen.span : frozen.settles[0];
  const std::size_t bytes = timed.count;
  frozen.bytes = read_clock_bytes(fields, item, what, std::min<std::size_t>(bytes, 16));
  const auto count_of = [&](ClockByte byte) {
    return std::count(frozen.bytes.begin(), frozen.bytes.end(), byte);
  };
  if (!frozen.settles.empty() && count_of(ClockByte::day) != 1)
    fields.problem(
        item.line(), what,
        {"\"bytes\" must say where the day of \"settles\" is", "\"bytes\" 须标明 \"settles\" 中日的位置"});
  read_parts(fields, item, what, profile, frozen);
}

void read_frozen(ProfileFields& fields, const Json& item, std::int64_t base, Profile& profile) {
  const Sentence what{"frozen", "冻结数据"};
  if (!fields.object(item, what,
                     {"name", "kind", "first", "words", "item", "time", "settles", "stride", "entries",
                      "bytes", "bcd", "parts", "source", "guess"}))
    return;
  FrozenBlocks frozen;
  frozen.name = fields.need_text(item, what, "name").value_or("");
  frozen.source = fields.text(item, what, "source").value_or("");
  frozen.guess = fields.text(item, what, "guess").value_or("");
  frozen.bcd = fields.boolean(item, what, "bcd").value_or(false);
  if (profile.protocol != Protocol::modbus) {
    read_frozen_items(fields, item, what, profile, frozen);
    profile.frozen.push_back(std::move(frozen));
    return;
  }
  refuse_keys(fields, item, what, {"item", "time", "settles"}, profile.protocol);
  const auto words = fields.need_integer(item, what, "words", 1, max_span_words).value_or(1);
  const auto stride = fields.need_integer(item, what, "stride", 1, 0xFFFF).value_or(1);
  const auto entries = fields.need_integer(item, what, "entries", 1, 1000).value_or(1);
  const auto span = read_span(fields, item, what, base, words);
  if (!span) return;
  frozen.span = *span;
  frozen.stride = static_cast<std::uint16_t>(stride);
  frozen.entries = static_cast<std::uint16_t>(entries);
  if (stride < words || frozen.span.first + stride * (entries - 1) + words > 0x10000)
    fields.problem(item.line(), what,
                   {"the blocks overlap, or run beyond register 65535", "各块重叠，或超出寄存器 65535"});
  frozen.bytes =
      read_clock_bytes(fields, item, what, static_cast<std::size_t>(std::min<std::int64_t>(2 * words, 16)));
  read_parts(fields, item, what, profile, frozen);
  profile.frozen.push_back(std::move(frozen));
}

}  // namespace

void read_bus(ProfileFields& fields, const Json& root, std::int64_t base, Profile& profile) {
  const auto what = in_bus();
  BusHints& hints = profile.bus;
  const Json* bus = root.find("bus");
  if (profile.protocol != Protocol::modbus) {
    // DL/T 645-2007, 5.1 and CJ/T 188: as meters are delivered; 8 data bits, even parity.
    hints.baud = 2400;
    hints.parity = "even";
    if (bus == nullptr) return read_item_probe(fields, nullptr, profile);
  }
  if (bus == nullptr || !fields.object(*bus, what,
                                       {"baud", "parity", "stop_bits", "timeout_ms", "gap_ms",
                                        "delay_floor_ms", "max_span", "count_step", "forbidden", "double_fc",
                                        "alternate", "pipeline", "probe", "source", "guess"}))
    return;
  if (profile.protocol != Protocol::modbus)
    refuse_keys(fields, *bus, what,
                {"max_span", "count_step", "forbidden", "double_fc", "alternate", "pipeline"},
                profile.protocol);
  const auto whole = [&](std::string_view key, std::int64_t low, std::int64_t high, std::int64_t otherwise) {
    return static_cast<std::uint32_t>(fields.integer(*bus, what, key, low, high).value_or(otherwise));
  };
  hints.baud = whole("baud", 300, 4'000'000, hints.baud);
  hints.stop_bits = static_cast<std::uint8_t>(whole("stop_bits", 1, 2, hints.stop_bits));
  hints.timeout_ms = whole("timeout_ms", 10, 60'000, hints.timeout_ms);
  hints.gap_ms = whole("gap_ms", 0, 10'000, hints.gap_ms);
  hints.delay_floor_ms = whole("delay_floor_ms", 0, 600'000, hints.delay_floor_ms);
  hints.max_span = static_cast<std::uint16_t>(whole("max_span", 1, max_span_words, hints.max_span));
  hints.count_step = static_cast<std::uint16_t>(whole("count_step", 1, 8, hints.count_step));
  hints.pipeline = static_cast<std::uint16_t>(whole("pipeline", 1, 16, hints.pipeline));
  hints.double_fc = fields.boolean(*bus, what, "double_fc").value_or(hints.double_fc);
  hints.alternate = fields.boolean(*bus, what, "alternate").value_or(hints.alternate);
  if (const auto parity = fields.choice(*bus, what, "parity", {"none", "even", "odd"})) {
    constexpr std::string_view words[] = {"none", "even", "odd"};
    hints.parity = words[*parity];
  }
  hints.source = fields.text(*bus, what, "source").value_or("");
  hints.guess = fields.text(*bus, what, "guess").value_or("");
  read_forbidden(fields, *bus, base, hints);
  const Json* probe = bus->find("probe");
  if (profile.protocol != Protocol::modbus) return read_item_probe(fields, probe, profile);
  if (probe != nullptr) read_probe(fields, *probe, base, hints);
}

void read_device(ProfileFields& fields, const Json& root, std::int64_t base, Profile& profile) {
  if (const Json* variant = root.find("variant")) read_variant(fields, *variant, base, profile);
  if (const Json* clock = root.find("clock")) read_clock(fields, *clock, base, profile);
  const Json* frozen = fields.array(root, {"profile", "表型文件"}, "frozen", max_frozen);
  if (frozen == nullptr) return;
  for (const Json& item : frozen->items()) read_frozen(fields, item, base, profile);
}

}  // namespace steward
