#include "contract/wire/closing_codec.hpp"

#include <limits>
#include <string>

#include "contract/wire/block_rules.hpp"
#include "contract/wire/cbor.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/reading_columns.hpp"

namespace steward {
namespace {

constexpr std::uint64_t version_1 = 1;

namespace key {
enum : std::uint64_t {
  version = 1,
  site = 2,
  gateway = 3,
  epoch = 4,
  seq = 5,
  meter = 6,
  profile = 7,
  profile_hash = 8,
  channel = 9,
  unit = 10,
  round_at_ms = 11,
  taken_at_ms = 12,
  value = 13,
  modulus = 14,
  quality = 15,
  reason = 16,
  raw = 17,
  trust = 18,
};
}  // namespace key
constexpr std::size_t key_count = 18;

void write_closing(CborWriter& out, const Closing& closing) {
  out.map(key_count);
  out.number(key::version);
  out.number(version_1);
  out.number(key::site);
  out.text(closing.site.text);
  out.number(key::gateway);
  out.text(closing.gateway.text);
  out.number(key::epoch);
  out.bytes(closing.epoch);
  out.number(key::seq);
  out.number(closing.seq.value);
  out.number(key::meter);
  out.text(closing.meter.text);
  out.number(key::profile);
  out.text(closing.profile.text);
  out.number(key::profile_hash);
  out.bytes(closing.profile_hash);
  out.number(key::channel);
  out.text(closing.channel);
  out.number(key::unit);
  out.number(static_cast<std::uint64_t>(closing.unit));
  out.number(key::round_at_ms);
  out.integer(ms_of(closing.round_at));
  out.number(key::taken_at_ms);
  out.integer(ms_of(closing.taken_at));
  out.number(key::value);
  out.integer(closing.value);
  out.number(key::modulus);
  out.integer(closing.modulus);
  out.number(key::quality);
  out.number(static_cast<std::uint64_t>(closing.quality));
  out.number(key::reason);
  out.number(static_cast<std::uint64_t>(closing.reason));
  out.number(key::raw);
  write_words(out, closing.raw);
  out.number(key::trust);
  out.number(static_cast<std::uint64_t>(closing.trust));
}

Closing read_closing(CborReader& in) {
  constexpr auto limits = std::numeric_limits<std::int64_t>();
  Closing closing;
  in.map_of(key_count);
  in.key(key::version);
  if (in.number(version_1) != version_1) in.fail("a version of the format that is not known here");
  in.key(key::site);
  closing.site = SiteId(std::string(in.text(wire_limit::code_bytes)));
  in.key(key::gateway);
  closing.gateway = GatewayId(std::string(in.text(wire_limit::code_bytes)));
  in.key(key::epoch);
  closing.epoch = in.fixed<16>();
  in.key(key::seq);
  closing.seq = {in.number(wire_limit::seq)};
  in.key(key::meter);
  closing.meter = MeterId(std::string(in.text(wire_limit::name_bytes)));
  in.key(key::profile);
  closing.profile = ProfileId(std::string(in.text(wire_limit::name_bytes)));
  in.key(key::profile_hash);
  closing.profile_hash = in.fixed<32>();
  in.key(key::channel);
  closing.channel = std::string(in.text(wire_limit::word_bytes));
  in.key(key::unit);
  closing.unit = static_cast<ChannelUnit>(in.number(0xff));
  in.key(key::round_at_ms);
  closing.round_at = instant_from_ms(in.integer(0, wire_limit::instant_ms));
  in.key(key::taken_at_ms);
  closing.taken_at = instant_from_ms(in.integer(0, wire_limit::instant_ms));
  in.key(key::value);
  closing.value = in.integer(limits.min(), limits.max());
  in.key(key::modulus);
  closing.modulus = in.integer(0, limits.max());
  in.key(key::quality);
  closing.quality = static_cast<Quality>(in.number(static_cast<std::uint64_t>(Quality::invalid)));
  in.key(key::reason);
  closing.reason = static_cast<Reason>(in.number(0xff));
  in.key(key::raw);
  closing.raw = read_words(in);
  in.key(key::trust);
  closing.trust = static_cast<ClockTrust>(in.number(static_cast<std::uint64_t>(ClockTrust::stepped)));
  in.end();
  return closing;
}

}  // namespace

Result<Bytes> seal_closing(const Closing& closing, const Signer& signer) {
  if (auto checked = check_closing(closing); !checked) return Error{checked.error()};
  CborWriter out(wire_limit::closing_bytes);
  write_closing(out, closing);
  return seal(content_type::closing, std::move(out).take(), signer);
}

Result<Closing> open_closing(ByteView bytes, const Verifier& verifier) {
  auto payload = unseal(content_type::closing, bytes, wire_limit::closing_bytes, verifier);
  if (!payload) return std::move(payload.error());
  CborReader in(*payload);
  Closing closing = read_closing(in);
  if (!in.ok()) return in.error();
  if (auto checked = check_closing(closing); !checked) return Error{checked.error()};
  return closing;
}

Result<std::vector<Closing>> open_closings(const Block& block, const Verifier& verifier) {
  const auto* closings = std::get_if<SealedClosings>(&block.records);
  if (closings == nullptr) return Error{Fault::malformed, "not a block of closings"};
  std::vector<Closing> opened;
  opened.reserve(closings->sealed.size());
  for (std::size_t i = 0; i < closings->sealed.size(); ++i) {
    const std::uint64_t place = block.first.value + i;
    const std::string name = "closing " + std::to_string(place);
    auto closing = open_closing(closings->sealed[i], verifier).with_context(name);
    if (!closing) return closing.error();
    const bool of_this_log = closing->site == block.log.site && closing->gateway == block.log.gateway &&
                             closing->epoch == block.log.epoch && closing->seq.value == place;
    if (!of_this_log) return Error{Fault::malformed, name + ": it names another log or another place"};
    opened.push_back(std::move(*closing));
  }
  return opened;
}

}  // namespace steward
