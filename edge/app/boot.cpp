#include "edge/app/boot.hpp"

#include <fstream>
#include <string>

#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/random.hpp"

namespace steward {

Uuid boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  file >> text;
  const auto id = uuid_from(text);
  return id ? *id : random_uuid();
}

}  // namespace steward
