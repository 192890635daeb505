#include "drivers/sim/item_frame.hpp"

#include <algorithm>

namespace steward::sim {
namespace {

constexpr std::uint8_t wakes = 0xFE;
constexpr std::uint8_t begins = 0x68;
constexpr std::uint8_t ends = 0x16;
constexpr std::uint8_t anybody = 0xAA;
constexpr std::uint8_t masked = 0x33;
constexpr std::size_t tail = 2;
constexpr std::uint64_t type_place = 100'000'000'000'000;  // 10^14

constexpr std::uint8_t replies = 0x80;
constexpr std::uint8_t refuses = 0x40;
constexpr std::uint8_t goes_on = 0x20;
constexpr std::uint8_t no_such_data = 0x02;  // error word, bit 1 (DL/T 645-2007, 7.1.3)
constexpr std::uint8_t other_error = 0x01;

std::uint8_t sum_of(ByteView bytes) {
  std::uint8_t sum = 0;
  for (const auto byte : bytes) sum = static_cast<std::uint8_t>(sum + byte);
  return sum;
}

/// The address as on the wire: CJ/T 188 with its type before it.
Bytes address_of(ItemSpeech speech, std::uint64_t number) {
  Bytes address;
  std::uint64_t digits = number;
  if (speech == ItemSpeech::cjt188) {
    address.push_back(static_cast<std::uint8_t>(number / type_place));
    digits = number % type_place;
  }
  const std::size_t size = speech == ItemSpeech::cjt188 ? 8 : 6;
  while (address.size() < size) {
    address.push_back(static_cast<std::uint8_t>(digits / 10 % 10 * 16 + digits % 10));
    digits /= 100;
  }
  return address;
}

std::size_t address_bytes(ItemSpeech speech) { return speech == ItemSpeech::cjt188 ? 8 : 6; }

/// A body of this meter's: its address, control and data, the data not yet masked.
Bytes body_of(ItemSpeech speech, std::uint64_t number, std::uint8_t control, const Bytes& data) {
  Bytes body{begins};
  const Bytes address = address_of(speech, number);
  body.insert(body.end(), address.begin(), address.end());
  const bool electric = speech == ItemSpeech::dlt645;
  if (electric) body.push_back(begins);
  body.push_back(control);
  body.push_back(static_cast<std::uint8_t>(data.size()));
  for (const auto byte : data) body.push_back(static_cast<std::uint8_t>(byte + (electric ? masked : 0)));
  return body;
}

Bytes unmasked(ByteView data) {
  Bytes plain;
  for (const auto byte : data) plain.push_back(static_cast<std::uint8_t>(byte - masked));
  return plain;
}

}  // namespace

std::size_t control_at(ItemSpeech speech) { return speech == ItemSpeech::cjt188 ? 9 : 8; }
std::size_t data_at(ItemSpeech speech) { return control_at(speech) + 2; }

std::size_t item_length(ItemSpeech speech, ByteView so_far) {
  std::size_t preamble = 0;
  while (preamble < so_far.size() && so_far[preamble] == wakes) ++preamble;
  const ByteView body = so_far.subspan(preamble);
  const std::size_t head = data_at(speech);
  if (body.empty()) return preamble + head + tail;
  if (body[0] != begins) return 0;
  if (speech == ItemSpeech::dlt645 && body.size() > 7 && body[7] != begins) return 0;
  if (body.size() < head) return preamble + head + tail;
  return preamble + head + body[head - 1] + tail;
}

ByteView item_body(ItemSpeech speech, ByteView heard) {
  const std::size_t length = item_length(speech, heard);
  if (length == 0 || length != heard.size()) return {};
  std::size_t preamble = 0;
  while (heard[preamble] == wakes) ++preamble;
  const ByteView body = heard.subspan(preamble, length - preamble - tail);
  if (heard[length - 1] != ends || heard[length - tail] != sum_of(body)) return {};
  return body;
}

Bytes item_frame(ByteView body, std::size_t preamble) {
  Bytes frame(preamble, wakes);
  frame.insert(frame.end(), body.begin(), body.end());
  frame.push_back(sum_of(body));
  frame.push_back(ends);
  return frame;
}

std::optional<std::uint64_t> number_in(ItemSpeech speech, ByteView body) {
  if (body.size() < data_at(speech)) return std::nullopt;
  const std::size_t first = speech == ItemSpeech::cjt188 ? 2 : 1;
  std::uint64_t number = 0;
  for (std::size_t at = address_bytes(speech) + 1; at-- > first;) {
    if (body[at] / 16 > 9 || body[at] % 16 > 9) return std::nullopt;
    number = number * 100 + body[at] / 16 * 10U + body[at] % 16;
  }
  return speech == ItemSpeech::cjt188 ? number + body[1] * type_place : number;
}

void put_number(ItemSpeech speech, std::uint64_t number, Bytes& body) {
  const Bytes address = address_of(speech, number);
  std::ranges::copy(address, body.begin() + 1);
}

bool addressed(ItemSpeech speech, ByteView body, std::uint64_t number) {
  const Bytes own = address_of(speech, number);
  return body.size() >= data_at(speech) &&
         std::equal(own.begin(), own.end(), body.begin() + 1,
                    [](std::uint8_t mine, std::uint8_t asked) { return asked == anybody || asked == mine; });
}

Bytes dlt645_answer(const ItemManners& manners, ByteView heard, const ItemSource& item) {
  constexpr auto speech = ItemSpeech::dlt645;
  const ByteView body = item_body(speech, heard);
  if (body.empty() || !addressed(speech, body, manners.number)) return {};
  const std::uint8_t control = body[control_at(speech)];
  const Bytes asked = unmasked(body.subspan(data_at(speech)));
  const auto say = [&](std::uint8_t with, const Bytes& data) {
    return item_frame(body_of(speech, manners.number, with, data), manners.preamble);
  };
  if (control == 0x13 && asked.empty()) return say(control | replies, address_of(speech, manners.number));
  const bool follows = control == 0x12 && asked.size() == 5;
  if (!follows && (control != 0x11 || asked.size() != 4)) return {};
  const auto identifier = asked[0] | (std::uint32_t{asked[1]} << 8) | (std::uint32_t{asked[2]} << 16) |
                          (std::uint32_t{asked[3]} << 24);
  const std::size_t part = follows ? asked[4] : 0U;
  const auto all = item(identifier);
  if (!all && all.error().fault == Fault::retry) return {};
  const std::size_t first = part * manners.most_data;
  if (!all || (part > 0 && first >= all->size())) {
    const bool unknown = all || all.error().fault == Fault::unsupported;
    return say(control | replies | refuses, {unknown ? no_such_data : other_error});
  }
  const std::size_t last = std::min(all->size(), first + manners.most_data);
  Bytes data(asked.begin(), asked.begin() + 4);
  data.insert(data.end(), all->begin() + static_cast<std::ptrdiff_t>(first),
              all->begin() + static_cast<std::ptrdiff_t>(last));
  if (follows) data.push_back(asked[4]);
  const std::uint8_t more = last < all->size() ? goes_on : std::uint8_t{0};
  return say(control | replies | more, data);
}

Bytes cjt188_answer(const ItemManners& manners, ByteView heard, const ItemSource& item) {
  constexpr auto speech = ItemSpeech::cjt188;
  const ByteView body = item_body(speech, heard);
  if (body.empty() || !addressed(speech, body, manners.number)) return {};
  const std::uint8_t control = body[control_at(speech)];
  const Bytes asked(body.begin() + static_cast<std::ptrdiff_t>(data_at(speech)), body.end());
  if (asked.size() != 3 || (control != 0x01 && control != 0x03)) return {};
  const auto say = [&](std::uint8_t with, const Bytes& data) {
    return item_frame(body_of(speech, manners.number, with, data), manners.preamble);
  };
  if (control == 0x03) return say(control | replies, asked);
  const auto identifier =
      static_cast<std::uint32_t>(manners.low_first ? asked[0] | (asked[1] << 8) : (asked[0] << 8) | asked[1]);
  const auto all = item(identifier);
  if (!all && all.error().fault == Fault::retry) return {};
  if (!all) return say(control | replies | refuses, {asked[2], 0x02, 0x00});
  Bytes data = asked;
  data.insert(data.end(), all->begin(), all->end());
  return say(control | replies, data);
}

}  // namespace steward::sim
