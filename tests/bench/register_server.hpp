#pragma once
#include <cstdint>
#include <memory>

#include "tests/bench/measured_child.hpp"

namespace steward::bench {

/// Modbus TCP meters without a cost worth measuring: a process of its own, one
/// thread, one epoll set, any number of connections, every unit the same registers.
/// Answers reads of 1 to 125 registers of any kind, also several requests in one segment.
class RegisterServer {
 public:
  RegisterServer();
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return helper_->pid(); }

 private:
  std::uint16_t port_ = 0;
  std::unique_ptr<Helper> helper_;
};

/// The word at `address` of every unit.
constexpr std::uint16_t served_word(std::uint32_t address) {
  return static_cast<std::uint16_t>(address * 7 + 1);
}

}  // namespace steward::bench
