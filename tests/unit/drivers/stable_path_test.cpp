// Adapters that come and go under one name: files behind links that the test moves, as udev does.
#include "drivers/line/stable_path.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

using namespace steward;
namespace fs = std::filesystem;

namespace {

/// A /dev of its own.
struct Devices {
  Devices() {
    std::string pattern = (fs::temp_directory_path() / "steward-dev-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    fs::create_directories(root / "serial/by-id");
    fs::create_directories(root / "serial/by-path");
  }
  ~Devices() { fs::remove_all(root); }
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  void plug(const std::string& node) const { std::ofstream(root / node) << node; }
  void unplug(const std::string& node) const { fs::remove(root / node); }
  void link(const std::string& from, const std::string& node) const {
    fs::remove(root / from);
    fs::create_symlink(root / node, root / from);
  }
  std::string path(const std::string& name) const { return (root / name).string(); }

  fs::path root;
};

}  // namespace

TEST_SUITE("drivers/line/stable_path") {
  TEST_CASE("names that the order of plugging in gives are told from those that stay") {
    for (const auto* passing : {"/dev/ttyUSB0", "/dev/ttyUSB12", "/dev/ttyACM1"})
      CHECK(is_passing_name(passing));
    for (const auto* stays :
         {"/dev/ttyS1", "/dev/serial/by-id/usb-FTDI-if00", "/dev/ttyUSB", "/dev/ttyUSBx", "/dev/line1", ""})
      CHECK_FALSE(is_passing_name(stays));
  }

  TEST_CASE("a passing name's stable paths are found, by-id first, and no other adapter's") {
    const Devices dev;
    dev.plug("ttyUSB0");
    dev.plug("ttyUSB1");
    dev.link("serial/by-path/platform-usb-0:1.2:1.0-port0", "ttyUSB0");
    dev.link("serial/by-id/usb-FTDI_A10K-if00", "ttyUSB0");
    dev.link("serial/by-id/usb-FTDI_B20L-if00", "ttyUSB1");
    CHECK(stable_paths_of(dev.path("ttyUSB0"), dev.path("serial")) ==
          std::vector<std::string>{dev.path("serial/by-id/usb-FTDI_A10K-if00"),
                                   dev.path("serial/by-path/platform-usb-0:1.2:1.0-port0")});
    CHECK(node_of(dev.path("serial/by-id/usb-FTDI_B20L-if00")) == fs::canonical(dev.path("ttyUSB1")));
    dev.unplug("ttyUSB0");
    CHECK(stable_paths_of(dev.path("ttyUSB0"), dev.path("serial")).empty());
    CHECK(node_of(dev.path("ttyUSB0")).empty());
  }

  TEST_CASE("another adapter under ttyUSB0 is refused by name, and the first one is taken again") {
    const Devices dev;
    dev.plug("ttyUSB0");
    dev.link("serial/by-path/socket-1", "ttyUSB0");
    dev.link("serial/by-id/usb-A", "ttyUSB0");
    AdapterMemory memory(dev.path("ttyUSB0"), dev.path("serial"));
    CHECK(memory.check());

    dev.link("serial/by-path/socket-1", "ttyUSB1");  // unplugged; its neighbour gets its name
    dev.link("serial/by-id/usb-A", "ttyUSB1");
    dev.link("serial/by-path/socket-2", "ttyUSB0");
    dev.link("serial/by-id/usb-B", "ttyUSB0");
    const auto other = memory.check();
    REQUIRE_FALSE(other);
    CHECK(other.error().fault == Fault::retry);
    CHECK(other.error().message.find(dev.path("serial/by-id/usb-B")) != std::string::npos);
    CHECK(other.error().message.find(dev.path("serial/by-id/usb-A")) != std::string::npos);
    CHECK(other.error().message.find("固定路径") != std::string::npos);

    dev.link("serial/by-path/socket-1", "ttyUSB0");
    CHECK(memory.check());
  }

  TEST_CASE("adapters without a serial number have one name for all: the socket tells them apart") {
    const Devices dev;
    dev.plug("ttyUSB0");
    dev.link("serial/by-path/socket-1", "ttyUSB0");
    dev.link("serial/by-id/usb-1a86_USB_Serial-if00-port0", "ttyUSB0");
    AdapterMemory memory(dev.path("ttyUSB0"), dev.path("serial"));
    CHECK(memory.check());
    dev.link("serial/by-path/socket-1", "ttyUSB1");
    dev.link("serial/by-path/socket-2", "ttyUSB0");  // its sister, under the same by-id name
    CHECK_FALSE(memory.check());
  }

  TEST_CASE("a stable path, and a name that nothing stands behind, are passed") {
    const Devices dev;
    dev.plug("ttyUSB0");
    AdapterMemory without_udev(dev.path("ttyUSB0"), dev.path("serial"));
    CHECK(without_udev.check());
    dev.unplug("ttyUSB0");
    CHECK(without_udev.check());  // opening it says that it is away
    AdapterMemory chosen(dev.path("serial/by-id/usb-A"), dev.path("serial"));
    dev.link("serial/by-id/usb-A", "ttyUSB0");
    CHECK(chosen.check());
    dev.link("serial/by-id/usb-A", "ttyUSB1");
    CHECK(chosen.check());
  }
}
