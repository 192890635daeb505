#include "drivers/modbus/rtu_port.hpp"

#include <modbus.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>

#include "drivers/line/descriptor.hpp"
#include "drivers/line/stable_path.hpp"
#include "drivers/modbus/frame.hpp"

namespace steward {
namespace {

constexpr std::size_t crc_bytes = 2;

char letter(Parity parity) {
  switch (parity) {
    case Parity::none: return 'N';
    case Parity::even: return 'E';
    case Parity::odd: return 'O';
  }
  return 'N';
}

}  // namespace

struct RtuPort::Context {
  ~Context() {
    if (claimed) release_line(modbus_get_socket(modbus));
    modbus_close(modbus);
    modbus_free(modbus);
  }
  modbus_t* modbus = nullptr;
  const Wake* wake = nullptr;
  bool claimed = false;
};

Result<std::unique_ptr<RtuPort>> RtuPort::open(const std::string& device, const LineFormat& format,
                                               const Wake* wake) {
  modbus_t* made = modbus_new_rtu(device.c_str(), static_cast<int>(format.baud), letter(format.parity), 8,
                                  format.stop_bits);
  if (made == nullptr) return Error{Fault::broken, device + ": " + modbus_strerror(errno)};
  auto context = std::make_unique<Context>();
  context->modbus = made;
  context->wake = wake;
  if (modbus_connect(made) != 0) return Error{Fault::retry, device + ": " + modbus_strerror(errno)};
  if (auto claimed = claim_line(modbus_get_socket(made)); !claimed)
    return std::move(claimed).with_context(device).error();
  context->claimed = true;
  return std::unique_ptr<RtuPort>(new RtuPort(std::move(context)));
}

RtuPort::RtuPort(std::unique_ptr<Context> context) : context_(std::move(context)) {}
RtuPort::~RtuPort() = default;

Ticks RtuPort::ticks() const { return steady_ticks(); }

Result<void> RtuPort::send(ByteView bytes) {
  std::array<std::uint8_t, 256> frame{};
  assert(bytes.size() > crc_bytes && bytes.size() <= frame.size());
  const auto body = bytes.size() - crc_bytes;
  const auto sealed_with = static_cast<std::uint16_t>(bytes[body] | (bytes[body + 1] << 8));
  if (crc16(bytes.first(body)) != sealed_with) return send_all(modbus_get_socket(context_->modbus), bytes);
  std::copy(bytes.begin(), bytes.end(), frame.begin());
  const int sent = modbus_send_raw_request(context_->modbus, frame.data(), static_cast<int>(body));
  if (sent == static_cast<int>(bytes.size())) return {};
  return Error{Fault::retry, std::string("cannot send: ") + modbus_strerror(errno)};
}

int RtuPort::descriptor() const { return modbus_get_socket(context_->modbus); }

OpenLine open_rtu(std::string device, const LineDirection& direction) {
  auto memory = std::make_shared<AdapterMemory>(device);
  return [device = std::move(device), direction, memory](
             const LineFormat& format, const Wake* wake) -> Result<std::unique_ptr<LinePort>> {
    if (auto same = memory->check(); !same) return std::move(same.error());
    auto port = RtuPort::open(device, format, wake);
    if (!port) return std::move(port.error());
    auto control = serial_control((*port)->descriptor());
    return with_direction(std::move(*port), std::move(control), device, format, direction);
  };
}

Result<bool> RtuPort::receive(Bytes& into, Ticks deadline) {
  return receive_until(modbus_get_socket(context_->modbus), into, deadline, context_->wake);
}

}  // namespace steward
