// Reads profiles (docs/formats/profile.md): first the fields, then what they
// must agree on, then the captures, which are the profile's own tests.
#include <algorithm>
#include <limits>
#include <map>

#include "drivers/decode/capture_check.hpp"
#include "drivers/decode/channel_reader.hpp"
#include "drivers/decode/cut.hpp"
#include "drivers/decode/device_reader.hpp"
#include "drivers/decode/item_reader.hpp"
#include "drivers/decode/profile.hpp"
#include "drivers/decode/profile_fields.hpp"

namespace steward {
namespace {

constexpr std::int64_t most_value = std::numeric_limits<std::int64_t>::max();

class ProfileReader {
 public:
  ProfileReader(std::string_view file, Problems& problems) : fields_(file, problems) {}

  std::optional<Profile> read(const Json& root, const Digest& hash) {
    const std::size_t before = fields_.count();
    const Sentence what{"profile", "表型文件"};
    if (!fields_.object(root, what,
                        {"$schema", "profile", "title", "source", "protocol", "bus", "address_base", "items",
                         "variant", "clock", "frozen", "channels", "captures"}))
      return std::nullopt;
    profile_.hash = hash;
    read_head(root, what);
    base_ = fields_.integer(root, what, "address_base", 0, 1).value_or(0);
    read_items(fields_, root, profile_);
    read_bus(fields_, root, base_, profile_);
    read_channels(root, what);
    read_device(fields_, root, base_, profile_);
    check_channels();
    read_captures(root, what);
    if (fields_.count() != before) return std::nullopt;
    check_captures(profile_, capture_lines_, fields_);
    if (fields_.count() != before) return std::nullopt;
    return std::move(profile_);
  }

 private:
  void read_head(const Json& root, const Sentence& what) {
    fields_.text(root, what, "$schema");  // for editors
    profile_.source = fields_.need_text(root, what, "source").value_or("");
    const std::string id = fields_.need_text(root, what, "profile").value_or("");
    const auto slash = id.find('/');
    const bool named = slash != std::string::npos && plain_name(std::string_view(id).substr(0, slash), "-") &&
                       slash + 1 < id.size() && id.size() - slash <= 4 &&
                       id.find_first_not_of("0123456789", slash + 1) == std::string::npos;
    if (!id.empty() && !named)
      fields_.problem(root.find("profile")->line(), what,
                      {"\"profile\" must be NAME/VERSION like \"eastron-sdm630/1\" (a-z 0-9 -)",
                       "\"profile\" 应为 名称/版本，如 \"eastron-sdm630/1\"（a-z 0-9 -）"});
    profile_.id = ProfileId(id);
    const Json none = Json::object();
    const Json* title = root.find("title");
    const Sentence in_title{"title", "名称"};
    if (title == nullptr) title = &none;
    if (!fields_.object(*title, in_title, {"en", "zh"})) return;
    profile_.title_en = fields_.need_text(*title, in_title, "en").value_or("");
    profile_.title_zh = fields_.need_text(*title, in_title, "zh").value_or("");
  }

  void read_channels(const Json& root, const Sentence& what) {
    const Json* channels = fields_.array(root, what, "channels", max_profile_channels);
    if (channels == nullptr || channels->items().empty()) {
      if (root.find("channels") == nullptr || channels != nullptr)
        fields_.problem(root.line(), what,
                        {"\"channels\" must list at least one", "\"channels\" 至少要有一个通道"});
      return;
    }
    for (const Json& item : channels->items()) {
      profile_.channels.push_back(read_channel(fields_, item, profile_, base_));
      channel_lines_.push_back(item.line());
    }
  }

  /// What only shows when all channels are known.
  void check_channels() {
    std::map<std::string, std::size_t> seen;
    std::map<std::string, RegisterSpan> groups;
    for (std::size_t at = 0; at < profile_.channels.size(); ++at) {
      const ProfileChannel& channel = profile_.channels[at];
      const auto line = channel_lines_[at];
      if (!channel.name.empty() && !seen.emplace(channel.name, at).second)
        fields_.problem(line, called(channel.name), {"stands twice", "重复出现"});
      for (const auto& name : channel.times) {
        const ProfileChannel* ratio = profile_.channel(name);
        if (ratio == nullptr || ratio->unit != ChannelUnit::ratio)
          fields_.problem(line, called(channel.name),
                          {"\"times\" names \"" + name + "\", which is no channel of unit ratio",
                           "\"times\" 中的 \"" + name + "\" 不是单位为 ratio 的通道"});
      }
      if (channel.span.count == 0) continue;  // its place is a problem already
      RegisterSpan span = channel.span;
      if (span.is_item()) {
        const auto [known, fresh] = groups.emplace(channel.group, span);
        if (!channel.group.empty() && !fresh && known->second.item() != span.item())
          fields_.problem(line, called(channel.name),
                          {"a group cannot span two items: they are of two instants",
                           "同一组不能跨两个数据项：它们不是同一时刻的数据"});
        continue;
      }
      if (!channel.group.empty()) {
        const auto [known, fresh] = groups.emplace(channel.group, span);
        if (!fresh && known->second.kind != span.kind) {
          fields_.problem(
              line, called(channel.name),
              {"a group cannot mix holding and input registers", "同一组不能混用 holding 与 input"});
          continue;
        }
        const auto first = std::min(known->second.first, span.first);
        const auto end = std::max(known->second.end(), span.end());
        span = {span.kind, first, static_cast<std::uint16_t>(std::min<std::uint32_t>(end - first, 0xFFFF))};
        known->second = span;
      }
      check_readable(channel, span, line);
    }
  }

  void check_readable(const ProfileChannel& channel, const RegisterSpan& span, std::uint32_t line) {
    if (span.count > profile_.bus.max_span) {
      const auto limit = std::to_string(profile_.bus.max_span);
      fields_.problem(line, called(channel.name),
                      {"does not fit one request of " + limit + " registers with its group",
                       "与同组通道放不进一次 " + limit + " 个寄存器的读取"});
    }
    for (const RegisterSpan& bad : profile_.bus.forbidden)
      if (bad.kind == span.kind && bad.first < span.end() && span.first < bad.end())
        fields_.problem(
            line, called(channel.name),
            {"lies on, or with its group across, forbidden registers", "本身或所在组跨越了禁读寄存器"});
  }

  void read_captures(const Json& root, const Sentence& what) {
    const Json* captures = fields_.array(root, what, "captures", max_profile_captures);
    if (root.find("captures") == nullptr || (captures != nullptr && captures->items().empty()))
      fields_.problem(root.line(), what,
                      {"\"captures\" must hold at least one: registers seen and what they mean",
                       "\"captures\" 至少要有一条：见过的寄存器及其含义"});
    if (captures == nullptr) return;
    for (const Json& item : captures->items()) {
      const auto number = std::to_string(profile_.captures.size() + 1);
      read_capture(item, {"capture " + number, "第 " + number + " 条报文"});
    }
  }

  void read_capture(const Json& item, const Sentence& what) {
    if (!fields_.object(
            item, what,
            {"note", "guess", "kind", "first", "words", "item", "bytes", "serial", "clock", "expect"}))
      return;
    Capture capture;
    capture.note = fields_.need_text(item, what, "note").value_or("");
    capture.guess = fields_.boolean(item, what, "guess").value_or(false);
    if (profile_.protocol != Protocol::modbus) {
      refuse_keys(fields_, item, what, {"kind", "first", "words", "serial"}, profile_.protocol);
      if (read_item_bytes(item, what, capture)) keep_capture(item, what, std::move(capture));
      return;
    }
    refuse_keys(fields_, item, what, {"item", "bytes"}, profile_.protocol);
    const Json* words = fields_.array(item, what, "words", max_span_words);
    if (words == nullptr || words->items().empty()) {
      fields_.problem(item.line(), what, {"\"words\" must list the registers", "\"words\" 应列出寄存器"});
      return;
    }
    for (const Json& one : words->items())
      capture.words.push_back(
          static_cast<std::uint16_t>(fields_.number(one, what, "words", 0xFFFF).value_or(0)));
    const auto count = static_cast<std::int64_t>(capture.words.size());
    if (item.find("first") == nullptr && item.find("kind") == nullptr && !profile_.channels.empty()) {
      capture.span = profile_.channels.front().span;  // a profile of one channel need not repeat itself
      capture.span.count = static_cast<std::uint16_t>(count);
    } else if (const auto span = read_span(fields_, item, what, base_, count)) {
      capture.span = *span;
    }
    capture.serial = fields_.text(item, what, "serial").value_or("");
    keep_capture(item, what, std::move(capture));
  }

  void keep_capture(const Json& item, const Sentence& what, Capture capture) {
    capture.clock = fields_.text(item, what, "clock").value_or("");
    read_expectations(item, what, capture);
    profile_.captures.push_back(std::move(capture));
    capture_lines_.push_back(item.line());
  }

  /// The data of one item, as a trace shows them: identifier and SER taken off.
  bool read_item_bytes(const Json& item, const Sentence& what, Capture& capture) {
    const auto span = read_whole(fields_, item, what, "item", profile_);
    const auto text = fields_.need_text(item, what, "bytes");
    if (!span || !text) return false;
    const auto bytes = hex_bytes(*text);
    if (!bytes || bytes->size() != span->count) {
      const auto length = std::to_string(span->count);
      fields_.problem(item.line(), what,
                      {"\"bytes\" must be the " + length + " bytes of the item, in hex: \"10 00 2C\"",
                       "\"bytes\" 应为该数据项的 " + length + " 个十六进制字节，如 \"10 00 2C\""});
      return false;
    }
    capture.span = *span;
    capture.words = paired(*bytes);
    return true;
  }

  void read_expectations(const Json& item, const Sentence& what, Capture& capture) {
    const Json* expect = item.find("expect");
    if (expect == nullptr && (!capture.serial.empty() || !capture.clock.empty())) return;
    if (expect == nullptr || !expect->is(Json::Kind::object) || expect->members().empty()) {
      fields_.problem(
          item.line(), what,
          {"\"expect\" must say what at least one channel reads", "\"expect\" 至少要写明一个通道的值"});
      return;
    }
    for (const auto& [name, value] : expect->members()) {
      const ProfileChannel* channel = profile_.channel(name);
      if (channel == nullptr) {
        fields_.problem(value.line(), what,
                        {"\"expect\" names \"" + name + "\", which is no channel",
                         "\"expect\" 中的 \"" + name + "\" 不是通道"});
        continue;
      }
      Expectation expectation{channel->no, 0, Quality::good, Reason::none};
      if (value.is(Json::Kind::integer)) {
        expectation.value = value.integer();
      } else if (fields_.object(value, what, {"value", "quality", "reason"})) {
        expectation.value = fields_.integer(value, what, "value", -most_value, most_value).value_or(0);
        const auto quality = fields_.choice(value, what, "quality", {"good", "suspect", "invalid"});
        constexpr Quality qualities[] = {Quality::good, Quality::suspect, Quality::invalid};
        expectation.quality = qualities[quality.value_or(0)];
        const auto reason =
            fields_.choice(value, what, "reason", {"none", "out_of_range", "sentinel", "unit"});
        constexpr Reason reasons[] = {Reason::none, Reason::out_of_range, Reason::sentinel, Reason::unit};
        expectation.reason = reasons[reason.value_or(0)];
      }
      capture.expect.push_back(expectation);
    }
  }

  ProfileFields fields_;
  Profile profile_;
  std::int64_t base_ = 0;
  std::vector<std::uint32_t> channel_lines_;
  std::vector<std::uint32_t> capture_lines_;
};

}  // namespace

std::optional<Profile> read_profile(std::string_view file, std::string_view text, const Digest& hash,
                                    Problems& problems) {
  const JsonLimits limits{.bytes = max_profile_bytes, .depth = 8, .nodes = 10'000, .comments = true};
  const auto root = Json::parse(text, limits);
  if (!root) {
    ProfileFields(file, problems)
        .problem(0, {}, {"not a profile: " + root.error().message, "不是表型文件：" + root.error().message});
    return std::nullopt;
  }
  const auto before = static_cast<std::ptrdiff_t>(problems.size());
  auto profile = ProfileReader(file, problems).read(*root, hash);
  std::stable_sort(problems.begin() + before, problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return profile;
}

}  // namespace steward
