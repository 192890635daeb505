#pragma once
#include <array>
#include <vector>

#include "tests/fault/schedule.hpp"

namespace steward::fault {

inline constexpr std::array<Shape, 4> shapes{Shape::one_unit_one_block, Shape::one_unit_four_blocks,
                                             Shape::eight_units_one_block, Shape::eight_units_mixed};

/// One schedule over all shapes.
struct Row {
  Schedule schedule;
  std::uint64_t seed = 0;  // of its first shape; each further one takes the next
  Tally sum;
};

/// The tables' heading and a line of it, on standard output.
void print_heading();
void print_row(const std::string& name, std::uint64_t seed, const Tally& tally);

/// Runs each schedule over all shapes, so that together at least `exchanges` requests go out,
/// and prints a line for each as it ends. first_seed: of the first schedule's first shape.
std::vector<Row> run_all(const std::vector<Schedule>& all, std::uint64_t first_seed, std::uint64_t exchanges,
                         Tongue tongue = Tongue::modbus);
/// A mixed line takes more than one meter.
bool has(Tongue tongue, Shape shape);

/// Garbled frames may pass by chance, at most so many among so many values: 2 in a million, and one
/// more for a run too short to say.
constexpr std::uint64_t chance_allowed(std::uint64_t values) { return 1 + 2 * values / 1'000'000; }

}  // namespace steward::fault
