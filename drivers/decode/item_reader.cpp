// Reads what a profile says about the data items of a Chinese meter (docs/formats/profile.md).
#include "drivers/decode/item_reader.hpp"

#include <algorithm>
#include <charconv>

#include "drivers/decode/channel_reader.hpp"

namespace steward {
namespace {

constexpr std::string_view protocol_words[] = {"modbus", "dlt645", "cjt188"};
constexpr RegisterSpan meter_date{RegisterKind::dlt645_item, 0x04000101,
                                  4};  // DL/T 645-2007, table A.5: YYMMDDWW
constexpr RegisterSpan meter_time{RegisterKind::dlt645_item, 0x04000102, 3};  // hhmmss
constexpr std::uint32_t probe_ser = 2;  // and the next; 0 and 1 are data's

RegisterKind kind_of(Protocol protocol) {
  return protocol == Protocol::dlt645 ? RegisterKind::dlt645_item : RegisterKind::cjt188_item;
}

Sentence identifier(Protocol protocol) {
  if (protocol == Protocol::dlt645)
    return {"8 hex digits as the standard prints them, like \"00010000\"",
            " 8 位十六进制标识，如 \"00010000\""};
  return {"4 hex digits in the order of the wire, like \"901F\"",
          " 4 位十六进制标识（按线上顺序），如 \"901F\""};
}

std::optional<std::uint32_t> read_id(ProfileFields& fields, const Json& value, const Sentence& what,
                                     std::string_view key, Protocol protocol) {
  const auto id = value.is(Json::Kind::text) ? item_id(protocol, value.text()) : std::nullopt;
  if (id) return id;
  const auto right = identifier(protocol);
  const auto quoted = "\"" + std::string(key) + "\"";
  fields.problem(value.line(), what, {quoted + " must be " + right.en, quoted + " 应为" + right.zh});
  return std::nullopt;
}

std::optional<RegisterSpan> listed(ProfileFields& fields, const Json& value, const Sentence& what,
                                   std::string_view key, const Profile& profile) {
  const auto id = read_id(fields, value, what, key, profile.protocol);
  if (!id) return std::nullopt;
  if (const auto* item = profile.item({kind_of(profile.protocol), *id, 0})) return item->span;
  fields.problem(value.line(), what,
                 {"\"" + value.text() + "\" is not in \"items\", which says how long it is",
                  "\"" + value.text() + "\" 不在 \"items\" 中，长度未知"});
  return std::nullopt;
}

bool is_probe(const Profile& profile, const RegisterSpan& span) {
  // A CJ/T 188 probe has a SER of its own, so the item itself stays free for data.
  if (profile.protocol == Protocol::cjt188 || !profile.bus.probe) return false;
  const auto& probes = profile.bus.probe->spans;
  return std::any_of(probes.begin(), probes.end(),
                     [&](const RegisterSpan& probe) { return probe.item() == span.item(); });
}

void read_one(ProfileFields& fields, const Json& item, Profile& profile) {
  const auto number = std::to_string(profile.items.size() + 1);
  const Sentence what{"item " + number, "第 " + number + " 个数据项"};
  if (!fields.object(item, what, {"id", "bytes", "source", "guess", "note"})) return;
  ProfileItem one;
  one.source = fields.text(item, what, "source").value_or(profile.source);
  one.guess = fields.text(item, what, "guess").value_or("");
  fields.text(item, what, "note");  // for people
  const auto bytes = fields.need_integer(item, what, "bytes", 1, max_item_bytes);
  const Json* name = item.find("id");
  if (name == nullptr) fields.problem(item.line(), what, {"\"id\" is missing", "缺少 \"id\""});
  const auto id = name == nullptr ? std::nullopt : read_id(fields, *name, what, "id", profile.protocol);
  if (!id || !bytes) return;
  one.span = {kind_of(profile.protocol), *id, static_cast<std::uint16_t>(*bytes)};
  if (profile.item(one.span) != nullptr) {
    fields.problem(item.line(), what, {"stands twice", "重复出现"});
    return;
  }
  profile.items.push_back(std::move(one));
}

/// The probe where the file names none.
ProbeHints usual_probe(Profile& profile) {
  ProbeHints probe;
  if (profile.protocol == Protocol::dlt645) {
    probe.spans = {meter_date, meter_time};
    probe.source = "DL/T 645-2007, table A.5: date and time, read for no value";
    return probe;
  }
  for (std::uint32_t which = 0; which < 2 && !profile.items.empty(); ++which) {
    probe.spans[which] = profile.items.front().span;
    probe.spans[which].first |= (probe_ser + which) << 16;
  }
  probe.source = "the meter's own data under two SER that no data read has";
  return probe;
}

}  // namespace

std::optional<std::uint32_t> item_id(Protocol protocol, std::string_view text) {
  if (text.size() != (protocol == Protocol::dlt645 ? 8U : 4U)) return std::nullopt;
  std::uint32_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, id, 16);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return id;
}

std::optional<std::vector<std::uint8_t>> hex_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    std::uint8_t byte = 0;
    if (text.size() < 2 || bytes.size() >= max_item_bytes) return std::nullopt;
    const auto [stop, failed] = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (failed != std::errc{} || stop != text.data() + 2) return std::nullopt;
    bytes.push_back(byte);
    text.remove_prefix(2);
  }
  return bytes;
}

void refuse_keys(ProfileFields& fields, const Json& object, const Sentence& what,
                 std::initializer_list<std::string_view> keys, Protocol protocol) {
  for (const auto key : keys) {
    const Json* found = object.find(key);
    if (found == nullptr) continue;
    const auto word = std::string(protocol_words[static_cast<std::size_t>(protocol)]);
    fields.problem(found->line(), what,
                   {"\"" + std::string(key) + "\" does not belong to a meter of protocol " + word,
                    "协议为 " + word + " 的表没有 \"" + std::string(key) + "\""});
  }
}

void read_unit_codes(ProfileFields& fields, const Json& object, const Sentence& what,
                     std::vector<std::uint8_t>& codes) {
  const Json* list = fields.array(object, what, "unit_codes", 8);
  if (list == nullptr) return;
  for (const Json& one : list->items())
    if (const auto code = fields.number(one, what, "unit_codes", 0xFF))
      if (std::find(codes.begin(), codes.end(), *code) == codes.end())
        codes.push_back(static_cast<std::uint8_t>(*code));
  if (list->items().empty())
    fields.problem(list->line(), what,
                   {"\"unit_codes\" must list at least one code", "\"unit_codes\" 至少要有一个单位代码"});
}

std::optional<RegisterSpan> read_whole(ProfileFields& fields, const Json& object, const Sentence& what,
                                       std::string_view key, const Profile& profile) {
  const Json* found = object.find(key);
  if (found == nullptr) {
    const auto quoted = "\"" + std::string(key) + "\"";
    fields.problem(object.line(), what, {quoted + " is missing", "缺少 " + quoted});
    return std::nullopt;
  }
  const auto span = listed(fields, *found, what, key, profile);
  if (span && is_probe(profile, *span)) {
    fields.problem(found->line(), what,
                   {"\"" + found->text() + "\" is asked by the probe and by nothing else",
                    "\"" + found->text() + "\" 仅供探询使用"});
    return std::nullopt;
  }
  return span;
}

std::optional<ItemPlace> read_place(ProfileFields& fields, const Json& object, const Sentence& what,
                                    const Profile& profile, std::int64_t bytes) {
  const auto whole = read_whole(fields, object, what, "item", profile);
  const auto offset = fields.integer(object, what, "offset", 0, max_item_bytes - 1).value_or(0);
  if (!whole) return std::nullopt;
  if (offset + bytes > whole->count) {
    const auto end = std::to_string(offset + bytes);
    const auto length = std::to_string(whole->count);
    fields.problem(object.line(), what,
                   {"ends at byte " + end + " of an item of " + length + " bytes",
                    "结束于第 " + end + " 字节，而该数据项只有 " + length + " 字节"});
    return std::nullopt;
  }
  return ItemPlace{{whole->kind, whole->first, static_cast<std::uint16_t>(bytes)},
                   static_cast<std::uint16_t>(offset)};
}

void read_items(ProfileFields& fields, const Json& root, Profile& profile) {
  const Sentence what{"profile", "表型文件"};
  const auto protocol = fields.choice(root, what, "protocol", {"modbus", "dlt645", "cjt188"});
  profile.protocol = static_cast<Protocol>(protocol.value_or(0));
  if (profile.protocol == Protocol::modbus) {
    refuse_keys(fields, root, what, {"items"}, profile.protocol);
    return;
  }
  refuse_keys(fields, root, what, {"address_base", "variant"}, profile.protocol);
  const Json* items = fields.array(root, what, "items", max_profile_items);
  if (items == nullptr || items->items().empty())
    fields.problem(
        root.line(), what,
        {"\"items\" must list each data item and how long it is", "\"items\" 应列出每个数据项及其长度"});
  if (items == nullptr) return;
  for (const Json& item : items->items()) read_one(fields, item, profile);
}

void read_item_probe(ProfileFields& fields, const Json* probe, Profile& profile) {
  ProbeHints hints = usual_probe(profile);
  const Sentence what{"probe", "探询"};
  if (probe != nullptr &&
      fields.object(*probe, what, {"kind", "first", "counts", "serial", "items", "source", "guess"})) {
    refuse_keys(fields, *probe, what, {"kind", "first", "counts", "serial"}, profile.protocol);
    hints.source = fields.text(*probe, what, "source").value_or("");
    hints.guess = fields.text(*probe, what, "guess").value_or("");
    const Json* items = fields.array(*probe, what, "items", 2);
    const bool two = items != nullptr && items->items().size() == 2;
    if (!two)
      fields.problem(probe->line(), what, {"\"items\" must name two items", "\"items\" 应列出两个数据项"});
    for (std::size_t which = 0; two && which < 2; ++which) {
      auto span = listed(fields, items->items()[which], what, "items", profile);
      if (!span) continue;
      if (profile.protocol == Protocol::cjt188)
        span->first |= static_cast<std::uint32_t>(probe_ser + which) << 16;
      hints.spans[which] = *span;
    }
    if (two && hints.spans[0] == hints.spans[1])
      fields.problem(probe->line(), what,
                     {"the two items must differ: replies that look the same could be taken for each other",
                      "两个数据项应不同：相同的应答会被混淆"});
  }
  profile.bus.probe = std::move(hints);
}

}  // namespace steward
