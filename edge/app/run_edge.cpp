#include "edge/app/run_edge.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "contract/text/instant_text.hpp"
#include "edge/app/boot.hpp"
#include "edge/app/clock_floor.hpp"
#include "edge/app/control_client.hpp"
#include "edge/app/control_paths.hpp"
#include "edge/app/daemon.hpp"
#include "edge/app/line_report.hpp"
#include "edge/app/meter_list_file.hpp"
#include "edge/enrol/block_key_mark.hpp"
#include "edge/site/read_site.hpp"

namespace steward {
namespace {

int report(const Problems& problems, bool json) {
  if (json) {
    auto list = Json::array();
    for (const auto& problem : problems) {
      auto entry = Json::object();
      entry.set("file", problem.file).set("line", std::int64_t{problem.line});
      entry.set("en", problem.en).set("zh", problem.zh);
      list.push(std::move(entry));
    }
    std::cout << Json::object().set("ok", problems.empty()).set("problems", std::move(list)).dump() << "\n";
  } else {
    for (const auto& problem : problems) std::cerr << print(problem) << "\n";
  }
  return problems.empty() ? exit_ok : exit_bad_config;
}

/// Only one daemon per data folder: two would give one seq twice. Released with the process.
Result<void> lock_data_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{Fault::broken, "cannot make the data folder " + folder + ": " + error.message()};
  ::chmod(folder.c_str(), 0700);
  const auto path = folder + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error{Fault::broken, "cannot open " + path + ": " + std::strerror(errno)};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
  ::close(descriptor);
  return Error{Fault::refused, "another steward-edge is running on " + folder +
                                   "; stop it, or ask it with `steward-edge --config FILE status` / "
                                   "该数据目录已有 steward-edge 在运行；请先停止它，或用 steward-edge "
                                   "--config 文件 status 查询"};
}

int say_checked(const EdgeOptions& options, const LoadedSite& site) {
  const bool json = options.json;
  for (const auto& remark : passing_names(options.config, site.setup)) std::cerr << print(remark) << "\n";
  if (json) return report({}, true);
  std::cout << site.setup.site.text << "/" << site.setup.gateway.text << ": " << site.setup.meters.size()
            << " meters on " << site.setup.buses.size() << " buses, " << site.setup.doors.size()
            << " door controllers, " << site.setup.readers.size() << " readers: all right / 检查通过\n";
  return exit_ok;
}

int fail(const Error& error) {
  std::cerr << "steward-edge: " << error.message << "\n";
  return exit_failed;
}

}  // namespace

namespace {

/// What the cloud wanted, as it is kept; `site` becomes by it. What cannot be loaded any more (a profile is
/// gone) is taken back: the gateway runs by its own file rather than not at all.
Result<KeptConfig> by_desired(const EdgeOptions& options, Outbox& outbox, LoadedSite& site) {
  auto kept = read_kept_config([&](const std::string& name) { return outbox.mark(name); });
  if (!kept) return kept;
  if (count_start(*kept)) {
    // Before anything runs by it: if it ends the program, the next start must know.
    Batch batch;
    batch.stream = Stream::events;
    batch.records = std::vector<EdgeEvent>{};
    batch.marks = {config_state_mark(kept->state)};
    if (auto saved = outbox.append({batch}); !saved) return saved.error();
  }
  if (kept->text.empty()) return kept;
  Problems problems;
  const auto document = read_site_config("desired", kept->text, problems);
  std::optional<LoadedSite> wanted;
  if (document) wanted = load_site(options.config, options.profiles, problems, {}, &*document);
  if (wanted) {
    site.setup = std::move(wanted->setup);
    site.profiles = std::move(wanted->profiles);
    return kept;
  }
  kept->trouble = "config " + std::to_string(kept->state.active.version) + " cannot be loaded" +
                  (problems.empty() ? "" : " (" + problems.front().en + ")") +
                  "; the gateway's own file is in force";
  kept->state.active = {};
  kept->state.probation = false;
  kept->text.clear();
  return kept;
}

/// In one run of the program; a disk that damages each new file is no place to begin once more. The
/// supervisor does, at its own pace.
constexpr int max_salvages = 3;

/// From reading the site to the daemon's end. again: the meter list or a key was replaced, begin anew.
/// suspect: the outbox was found damaged; in and out.
int run_once(const EdgeOptions& options, const ServiceManager& manager, bool& locked, bool& again,
             bool& suspect) {
  Problems problems;
  Loop loop;
  auto site = load_site(options.config, options.profiles, problems);
  std::vector<WatchedDoor> doors;
  if (site) doors = DoorDesk::make_controllers(loop, options.config, site->setup, problems);
  if (!problems.empty() || !site) return report(problems, options.json);
  if (options.check) return say_checked(options, *site);

  if (!locked) {  // held until the process ends, over a new beginning too
    if (const auto taken = lock_data_folder(site->setup.data); !taken) return fail(taken.error());
    locked = true;
  }
  const auto key = std::make_unique<SigningKey>(std::move(site->enrolment.block_key));
  OutboxSetup setup;
  setup.path = site->setup.data + "/outbox.db";
  setup.site = site->setup.site;
  setup.gateway = site->setup.gateway;
  setup.suspect = std::exchange(suspect, false);
  // The outbox signs with the key for as long as it lives, so the key must stay where it is.
  auto outbox = Outbox::open(setup, *key);
  if (!outbox) return fail(outbox.error());
  const auto floor = (*outbox)->mark(clock_floor_mark);
  if (!floor) return fail(floor.error());
  const KernelTime kernel;
  EdgeClock edge_clock(kernel, boot_id(), clock_floor(*floor));
  std::unique_ptr<SteppedClock> stepped;
  if (options.stepped) {
    auto made = SteppedClock::create(options.stepped->clock_file, options.stepped->from);
    if (!made) return fail(made.error());
    stepped = std::move(*made);
  }
  const Clock& clock = stepped ? static_cast<const Clock&>(*stepped) : edge_clock;
  const Log log(clock);
  if (stepped) {
    log.warning("stepped_time",
                {{"from", instant_text(options.stepped->from)}, {"to", instant_text(options.stepped->to)}});
  }
  const ClockStamp stamp{boot_id(), clock.now(), 0, clock.trust()};
  if (auto noted = note_block_key(**outbox, key->public_key(), setup.gateway, stamp); !noted)
    return fail(noted.error());
  const auto mark = (*outbox)->mark(meter_list_mark);
  if (!mark) return fail(mark.error());
  const auto finished = finish_meter_list(site->setup.meters_file, *mark);
  if (!finished) return fail(finished.error());
  if (*finished) {
    again = true;  // an exchange was cut short by a power cut: its list is in place now
    return exit_ok;
  }
  auto config = by_desired(options, **outbox, *site);
  if (!config) return fail(config.error());
  Daemon daemon(loop, log, options,
                {std::move(*site), std::move(doors), std::move(*outbox), setup, &clock, stepped.get(),
                 stepped ? nullptr : &edge_clock, std::move(*config), key.get(), manager, key->public_key()});
  const int code = daemon.run();
  again = code == exit_ok && daemon.restart_asked();
  suspect = daemon.found_outbox_damaged();
  return code;
}

}  // namespace

int run_edge(const EdgeOptions& options) {
  const auto manager = ServiceManager::of_environment();
  bool locked = false;
  bool suspect = false;
  int salvages = 0;
  for (;;) {
    bool again = false;
    const int code = run_once(options, manager, locked, again, suspect);
    if (!again) return code;
    if (suspect && ++salvages > max_salvages)
      return fail({Fault::broken, "the outbox was damaged again and again: replace the disk"});
  }
}

Result<std::string> daemon_socket(const EdgeOptions& options) {
  // Only the data folder is needed: a verb must work while the site is being mended.
  const auto text = read_text_file(options.config, 1024 * 1024);
  if (!text) return text.error();
  Problems problems;
  const auto folder = std::filesystem::absolute(options.config).parent_path().string();
  const auto setup = read_edge_config(options.config, folder, *text, problems);
  if (!setup.data.empty()) return control_socket_path(setup);
  return Error{Fault::malformed,
               problems.empty() ? options.config + " names no \"data\" folder" : print(problems.front())};
}

int run_verb(const EdgeOptions& options, const ControlRequest& request) {
  const auto path = daemon_socket(options);
  if (!path) {
    std::cerr << path.error().message << "\n";
    return path.error().fault == Fault::malformed ? exit_bad_config : exit_failed;
  }
  const auto answer = ask_daemon(*path, request);
  if (options.json) {
    std::cout << print_control_answer(answer) << "\n";
  } else if (!answer) {
    std::cerr << "steward-edge: " << answer.error().message << "\n";
  } else {
    std::cout << answer->dump(2) << "\n";
  }
  return answer ? exit_ok : exit_failed;
}

}  // namespace steward
