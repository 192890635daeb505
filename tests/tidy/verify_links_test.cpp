// steward-verify proves something because it needs nobody: no database and no network can be in it.
// The program itself is asked (readelf), not the build's description of it.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>
#include <string>

namespace {

/// What `readelf OPTION` prints of one of our programs.
std::string elf(const std::string& option, const std::string& program) {
  const auto command = "LC_ALL=C readelf -W " + option + " " STEWARD_BINARY_DIR "/bin/" + program;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> chunk{};
  for (std::size_t got = 0; (got = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) > 0;) {
    text.append(chunk.data(), got);
  }
  return text;
}

/// The shared libraries it names (DT_NEEDED), without their versions.
std::set<std::string> libraries_of(const std::string& program) {
  std::set<std::string> names;
  std::istringstream lines(elf("-d", program));
  for (std::string line; std::getline(lines, line);) {
    const auto from = line.find("Shared library: [");
    if (from == std::string::npos) continue;
    const auto name = line.substr(from + 17);
    names.insert(name.substr(0, name.find(".so")));
  }
  return names;
}

/// Functions of the C library it calls, of those that reach the network.
std::set<std::string> network_calls_of(const std::string& program) {
  const std::set<std::string> network{"socket", "connect",     "bind",  "listen",
                                      "accept", "getaddrinfo", "sendto"};
  std::set<std::string> called;
  std::istringstream lines(elf("--dyn-syms", program));
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(" UND ");
    if (at == std::string::npos) continue;
    auto name = line.substr(at + 5);
    name = name.substr(0, name.find_first_of("@ "));
    if (network.contains(name)) called.insert(name);
  }
  return called;
}

}  // namespace

TEST_SUITE("tidy/verify") {
  TEST_CASE("steward-verify has no database and no network in it") {
    const std::set<std::string> allowed{
        "libcrypto", "libstdc++",       "libgcc_s",        "libc", "libm", "libasan", "libubsan",
        "libtsan",   "ld-linux-x86-64", "ld-linux-aarch64"};
    const auto libraries = libraries_of("steward-verify");
    CHECK(libraries.contains("libcrypto"));
    for (const auto& library : libraries) CHECK_MESSAGE(allowed.contains(library), library);
    CHECK(network_calls_of("steward-verify").empty());
  }

  TEST_CASE("the same look at steward-cloud finds both") {
    const auto libraries = libraries_of("steward-cloud");
    CHECK(libraries.contains("libsqlite3"));
    CHECK(libraries.contains("libpaho-mqttpp3"));
    CHECK(network_calls_of("steward-cloud").contains("socket"));
  }
}
