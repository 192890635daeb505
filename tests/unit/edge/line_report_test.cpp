// What is said of serial devices whose names do not stay.
#include "edge/app/line_report.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

using namespace steward;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "steward-lines-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    fs::create_directories(root / "serial/by-path");
    std::ofstream(root / "ttyUSB3") << "node";
  }
  ~Folder() { fs::remove_all(root); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path root;
};

SiteSetup site_with(const std::string& device) {
  SiteSetup setup;
  BusSetup bus;
  bus.bus = BusId("line1");
  bus.kind = BusKind::modbus_rtu;
  bus.line.device = device;
  bus.file_line = {9};
  setup.buses = {bus};
  return setup;
}

}  // namespace

TEST_SUITE("edge/app/line_report") {
  TEST_CASE("a passing name draws a remark that names the path that stays, now") {
    const Folder folder;
    const auto setup = site_with((folder.root / "ttyUSB3").string());
    const auto links = (folder.root / "serial").string();
    auto remarks = passing_names("edge.json", setup, links);
    REQUIRE(remarks.size() == 1);
    CHECK(remarks[0].line == 9);
    CHECK(remarks[0].en.find("/dev/serial/by-path") != std::string::npos);  // udev knows none
    const auto link = folder.root / "serial/by-path/socket-1";
    fs::create_symlink(folder.root / "ttyUSB3", link);
    remarks = passing_names("edge.json", setup, links);
    REQUIRE(remarks.size() == 1);
    CHECK(remarks[0].en.find(link.string()) != std::string::npos);
    CHECK(remarks[0].zh.find(link.string()) != std::string::npos);
    const auto events = passing_name_events(setup, instant_from_ms(7), links);
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == "device_passing");
    CHECK(events[0].subject == "line1");
    CHECK(passing_names("edge.json", site_with(link.string()), links).empty());
    CHECK(passing_names("edge.json", site_with("/dev/ttyS1"), links).empty());
  }

  TEST_CASE("status says which node a stable path is now, and none when it is away") {
    const Folder folder;
    const auto link = folder.root / "serial/by-path/socket-1";
    fs::create_symlink(folder.root / "ttyUSB3", link);
    const auto there = line_status(site_with(link.string()));
    REQUIRE(there.items().size() == 1);
    REQUIRE(there.items()[0].find("node") != nullptr);
    CHECK(there.items()[0].find("node")->text() == fs::canonical(folder.root / "ttyUSB3"));
    CHECK(there.items()[0].find("device")->text() == link.string());
    fs::remove(folder.root / "ttyUSB3");
    const auto away = line_status(site_with(link.string()));
    CHECK(away.items()[0].find("node") == nullptr);
    CHECK(line_status(site_with("")).items().empty());
  }
}
