#include "tests/simulation/disks.hpp"

#include <random>

namespace steward::simulation {

Disks::Disks() {
  crash_disk_.begin({});
  crash_disk_.watch([this](const fault::DiskStep& step) { return this->step(step); });
}

std::string Disks::file(Machine machine) {
  return folder(machine) + (machine == Machine::edge ? "outbox.db" : "steward.db");
}

bool Disks::step(const fault::DiskStep& step) {
  const bool edge = step.file.starts_with("edge/");
  if (!edge && !step.file.starts_with("cloud/")) return true;  // a temporary file: gone with its program
  auto& disk = this->disk(edge ? Machine::edge : Machine::cloud);
  if (disk.left == 0) return false;
  if (disk.left != endless) --disk.left;
  // A liar keeps the file and its schema, and forgets what came later.
  constexpr std::uint64_t honest_syncs = 12;
  if (step.kind == fault::DiskStep::Kind::sync && disk.lies && ++disk.syncs > honest_syncs) return true;
  disk.kept.apply(step);
  return true;
}

void Disks::cut(Machine machine, fault::Dice& dice) {
  constexpr fault::Loss losses[] = {fault::Loss::everything, fault::Loss::nothing, fault::Loss::some,
                                    fault::Loss::torn};
  std::mt19937_64 sectors(dice.next());
  put_back(machine, disk(machine).kept.after(losses[dice.place(std::size(losses))], sectors));
}

fault::DiskFiles Disks::copy(Machine machine) const {
  fault::DiskFiles files;
  for (const auto& [name, bytes] : crash_disk_.files()) {
    if (name.starts_with(folder(machine))) files.emplace(name, bytes);
  }
  return files;
}

void Disks::put_back(Machine machine, fault::DiskFiles files) {
  auto& disk = this->disk(machine);
  disk.kept = fault::CutDisk(files);
  disk.left = endless;
  crash_disk_.replace(folder(machine), std::move(files));
}

}  // namespace steward::simulation
