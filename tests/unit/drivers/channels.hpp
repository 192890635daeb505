#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "drivers/decode/profile.hpp"

namespace steward {

/// A channel of `as` with as many words as the type takes, counting units.
inline ProfileChannel channel_of(NumberType as, std::uint16_t words) {
  ProfileChannel channel;
  channel.name = "x";
  channel.span = {RegisterKind::holding, 0, words};
  channel.as = as;
  return channel;
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path source_path(const std::string& relative) {
  return std::filesystem::path(STEWARD_SOURCE_DIR) / relative;
}

/// One of the profiles that are shipped. The test that loads them all says why when this fails.
inline Profile shipped(const std::string& name) {
  Problems problems;
  auto profile =
      read_profile(name, text_of(source_path("drivers/profiles/" + name + ".json")), Digest{}, problems);
  return profile ? std::move(*profile) : Profile{};
}

}  // namespace steward
