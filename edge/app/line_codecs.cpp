#include "edge/app/line_codecs.hpp"

#include <array>
#include <utility>
#include <vector>

#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_codec.hpp"

namespace steward {
namespace {

constexpr std::size_t protocols = 3;

std::vector<MixedCodec> every_mix() {
  const std::array<MixedCodec::Member, protocols> all{{{Protocol::modbus, &rtu_codec()},
                                                       {Protocol::dlt645, &dlt645_codec()},
                                                       {Protocol::cjt188, &cjt188_codec()}}};
  std::vector<MixedCodec> mixes;
  for (std::size_t mix = 0; mix < (std::size_t{1} << protocols); ++mix) {
    std::vector<MixedCodec::Member> members;
    for (std::size_t at = 0; at < protocols; ++at)
      if ((mix >> at & 1) != 0) members.push_back(all[at]);
    mixes.emplace_back(std::move(members));
  }
  return mixes;
}

}  // namespace

const LineCodec& codec_of(const BusPlan& plan) {
  static const std::vector<MixedCodec> mixes = every_mix();
  std::size_t mix = 0;
  for (const auto& meter : plan.meters)
    mix |= std::size_t{1} << static_cast<std::size_t>(meter.unit.protocol);
  // Alone, a protocol's own codec knows more than frames: of Modbus, what a request's reply looks like.
  if (mix == 1U << static_cast<unsigned>(Protocol::modbus)) return rtu_codec();
  if (mix == 1U << static_cast<unsigned>(Protocol::dlt645)) return dlt645_codec();
  if (mix == 1U << static_cast<unsigned>(Protocol::cjt188)) return cjt188_codec();
  return mixes[mix];
}

}  // namespace steward
