#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/text/json.hpp"
#include "edge/app/load_site.hpp"
#include "kit/sqlite/database.hpp"
#include "tests/support/child_process.hpp"

namespace steward::bench {

/// A port of 127.0.0.1 that nobody listens on.
std::uint16_t free_port();
/// Whether somebody listens there.
bool listens(std::uint16_t port);

/// What is measured: a simulated estate and how the gateway reads it.
struct ChainShape {
  int flats = 0;
  std::size_t meters = 0;  // the first so many behind Modbus TCP; 0 = all of them
  bool stepped = false;    // time stands still during a round; else the machine's clock
  int every_s = 3600;
  std::uint16_t served_at =
      0;  // instead of the estate's meters: `meters` units behind this port (RegisterServer),
  std::uint16_t registers = 0;  // a connection each, so many channels of one register
};

/// Broker, simulated meters and cloud, as `./dev demo` starts them, all programs of
/// this build; the gateway is started by whoever measures it.
///
/// The serial line, the doors and the reader are left out of the gateway's config:
/// a line at 9600 baud is as fast as its wire, whatever the program. Rounds read
/// all channels. Throws std::runtime_error; the processes end with the object.
class ChainSite {
 public:
  /// folder: empty; everything is written there. The clock begins at `from` if stepped.
  ChainSite(std::filesystem::path folder, const ChainShape& shape, Instant from);

  /// The gateway's config as steward-edge itself reads it.
  const LoadedSite& site() const { return *site_; }
  /// Starts steward-edge; from and to: its steps, if stepped; core: the only one it may use, -1: any.
  std::unique_ptr<ChildProcess> start_edge(Instant from, Instant to, int core = -1);

  /// Where everything was written.
  const std::filesystem::path& folder() const { return folder_; }

  /// Readings committed in the cloud's database; between two rounds (epoch
  /// milliseconds, inclusive) if given.
  std::int64_t readings();
  std::int64_t readings(std::int64_t from_ms, std::int64_t to_ms);

  pid_t sim() const { return sim_->pid(); }
  pid_t broker() const { return broker_->pid(); }
  pid_t cloud() const { return cloud_->pid(); }

 private:
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  void start_broker(std::uint16_t port);
  void write_config(const ChainShape& shape);
  void load();
  void write_served(const ChainShape& shape, Json& config);
  std::unique_ptr<ChildProcess> start(const std::string& name, const std::vector<std::string>& command,
                                      const std::string& ready);
  std::int64_t ask(const std::string& sql);

  std::filesystem::path folder_;
  bool stepped_;
  std::unique_ptr<ChildProcess> broker_;
  std::unique_ptr<ChildProcess> sim_;
  std::unique_ptr<ChildProcess> cloud_;
  std::optional<LoadedSite> site_;
  std::optional<Database> books_;
};

}  // namespace steward::bench
