#include "edge/poll/judge.hpp"

namespace steward {
namespace {

bool wrapped(std::int64_t modulus, std::int64_t before, std::int64_t now) {
  if (modulus <= 0) return false;
  const auto tenth = modulus / 10;
  return before >= modulus - tenth && now <= tenth;
}

}  // namespace

Decoded judge(const ProfileChannel& channel, Decoded decoded, std::optional<std::int64_t> previous,
              const Sampling& sampling) {
  if (decoded.quality != Quality::good) return decoded;
  const auto suspect = [&](Reason reason) { return Decoded{decoded.value, Quality::suspect, reason}; };
  if (channel.cumulative && previous && decoded.value < *previous &&
      !wrapped(channel.modulus, *previous, decoded.value)) {
    return suspect(Reason::backwards);
  }
  const auto skew = sampling.taken_at - sampling.round_at;
  if (skew > sampling.skew_limit || skew < -sampling.skew_limit) return suspect(Reason::skew);
  if (sampling.trust == ClockTrust::unset) return suspect(Reason::clock);
  return decoded;
}

}  // namespace steward
