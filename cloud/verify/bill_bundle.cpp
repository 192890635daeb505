#include "cloud/verify/bill_bundle.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "cloud/metering/estate_csv.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/text/json.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {
namespace {

enum class Section : std::uint8_t { end = 0, bill = 1, record = 2, file = 3, closing = 4 };

constexpr std::size_t head_bytes = 5;                                     // kind and length
constexpr std::size_t end_bytes = sizeof(PublicKey) + sizeof(Signature);  // 96

void put_section(std::string& out, Section kind, std::string_view bytes) {
  out += static_cast<char>(kind);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(bytes.size() >> shift & 0xFFU);
  out += bytes;
}

/// What is neither a file nor signed by a gateway, as canonical JSON.
Json record_json(const BillBundle& bundle) {
  auto keys = Json::array();
  for (const auto& [gateway, key] : bundle.keys)
    keys.push(Json::object().set("gateway", gateway.text).set("key", hex(key)));
  auto events = Json::array();
  for (const auto& event : bundle.events) {
    auto one = Json::object();
    one.set("at_ms", ms_of(event.said.at)).set("kind", event.said.kind).set("meter", event.said.subject);
    one.set("detail", event.said.detail);
    one.set("verdict", event.verdict ? Json(*event.verdict) : Json());
    events.push(std::move(one));
  }
  auto falls = Json::array();
  for (const auto& fall : bundle.falls) {
    auto one = Json::object();
    one.set("meter", fall.meter.text).set("channel", fall.channel).set("at_ms", ms_of(fall.at));
    falls.push(std::move(one));
  }
  auto judged = Json::array();
  for (std::size_t place = 0; place < bundle.closings.size(); ++place) {
    const auto& closing = bundle.closings[place];
    if (!closing.settled && !closing.taken_back) continue;
    auto one = Json::object();
    one.set("closing", static_cast<std::int64_t>(place));
    if (closing.settled) {
      one.set("at_ms", ms_of(closing.settled->first));
      one.set("quality", static_cast<std::int64_t>(closing.settled->second));
    }
    if (closing.taken_back)
      one.set("taken_back", closing.taken_back->kind).set("since_ms", ms_of(closing.taken_back->since));
    judged.push(std::move(one));
  }
  auto json = Json::object();
  json.set("month", text_of(bundle.month)).set("inputs", hex(bundle.inputs));
  json.set("keys", std::move(keys)).set("events", std::move(events)).set("falls", std::move(falls));
  json.set("settled", bundle.settled).set("judged", std::move(judged));
  return json;
}

/// Reads record_json back. What is not there or of another kind reads as nothing; the caller then finds
/// that the record written again is not the record that came.
struct RecordReader {
  static std::string text(const Json& json, std::string_view key) {
    const auto* found = json.is(Json::Kind::object) ? json.find(key) : nullptr;
    return found != nullptr && found->is(Json::Kind::text) ? found->text() : std::string();
  }
  static std::optional<std::int64_t> number(const Json& json, std::string_view key) {
    const auto* found = json.is(Json::Kind::object) ? json.find(key) : nullptr;
    if (found == nullptr || !found->is(Json::Kind::integer)) return std::nullopt;
    return found->integer();
  }
  static Instant instant(const Json& json, std::string_view key) {
    constexpr std::int64_t most = 253'402'300'799'999;  // the end of year 9999
    return instant_from_ms(std::clamp<std::int64_t>(number(json, key).value_or(0), 0, most));
  }
  static const std::vector<Json>& items(const Json& json, std::string_view key) {
    static const std::vector<Json> none;
    const auto* found = json.is(Json::Kind::object) ? json.find(key) : nullptr;
    return found != nullptr && found->is(Json::Kind::array) ? found->items() : none;
  }
  template <class Array>
  static Array octets(const Json& json, std::string_view key) {
    Array out{};
    if (const auto bytes = from_hex(text(json, key)); bytes && bytes->size() == out.size())
      std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
  }

  static void read(const Json& json, BillBundle& bundle) {
    bundle.month = read_month(text(json, "month")).value_or(Month{});
    bundle.inputs = octets<Digest>(json, "inputs");
    bundle.settled = text(json, "settled");
    for (const auto& one : items(json, "keys"))
      bundle.keys.emplace_back(GatewayId{text(one, "gateway")}, octets<PublicKey>(one, "key"));
    for (const auto& one : items(json, "events")) {
      LifeEvent event{static_cast<std::int64_t>(bundle.events.size()) + 1,
                      {instant(one, "at_ms"), text(one, "kind"), text(one, "meter"), text(one, "detail")},
                      std::nullopt};
      const auto* verdict = one.is(Json::Kind::object) ? one.find("verdict") : nullptr;
      if (verdict != nullptr && verdict->is(Json::Kind::boolean)) event.verdict = verdict->boolean();
      bundle.events.push_back(std::move(event));
    }
    for (const auto& one : items(json, "falls"))
      bundle.falls.push_back({MeterId{text(one, "meter")}, text(one, "channel"), instant(one, "at_ms")});
  }

  /// Behind the closings, whose places it names.
  static void judge(const Json& json, std::vector<BundledClosing>& closings) {
    for (const auto& one : items(json, "judged")) {
      const auto place = number(one, "closing").value_or(-1);
      if (place < 0 || static_cast<std::uint64_t>(place) >= closings.size()) continue;
      auto& closing = closings[static_cast<std::size_t>(place)];
      const auto quality = number(one, "quality");
      if (quality && *quality >= 0 && *quality <= static_cast<std::int64_t>(Quality::invalid))
        closing.settled = {instant(one, "at_ms"), static_cast<Quality>(*quality)};
      if (const auto kind = text(one, "taken_back"); !kind.empty())
        closing.taken_back = {kind, instant(one, "since_ms"), "as the cloud says"};
    }
  }
};

struct SectionReader {
  std::string_view bytes;
  std::size_t at = bill_bundle_magic.size();

  Error wrong(const std::string& what) const {
    return {Fault::malformed, "byte " + std::to_string(at) + ": " + what + "; ask for the bundle again"};
  }
  /// The next section; its kind is 0 at the end, where the issuer's key and signature follow.
  Result<std::pair<Section, std::string_view>> next() {
    if (bytes.size() - at < head_bytes) return wrong("the file is cut off");
    const auto kind = static_cast<std::uint8_t>(bytes[at]);
    std::size_t length = 0;
    for (std::size_t i = 1; i < head_bytes; ++i)
      length = length << 8U | static_cast<std::uint8_t>(bytes[at + i]);
    if (kind > static_cast<std::uint8_t>(Section::closing)) return wrong("no section is of this kind");
    if (length > max_section_bytes) return wrong("no section is so long");
    if (bytes.size() - at - head_bytes < length) return wrong("the file is cut off");
    const auto content = bytes.substr(at + head_bytes, length);
    at += head_bytes + length;
    return std::pair{static_cast<Section>(kind), content};
  }
};

/// "units.csv", a zero byte, the text.
bool take_file(std::string_view content, EstateFiles& files) {
  const auto zero = content.find('\0');
  if (zero == std::string_view::npos || files.size() >= std::size(estate_file_names)) return false;
  const auto name = std::string(content.substr(0, zero));
  if (!files.empty() && files.rbegin()->first >= name) return false;
  files.emplace(name, std::string(content.substr(zero + 1)));
  return true;
}

bool read_end(std::string_view bytes, std::string_view content, OpenedBundle& opened) {
  if (content.size() != end_bytes) return false;
  Signature signature{};
  const auto octets = bytes_of(content);
  std::copy_n(octets.begin(), opened.issuer.size(), opened.issuer.begin());
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(opened.issuer.size()), signature.size(),
              signature.begin());
  const auto signed_part = bytes.substr(0, bytes.size() - signature.size());
  opened.sealed = VerifyingKey(opened.issuer).verify(bytes_of(signed_part), signature);
  return true;
}

}  // namespace

Result<std::string> write_bundle(const BillBundle& bundle, const Signer& issuer) {
  std::string out(bill_bundle_magic);
  const auto record = record_json(bundle).dump();
  bool fits = bundle.bill.size() <= max_section_bytes && record.size() <= max_section_bytes &&
              bundle.closings.size() <= max_bundled_closings;
  put_section(out, Section::bill, bundle.bill);
  put_section(out, Section::record, record);
  for (const auto& [name, text] : bundle.files) {
    fits = fits && name.size() + 1 + text.size() <= max_section_bytes;
    put_section(out, Section::file, name + '\0' + text);
  }
  for (const auto& closing : bundle.closings)
    put_section(out, Section::closing, chars_of(ByteView(closing.sealed)));
  if (!fits || out.size() > max_bundle_bytes - head_bytes - end_bytes)
    return Error{Fault::full, "the estate is too large for one bundle"};
  const auto key = issuer.public_key();
  out += std::string("\0\0\0\0", 4) + static_cast<char>(end_bytes);
  out += chars_of(ByteView(key));
  const auto signature = issuer.sign(bytes_of(out));
  out += chars_of(ByteView(signature));
  return out;
}

Result<OpenedBundle> read_bundle(std::string_view bytes) {
  if (!bytes.starts_with(bill_bundle_magic))
    return Error{Fault::refused, "is not a bundle of a bill of this version"};
  OpenedBundle opened;
  auto& bundle = opened.bundle;
  SectionReader reader{bytes};
  std::string_view record;
  auto before = Section::end;
  for (;;) {
    auto next = reader.next();
    if (!next) return std::move(next.error());
    const auto& [kind, content] = *next;
    if (kind == Section::end) {
      if (reader.at != bytes.size()) return reader.wrong("there are bytes behind the end");
      if (before < Section::record || !read_end(bytes, content, opened))
        return reader.wrong("the end is not as it must be");
      break;
    }
    const bool once = kind == Section::bill || kind == Section::record;
    if (kind < before || (once && static_cast<int>(kind) != static_cast<int>(before) + 1) ||
        (before < Section::record && !once))
      return reader.wrong("a section is out of its order");
    before = kind;
    if (kind == Section::bill) bundle.bill = content;
    if (kind == Section::record) record = content;
    if (kind == Section::file && !take_file(content, bundle.files))
      return reader.wrong("a file is out of its order, or has no name");
    if (kind == Section::closing) {
      if (bundle.closings.size() >= max_bundled_closings) return reader.wrong("too many closing records");
      const auto octets = bytes_of(content);
      bundle.closings.push_back({Bytes(octets.begin(), octets.end()), {}, {}});
    }
  }
  const JsonLimits limits{.bytes = max_section_bytes, .nodes = 8'000'000};
  const auto json = Json::parse(record, limits);
  if (!json) return Error{Fault::malformed, "its record: " + json.error().message};
  RecordReader::read(*json, bundle);
  RecordReader::judge(*json, bundle.closings);
  if (record_json(bundle).dump() != record)
    return Error{Fault::malformed, "its record is not as it was written"};
  return opened;
}

}  // namespace steward
