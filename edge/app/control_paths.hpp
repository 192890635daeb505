#pragma once
#include <string>

#include "contract/nouns/problem.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Where the daemon of this data folder listens for its own verbs.
inline std::string control_socket_path(const SiteSetup& setup) { return setup.data + "/control.sock"; }

/// A socket's path has at most 107 bytes (sockaddr_un.sun_path, unix(7)).
inline void check_control_path(const std::string& file, const SiteSetup& setup, Problems& problems) {
  constexpr std::size_t most = 107;
  const auto path = control_socket_path(setup);
  if (path.size() <= most) return;
  problems.push_back({file, 0,
                      "\"data\": the path of " + path + " has " + std::to_string(path.size()) +
                          " bytes, a socket's may have " + std::to_string(most) + "; choose a shorter folder",
                      "\"data\"：" + path + " 的路径有 " + std::to_string(path.size()) +
                          " 字节，套接字路径最多 " + std::to_string(most) + " 字节；请改用较短的目录"});
}

}  // namespace steward
