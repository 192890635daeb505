#include "contract/wire/json_fields.hpp"

#include <algorithm>

#include "contract/text/hex_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"

namespace steward {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

struct Named {
  std::string_view en;
  std::string_view zh;
};
Named name_of(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null: return {"null", "null"};
    case Json::Kind::boolean: return {"true or false", "true 或 false"};
    case Json::Kind::integer: return {"a whole number", "整数"};
    case Json::Kind::text: return {"a text", "文字"};
    case Json::Kind::array: return {"a list", "列表"};
    case Json::Kind::object: return {"an object", "对象"};
  }
  return {"something", "某值"};
}

std::string joined(std::initializer_list<std::string_view> words, std::string_view separator) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : std::string(separator)) + std::string(word);
  return out;
}

const Json& empty_of(Json::Kind kind) {
  static const Json array = Json::array();
  static const Json object = Json::object();
  return kind == Json::Kind::array ? array : object;
}

}  // namespace

JsonFields::JsonFields(std::string_view file, std::string where, const Json& object,
                       std::initializer_list<std::string_view> keys, Problems& problems)
    : file_(file), where_(std::move(where)), object_(object), problems_(problems) {
  if (!object.is(Json::Kind::object)) {
    report(object.line(), (where_.empty() ? "the message" : where_) + " must be an object",
           (where_.empty() ? "消息" : where_) + " 应为对象");
    return;
  }
  for (const auto& [key, value] : object.members()) {
    if (std::ranges::find(keys, std::string_view(key)) != keys.end()) continue;
    const std::string shown = path(std::string_view(key).substr(0, wire_limit::name_bytes));
    report(value.line(), "unknown key " + quoted(shown) + "; known here: " + joined(keys, ", "),
           "未知的键 " + quoted(shown) + "；此处可用：" + joined(keys, "、"));
  }
}

std::string JsonFields::path(std::string_view key) const {
  return where_.empty() ? std::string(key) : where_ + "." + std::string(key);
}

std::uint32_t JsonFields::line_of(std::string_view key) const {
  const Json* value = object_.find(key);
  return value == nullptr ? object_.line() : value->line();
}

void JsonFields::report(std::uint32_t line, std::string en, std::string zh) {
  if (problems_.size() >= wire_limit::config_problems) return;
  problems_.push_back({std::string(file_), line, std::move(en), std::move(zh)});
}

void JsonFields::report_at(const Json& value, std::string_view key, const std::string& en,
                           const std::string& zh) {
  report(value.line(), quoted(path(key)) + " must be " + en, quoted(path(key)) + " 应为" + zh);
}

const Json* JsonFields::find(std::string_view key, Json::Kind kind) {
  if (!object_.is(Json::Kind::object)) return nullptr;  // reported once, by the constructor
  const Json* value = object_.find(key);
  if (value == nullptr) {
    report(object_.line(), quoted(path(key)) + " is missing", "缺少 " + quoted(path(key)));
    return nullptr;
  }
  if (value->is(kind)) return value;
  report_at(*value, key, std::string(name_of(kind).en), std::string(name_of(kind).zh));
  return nullptr;
}

std::string JsonFields::text(std::string_view key, std::size_t least, std::size_t most) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return {};
  if (is_plain_text(value->text(), least, most)) return value->text();
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  const std::string range_zh = std::to_string(least) + " 至 " + std::to_string(most);
  report_at(*value, key, range + " bytes of text without control characters",
            " " + range_zh + " 字节且不含控制字符的文字");
  return {};
}

std::int64_t JsonFields::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const Json* value = find(key, Json::Kind::integer);
  if (value == nullptr) return least;
  if (value->integer() >= least && value->integer() <= most) return value->integer();
  report_at(*value, key, std::to_string(least) + " to " + std::to_string(most),
            " " + std::to_string(least) + " 至 " + std::to_string(most));
  return least;
}

bool JsonFields::boolean(std::string_view key) {
  const Json* value = find(key, Json::Kind::boolean);
  return value != nullptr && value->boolean();
}

Bytes JsonFields::hex(std::string_view key, std::size_t bytes) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return Bytes(bytes);
  auto read = from_hex(value->text());
  if (read && read->size() == bytes && steward::hex(*read) == value->text()) return std::move(*read);
  report_at(*value, key, std::to_string(2 * bytes) + " hex digits in lower case",
            " " + std::to_string(2 * bytes) + " 位小写十六进制数字");
  return Bytes(bytes);
}

std::string JsonFields::pem(std::string_view key) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return {};
  const auto& text = value->text();
  const auto fits = [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); };
  if (text.starts_with("-----BEGIN ") && text.size() <= wire_limit::pem_bytes &&
      std::ranges::all_of(text, fits)) {
    return text;
  }
  report_at(*value, key, "PEM of at most " + std::to_string(wire_limit::pem_bytes) + " bytes",
            "至多 " + std::to_string(wire_limit::pem_bytes) + " 字节的 PEM");
  return {};
}

Uuid JsonFields::uuid(std::string_view key) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return {};
  auto uuid = uuid_from(value->text());
  if (uuid) return *uuid;
  report_at(*value, key, "a UUID in lower case", "小写 UUID");
  return {};
}

std::size_t JsonFields::word(std::string_view key, std::initializer_list<std::string_view> words) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return 0;
  const auto found = std::ranges::find(words, std::string_view(value->text()));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  report_at(*value, key, "one of " + joined(words, ", "), "以下之一：" + joined(words, "、"));
  return 0;
}

std::string JsonFields::code(std::string_view key) {
  const Json* value = find(key, Json::Kind::text);
  if (value == nullptr) return {};
  if (is_code(value->text())) return value->text();
  report_at(*value, key, "1 to 32 of a-z, 0-9 and -", " 1 至 32 个 a-z、0-9 或 -");
  return {};
}

const Json& JsonFields::array(std::string_view key, std::size_t most) {
  const Json* value = find(key, Json::Kind::array);
  if (value == nullptr) return empty_of(Json::Kind::array);
  if (value->items().size() <= most) return *value;
  report_at(*value, key, "a list of at most " + std::to_string(most),
            "至多 " + std::to_string(most) + " 项的列表");
  return empty_of(Json::Kind::array);
}

const Json& JsonFields::object(std::string_view key) {
  const Json* value = find(key, Json::Kind::object);
  return value == nullptr ? empty_of(Json::Kind::object) : *value;
}

Result<Json> parse_message(std::string_view file, std::string_view text, const JsonLimits& limits,
                           Problems& problems) {
  auto parsed = Json::parse(text, limits);
  if (!parsed) {
    problems.push_back(
        {std::string(file), 0, parsed.error().message, "不是可读的 JSON：" + parsed.error().message});
    return parsed;
  }
  const Json* schema = parsed->is(Json::Kind::object) ? parsed->find("schema") : nullptr;
  if (schema == nullptr || *schema != Json(1)) {
    problems.push_back({std::string(file), parsed->line(),
                        "not an object with \"schema\": 1, the only version known here",
                        "不是带有 \"schema\": 1 的对象；本程序只认识版本 1"});
    return first_of(problems);
  }
  return parsed;
}

Error first_of(const Problems& problems) {
  if (problems.empty()) return {Fault::malformed, "nothing wrong"};
  const Problem& first = problems.front();
  const std::string line = first.line == 0 ? "" : "line " + std::to_string(first.line) + ": ";
  return {Fault::malformed, line + first.en};
}

}  // namespace steward
