#include "edge/site/object_reader.hpp"

#include <algorithm>

#include "edge/site/read_site.hpp"

namespace steward {
namespace {

std::string_view kind_en(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "true or false";
    case Json::Kind::integer: return "a number";
    case Json::Kind::text: return "a text in quotes";
    case Json::Kind::array: return "a list [ ]";
    case Json::Kind::object: return "an object { }";
  }
  return "something else";
}

std::string_view kind_zh(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "true 或 false";
    case Json::Kind::integer: return "数字";
    case Json::Kind::text: return "带引号的文字";
    case Json::Kind::array: return "列表 [ ]";
    case Json::Kind::object: return "对象 { }";
  }
  return "其他内容";
}

std::string joined(std::span<const std::string_view> words, std::string_view comma, std::string_view last) {
  std::string text;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (at > 0) text += at + 1 == words.size() ? last : comma;
    text += words[at];
  }
  return text;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string list_en(std::span<const std::string_view> words) { return joined(words, ", ", " or "); }
std::string list_zh(std::span<const std::string_view> words) { return joined(words, "、", " 或 "); }

ObjectReader::ObjectReader(std::string_view file, std::string where, const Json& object,
                           std::span<const std::string_view> keys, Problems& problems)
    : file_(file), where_(std::move(where)), object_(object), problems_(problems) {
  for (const auto& [key, value] : object.members()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const auto meant = nearest(key, keys);
    const auto en = meant.empty() ? "known here are " + list_en(keys) : "did you mean " + quoted(meant) + "?";
    const auto zh = meant.empty() ? "此处可用：" + list_zh(keys) : "是否想写 " + quoted(meant) + "？";
    report(value.line(), "unknown key " + quoted(path(key)) + "; " + en,
           "未知的键 " + quoted(path(key)) + "；" + zh);
  }
}

std::string ObjectReader::path(std::string_view key) const {
  return where_.empty() ? std::string(key) : where_ + "." + std::string(key);
}

std::uint32_t ObjectReader::line_of(std::string_view key) const {
  const auto* value = object_.find(key);
  return value == nullptr ? object_.line() : value->line();
}

void ObjectReader::report(std::uint32_t line, std::string en, std::string zh) {
  problems_.push_back({std::string(file_), line, std::move(en), std::move(zh)});
}

const Json* ObjectReader::find(std::string_view key, bool required) {
  const auto* value = object_.find(key);
  if (value == nullptr && required) {
    report(object_.line(), quoted(path(key)) + " is missing", "缺少 " + quoted(path(key)));
  }
  return value;
}

const Json* ObjectReader::member(std::string_view key, Json::Kind kind, bool required) {
  const auto* value = find(key, required);
  if (value == nullptr || value->is(kind)) return value;
  report(value->line(),
         quoted(path(key)) + " is " + std::string(kind_en(value->kind())) + "; it must be " +
             std::string(kind_en(kind)),
         quoted(path(key)) + " 是" + std::string(kind_zh(value->kind())) + "；应为" +
             std::string(kind_zh(kind)));
  return nullptr;
}

std::optional<std::string> ObjectReader::text(std::string_view key, std::size_t most_bytes, bool required) {
  const auto* value = member(key, Json::Kind::text, required);
  if (value == nullptr) return std::nullopt;
  const auto limit = std::to_string(most_bytes);
  if (value->text().empty() || value->text().size() > most_bytes) {
    report(value->line(), quoted(path(key)) + " must be 1 to " + limit + " bytes long",
           quoted(path(key)) + " 的长度应为 1 至 " + limit + " 字节");
    return std::nullopt;
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::any_of(value->text().begin(), value->text().end(), is_control)) {
    report(value->line(), quoted(path(key)) + " contains a control character; write plain text",
           quoted(path(key)) + " 含控制字符；请写普通文字");
    return std::nullopt;
  }
  return value->text();
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key, IntegerRange range, bool required) {
  const auto* value = member(key, Json::Kind::integer, required);
  if (value == nullptr) return std::nullopt;
  if (value->integer() >= range.least && value->integer() <= range.most) return value->integer();
  const auto is = std::to_string(value->integer());
  const auto least = std::to_string(range.least);
  const auto most = std::to_string(range.most);
  report(value->line(), quoted(path(key)) + " is " + is + "; it must be " + least + " to " + most,
         quoted(path(key)) + " 是 " + is + "；应为 " + least + " 至 " + most);
  return std::nullopt;
}

std::optional<std::size_t> ObjectReader::one_of(std::string_view key, std::span<const std::string_view> words,
                                                bool required) {
  const auto* value = member(key, Json::Kind::text, required);
  if (value == nullptr) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), value->text());
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  report(value->line(), quoted(path(key)) + " is " + quoted(value->text()) + "; it must be " + list_en(words),
         quoted(path(key)) + " 是 " + quoted(value->text()) + "；应为 " + list_zh(words));
  return std::nullopt;
}

std::optional<std::string> ObjectReader::required_text(std::string_view key, std::size_t most_bytes) {
  return text(key, most_bytes, true);
}
std::optional<std::string> ObjectReader::optional_text(std::string_view key, std::size_t most_bytes) {
  return text(key, most_bytes, false);
}
std::optional<std::int64_t> ObjectReader::required_integer(std::string_view key, IntegerRange range) {
  return integer(key, range, true);
}
std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view key, IntegerRange range) {
  return integer(key, range, false);
}
std::optional<bool> ObjectReader::optional_boolean(std::string_view key) {
  const auto* value = member(key, Json::Kind::boolean, false);
  return value == nullptr ? std::nullopt : std::optional(value->boolean());
}
std::optional<std::size_t> ObjectReader::required_word(std::string_view key,
                                                       std::span<const std::string_view> words) {
  return one_of(key, words, true);
}
std::optional<std::size_t> ObjectReader::optional_word(std::string_view key,
                                                       std::span<const std::string_view> words) {
  return one_of(key, words, false);
}

std::optional<std::string> ObjectReader::required_name(std::string_view key) {
  const auto* value = member(key, Json::Kind::text, true);
  if (value == nullptr) return std::nullopt;
  if (is_name(value->text())) return value->text();
  report(value->line(),
         quoted(path(key)) + " is " + quoted(value->text()) + "; a name is 1 to 32 of a-z, 0-9 and \"-\"",
         quoted(path(key)) + " 是 " + quoted(value->text()) + "；名称应为 1 至 32 个 a-z、0-9 或 \"-\"");
  return std::nullopt;
}

}  // namespace steward
