#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "drivers/sim/estate_csv.hpp"

namespace steward::sim {

Result<void> write_files(const std::string& folder, const std::vector<NamedText>& files) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return {Fault::broken, folder + ": " + error.message()};
  for (const NamedText& file : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.name;
    const std::filesystem::path aside = path.string() + ".new";
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    out.write(file.text.data(), static_cast<std::streamsize>(file.text.size()));
    out.close();
    if (!out) return {Fault::broken, aside.string() + ": " + std::strerror(errno)};
    std::filesystem::rename(aside, path, error);
    if (error) return {Fault::broken, path.string() + ": " + error.message()};
  }
  return {};
}

}  // namespace steward::sim
