#include "drivers/decode/profile_fields.hpp"

#include <algorithm>
#include <charconv>

namespace steward {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

/// Each word once, in the order of the first.
std::string list_of(std::initializer_list<std::string_view> words) {
  std::string list;
  for (const auto* word = words.begin(); word != words.end(); ++word) {
    if (std::find(words.begin(), word, *word) == word)
      list += (list.empty() ? "" : ", ") + std::string(*word);
  }
  return list;
}

std::optional<std::uint64_t> from_hex(std::string_view text) {
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data() + 2, end, value, 16);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

void ProfileFields::problem(std::uint32_t line, Sentence what, Sentence why) {
  problems_.push_back({file_, line, what.en.empty() ? why.en : what.en + ": " + why.en,
                       what.zh.empty() ? why.zh : what.zh + "：" + why.zh});
}

void ProfileFields::wrong(std::uint32_t line, const Sentence& what, std::string_view key, Sentence right) {
  problem(line, what, {quoted(key) + " must be " + right.en, quoted(key) + " 应为" + right.zh});
}

const Json* ProfileFields::need(const Json& object, const Sentence& what, std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr) problem(object.line(), what, {quoted(key) + " is missing", "缺少 " + quoted(key)});
  return found;
}

bool ProfileFields::object(const Json& value, const Sentence& what,
                           std::initializer_list<std::string_view> known) {
  if (!value.is(Json::Kind::object)) {
    problem(value.line(), what, {"must be an object { ... }", "应为对象 { ... }"});
    return false;
  }
  for (const auto& [key, member] : value.members()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problem(member.line(), what,
            {"unknown key " + quoted(key) + "; known are " + list_of(known),
             "未知的键 " + quoted(key) + "；可用的键：" + list_of(known)});
  }
  return true;
}

std::optional<std::int64_t> ProfileFields::integer(const Json& object, const Sentence& what,
                                                   std::string_view key, std::int64_t low,
                                                   std::int64_t high) {
  const Json* found = object.find(key);
  if (found == nullptr) return std::nullopt;
  if (found->is(Json::Kind::integer) && found->integer() >= low && found->integer() <= high)
    return found->integer();
  const std::string range = std::to_string(low) + ".." + std::to_string(high);
  wrong(found->line(), what, key, {"a whole number " + range, "整数 " + range});
  return std::nullopt;
}

std::optional<std::int64_t> ProfileFields::need_integer(const Json& object, const Sentence& what,
                                                        std::string_view key, std::int64_t low,
                                                        std::int64_t high) {
  return need(object, what, key) == nullptr ? std::nullopt : integer(object, what, key, low, high);
}

std::optional<std::string> ProfileFields::text(const Json& object, const Sentence& what,
                                               std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr) return std::nullopt;
  if (found->is(Json::Kind::text) && !found->text().empty() && found->text().size() <= 1024)
    return found->text();
  wrong(found->line(), what, key, {"a text of 1 to 1024 bytes", " 1 至 1024 字节的文本"});
  return std::nullopt;
}

std::optional<std::string> ProfileFields::need_text(const Json& object, const Sentence& what,
                                                    std::string_view key) {
  return need(object, what, key) == nullptr ? std::nullopt : text(object, what, key);
}

std::optional<bool> ProfileFields::boolean(const Json& object, const Sentence& what, std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr) return std::nullopt;
  if (found->is(Json::Kind::boolean)) return found->boolean();
  wrong(found->line(), what, key, {"true or false", " true 或 false"});
  return std::nullopt;
}

const Json* ProfileFields::array(const Json& object, const Sentence& what, std::string_view key,
                                 std::size_t most) {
  const Json* found = object.find(key);
  if (found == nullptr) return nullptr;
  if (found->is(Json::Kind::array) && found->items().size() <= most) return found;
  const std::string limit = std::to_string(most);
  wrong(found->line(), what, key, {"a list of at most " + limit + " items", "至多 " + limit + " 项的列表"});
  return nullptr;
}

std::optional<std::size_t> ProfileFields::choice(const Json& object, const Sentence& what,
                                                 std::string_view key,
                                                 std::initializer_list<std::string_view> words) {
  const Json* found = object.find(key);
  if (found == nullptr) return std::nullopt;
  if (found->is(Json::Kind::text)) {
    const auto* at = std::find(words.begin(), words.end(), found->text());
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  }
  wrong(found->line(), what, key, {"one of " + list_of(words), "以下之一：" + list_of(words)});
  return std::nullopt;
}

std::optional<std::uint64_t> ProfileFields::number(const Json& value, const Sentence& what,
                                                   std::string_view key, std::uint64_t high) {
  std::optional<std::uint64_t> number;
  if (value.is(Json::Kind::integer) && value.integer() >= 0)
    number = static_cast<std::uint64_t>(value.integer());
  if (value.is(Json::Kind::text)) number = from_hex(value.text());
  if (number && *number <= high) return number;
  const std::string limit = std::to_string(high);
  wrong(value.line(), what, key,
        {"a number 0.." + limit + " or its hex text like \"0x0156\"",
         "数字 0.." + limit + " 或十六进制文本，如 \"0x0156\""});
  return std::nullopt;
}

std::optional<std::uint64_t> ProfileFields::need_number(const Json& object, const Sentence& what,
                                                        std::string_view key, std::uint64_t high) {
  const Json* found = need(object, what, key);
  return found == nullptr ? std::nullopt : number(*found, what, key, high);
}

}  // namespace steward
