#include <iostream>

#include "cloud/app/verbs.hpp"

int main(int argc, char** argv) {
  const steward::Streams streams{std::cout, std::cerr};
  return static_cast<int>(steward::run_steward_cloud({argv + 1, argv + argc}, streams));
}
