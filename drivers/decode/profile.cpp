#include "drivers/decode/profile.hpp"

#include <algorithm>

namespace steward {

const ProfileChannel* Profile::channel(std::string_view name) const {
  const auto found =
      std::find_if(channels.begin(), channels.end(), [&](const auto& one) { return one.name == name; });
  return found == channels.end() ? nullptr : &*found;
}

const ProfileItem* Profile::item(const RegisterSpan& field) const {
  const auto found = std::find_if(items.begin(), items.end(), [&](const ProfileItem& one) {
    return one.span.kind == field.kind && one.span.item() == field.item();
  });
  return found == items.end() ? nullptr : &*found;
}

CatalogueChannel catalogue_channel(const ProfileChannel& channel) {
  return CatalogueChannel{.channel_no = channel.no,
                          .name = channel.name,
                          .unit = channel.unit,
                          .cumulative = channel.cumulative,
                          .words = static_cast<std::uint8_t>(channel.span.words()),
                          .modulus = channel.modulus};
}

}  // namespace steward
