// How the harness's meters speak DL/T 645-2007 and CJ/T 188.
#include <algorithm>

#include "tests/fault/device.hpp"

namespace steward::fault {
namespace {

constexpr std::uint8_t begins = 0x68;
constexpr std::uint8_t ends = 0x16;
constexpr std::uint8_t wakes = 0xFE;
constexpr std::uint64_t type_place = 100'000'000'000'000;  // 10^14
constexpr unsigned mask = 0x33;                            // DL/T 645 adds it to every data byte

/// Where a frame without its FE has what.
struct Places {
  std::size_t control, data;
};
constexpr Places places_of(Protocol protocol) {
  return protocol == Protocol::dlt645 ? Places{8, 10} : Places{9, 11};
}

ByteView without_preamble(ByteView frame) {
  while (!frame.empty() && frame[0] == wakes) frame = frame.subspan(1);
  return frame;
}

std::uint8_t plain_sum(ByteView bytes) {
  unsigned sum = 0;
  for (const auto byte : bytes) sum += byte;
  return static_cast<std::uint8_t>(sum % 256);
}

/// The data of a frame with a right sum, unmasked.
Bytes data_of(Protocol protocol, ByteView frame) {
  Bytes data;
  const unsigned added = protocol == Protocol::dlt645 ? mask : 0;
  const auto places = places_of(protocol);
  for (std::size_t at = places.data; at < places.data + frame[places.data - 1]; ++at)
    data.push_back(static_cast<std::uint8_t>(frame[at] + 256 - added));
  return data;
}

std::uint32_t identifier_in(Protocol protocol, const Bytes& data) {
  if (protocol == Protocol::cjt188) return data[0] * 256U + data[1];
  return data[0] + data[1] * 0x100U + data[2] * 0x10000U + data[3] * 0x1000000U;
}

}  // namespace

Bytes item_address(UnitAddress unit) {
  Bytes address;
  std::uint64_t digits = unit.value;
  std::size_t size = 6;
  if (unit.protocol == Protocol::cjt188) {
    address.push_back(static_cast<std::uint8_t>(digits / type_place));
    digits %= type_place;
    size = 8;
  }
  for (; address.size() < size; digits /= 100)
    address.push_back(static_cast<std::uint8_t>(digits / 10 % 10 * 16 + digits % 10));
  return address;
}

bool item_hears(UnitAddress unit, ByteView request) {
  const ByteView frame = without_preamble(request);
  const auto places = places_of(unit.protocol);
  if (frame.size() < places.data + 2 || frame[0] != begins) return false;
  if (unit.protocol == Protocol::dlt645 && frame[7] != begins) return false;
  if (frame.size() != places.data + frame[places.data - 1] + 2) return false;
  if (frame.back() != ends || frame[frame.size() - 2] != plain_sum(frame.first(frame.size() - 2)))
    return false;
  const Bytes own = item_address(unit);
  if (!std::equal(own.begin(), own.end(), frame.begin() + 1)) return false;
  const auto control = frame[places.control];
  const auto length = frame[places.data - 1];
  if (unit.protocol == Protocol::cjt188) return control == 0x01 && length == 3;
  return (control == 0x11 && length == 4) || (control == 0x12 && length == 5);
}

/// Its first 68 up to the end; every other sample with FE before it, one or more.
Bytes Device::item_frame(std::uint8_t control, const Bytes& data) const {
  Bytes frame(dial_ % 2 == 0 ? 0 : 1 + dial_ / 2 % 4, wakes);
  const std::size_t first = frame.size();
  frame.push_back(begins);
  const Bytes address = item_address(unit_);
  frame.insert(frame.end(), address.begin(), address.end());
  const bool electric = speaks(Protocol::dlt645);
  if (electric) frame.push_back(begins);
  frame.push_back(control);
  frame.push_back(static_cast<std::uint8_t>(data.size()));
  for (const auto byte : data) frame.push_back(static_cast<std::uint8_t>(byte + (electric ? mask : 0)));
  frame.push_back(plain_sum(ByteView(frame).subspan(first)));
  frame.push_back(ends);
  return frame;
}

Bytes Device::item_data(int first_key, std::size_t from, std::size_t to, std::uint32_t sample) const {
  Bytes data;
  for (std::size_t at = from; at < to; ++at) {
    const unsigned said = word(first_key + static_cast<int>(at / 2), sample);
    data.push_back(static_cast<std::uint8_t>(at % 2 == 0 ? said / 256 : said % 256));
  }
  return data;
}

Bytes Device::item_answer(ByteView request, Ticks at, bool garbled) {
  const auto protocol = unit_.protocol;
  const ByteView frame = without_preamble(request);
  Bytes data = data_of(protocol, frame);
  const auto control = frame[places_of(protocol).control];
  const auto kind = protocol == Protocol::dlt645 ? RegisterKind::dlt645_item : RegisterKind::cjt188_item;
  const auto key = key_of(kind, identifier_in(protocol, data));
  const std::size_t bytes = key ? item_bytes(*key) : 0U;
  const bool rest = control == 0x12;
  if (bytes == 0 || (rest && (latched_key_ != *key || data[4] != 1))) return item_refuse(request, 2);
  const bool split = protocol == Protocol::dlt645 && in_two_frames(bytes);
  if (rest) {
    const auto sequence = data[4];
    data.pop_back();
    const Bytes last = item_data(*key, first_frame_bytes, bytes, latched_);
    data.insert(data.end(), last.begin(), last.end());
    data.push_back(sequence);
    return item_frame(0x92, data);
  }
  ++dial_;
  samples_[dial_ % samples_kept] = {at, garbled};
  latched_key_ = split ? *key : -1;
  latched_ = dial_;
  const Bytes said = item_data(*key, 0, split ? first_frame_bytes : bytes, dial_);
  data.insert(data.end(), said.begin(), said.end());
  return item_frame(static_cast<std::uint8_t>(control + (split ? 0xA0 : 0x80)), data);
}

Bytes Device::item_refuse(ByteView request, std::uint8_t code) const {
  const auto control = without_preamble(request)[places_of(unit_.protocol).control];
  Bytes why{code};
  if (speaks(Protocol::cjt188)) why = {0, code, 0};
  return item_frame(static_cast<std::uint8_t>(control + 0xC0), why);
}

Bytes Device::asked_for(std::uint8_t first_key, std::uint8_t count) const {
  if (speaks(Protocol::dlt645)) return item_frame(0x11, {0, first_key, 1, 0});
  if (speaks(Protocol::cjt188)) return item_frame(0x01, {0x90, first_key, count});
  Bytes request{static_cast<std::uint8_t>(unit_.value), 3, 0, first_key, 0, count};
  seal(request);
  return request;
}

void Device::forge(Bytes& frame, Dice& dice) const {
  const std::size_t preamble = frame.size() - without_preamble(frame).size();
  const bool electric = speaks(Protocol::dlt645);
  const bool modbus = speaks(Protocol::modbus);
  const std::size_t first = modbus ? 3 : preamble + places_of(unit_.protocol).data + (electric ? 4 : 3);
  if (frame.size() <= first + 2) return;
  for (std::size_t at = first; at + 2 < frame.size(); ++at)
    frame[at] = static_cast<std::uint8_t>(dice.next());
  if (modbus) {
    frame.pop_back();
    frame.pop_back();
    seal(frame);
  } else {
    frame[frame.size() - 2] = plain_sum(ByteView(frame).subspan(preamble, frame.size() - preamble - 2));
  }
}

}  // namespace steward::fault
