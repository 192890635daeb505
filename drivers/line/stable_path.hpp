#pragma once
#include <string>
#include <utility>
#include <vector>

#include "contract/nouns/result.hpp"

namespace steward {

/// Where udev links serial devices by what they are and by where they are plugged in
/// (systemd, 60-serial.rules): /dev/serial/by-id/usb-FTDI_..., /dev/serial/by-path/platform-...
inline constexpr const char* serial_links = "/dev/serial";

/// The device node a path leads to now: "/dev/serial/by-id/usb-..." -> "/dev/ttyUSB0". Empty: to nothing.
std::string node_of(const std::string& path);

/// True for a name that the kernel gives in the order of plugging in: /dev/ttyUSB3, /dev/ttyACM0.
/// After a restart or a replug it may be another adapter, with other meters behind it.
bool is_passing_name(const std::string& path);

/// Every path under links/by-id and links/by-path that leads where `path` leads, by-id first, by
/// name. At most 8. Empty: none, or no such device.
///
/// by-path names the USB socket, by-id the adapter: the one with a serial number in it is the adapter's
/// own, without one (CH340: "usb-1a86_USB_Serial-if00-port0") all of that make share it.
/// links: for tests. Thread: any; reads the file system.
std::vector<std::string> stable_paths_of(const std::string& path, const std::string& links = serial_links);

/// Remembers in which socket (else as which adapter) a passing name was first seen, and refuses
/// another one under that name: meters of another line would answer at the same addresses.
///
/// A stable path is passed as it is: it is what the technician chose it by. So is a passing name
/// without stable paths (no udev): nothing tells adapters apart. Thread: the line's.
class AdapterMemory {
 public:
  explicit AdapterMemory(std::string device, std::string links = serial_links)
      : device_(std::move(device)), links_(std::move(links)) {}

  /// Call before the device is opened. Faults: retry (another adapter has this name; the message says
  /// which, and what to do, in English and Chinese).
  Result<void> check();

 private:
  std::string device_;
  std::string links_;
  std::vector<std::string> known_;  // what the name's stable paths were
};

}  // namespace steward
