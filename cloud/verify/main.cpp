#include <iostream>

#include "cloud/verify/verify_verbs.hpp"

int main(int argc, char** argv) {
  const steward::VerifyStreams streams{std::cout, std::cerr};
  return static_cast<int>(steward::run_steward_verify({argv + 1, argv + argc}, streams));
}
