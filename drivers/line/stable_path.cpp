#include "drivers/line/stable_path.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace steward {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_paths = 8;
constexpr std::size_t most_links = 1024;  // of one folder; a gateway has some dozen

/// The links in `folder` that lead to `node`, by name.
std::vector<std::string> links_to(const std::string& node, const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator at(folder, error), end; !error && at != end && seen < most_links;
       at.increment(error), ++seen) {
    if (node_of(at->path().string()) == node) found.push_back(at->path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string listed(const std::vector<std::string>& paths) {
  std::string text;
  for (const auto& path : paths) text += (text.empty() ? "" : ", ") + path;
  return text;
}

bool names_socket(const std::string& path) { return path.find("/by-path/") != std::string::npos; }
bool has_socket(const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), names_socket);
}

}  // namespace

std::string node_of(const std::string& path) {
  std::error_code error;
  const auto node = fs::canonical(path, error);
  return error ? std::string() : node.string();
}

bool is_passing_name(const std::string& path) {
  static constexpr std::array<std::string_view, 2> beginnings{"ttyUSB", "ttyACM"};
  const auto name = fs::path(path).filename().string();
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view beginning) {
    if (!name.starts_with(beginning) || name.size() == beginning.size()) return false;
    return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(beginning.size()), name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
  });
}

std::vector<std::string> stable_paths_of(const std::string& path, const std::string& links) {
  std::vector<std::string> paths;
  const auto node = node_of(path);
  if (node.empty()) return paths;
  for (const auto* kind : {"/by-id", "/by-path"}) {
    for (auto& link : links_to(node, links + kind)) {
      if (paths.size() < most_paths) paths.push_back(std::move(link));
    }
  }
  return paths;
}

Result<void> AdapterMemory::check() {
  if (!is_passing_name(device_)) return {};
  const auto now = stable_paths_of(device_, links_);
  if (now.empty()) return {};  // away, or nothing tells adapters apart
  if (known_.empty()) known_ = now;
  // The socket decides; what an adapter says of itself only where no socket is known: without a serial
  // number all of a make say the same.
  const bool sockets = has_socket(now) && has_socket(known_);
  const bool same = std::any_of(now.begin(), now.end(), [&](const std::string& path) {
    return (!sockets || names_socket(path)) && std::find(known_.begin(), known_.end(), path) != known_.end();
  });
  if (same) return {};
  return Error{Fault::retry, device_ + " is another adapter now (" + listed(now) + "); it was " +
                                 listed(known_) +
                                 ". Set \"device\" to the path that stays, then start again / " + device_ +
                                 " 现在是另一只转换器；请将 \"device\" 改为固定路径后重启"};
}

}  // namespace steward
