#include "drivers/sim/profile_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

namespace steward::sim {

ProfileShelf read_profile_folder(const std::string& folder, Problems& problems) {
  ProfileShelf shelf;
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (error) {
    problems.push_back(
        {folder, 0, "cannot be read as a folder of profiles: " + error.message() + "; give --profiles DIR",
         "无法作为表型文件夹读取：" + error.message() + "；请用 --profiles 指定"});
    return shelf;
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    // One byte more than allowed, so that a file that is too long is seen as such.
    std::string text(max_profile_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad() || !in.eof()) {
      problems.push_back({file.string(), 0, "cannot be read, or is longer than a profile may be",
                          "无法读取，或超过表型文件的长度上限"});
      continue;
    }
    if (auto profile = read_profile(file.string(), text, Digest{}, problems)) {
      shelf.emplace(profile->id, std::move(*profile));
    }
  }
  for (const MeterModel model : {MeterModel::sdm630, MeterModel::adl400, MeterModel::tuf2000}) {
    const std::string id(profile_of(model));
    if (shelf.contains(ProfileId(id))) continue;
    problems.push_back({folder, 0, "has no profile \"" + id + "\", which the simulated meters answer by",
                        "缺少模拟表计所需的描述“" + id + "”"});
  }
  return shelf;
}

}  // namespace steward::sim
