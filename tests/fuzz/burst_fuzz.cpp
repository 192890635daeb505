// Any bytes of a line or a TCP stream: every frame taken stands in them, in order, with its
// checksum; nothing is taken twice, and however the stream is cut the same frames come out.
#include "drivers/modbus/burst.hpp"

#include "drivers/modbus/frame.hpp"
#include "drivers/modbus/mbap_stream.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;
using test::must;

namespace {

std::size_t rtu_size(const HeardFrame& frame) {
  if (frame.kind == HeardFrame::Kind::request) return 8;
  return frame.kind == HeardFrame::Kind::exception ? 5 : 5 + 2 * frame.words.size();
}

void check_burst(ByteView request, ByteView bytes) {
  const auto burst = read_burst(request, bytes);
  std::size_t at = burst.echoed ? request.size() : 0;
  for (const auto& frame : burst.frames) {
    const auto size = rtu_size(frame);
    must(at + size <= bytes.size(), "a frame ends inside the bytes");
    const auto whole = bytes.subspan(at, size);
    must(whole[0] == frame.unit.value, "a frame names the unit in its first byte");
    must(crc16(whole.first(size - 2)) == (whole[size - 2] | (whole[size - 1] << 8)),
         "a frame has its checksum");
    at += size;
  }
  must(at + burst.rest == bytes.size(), "every byte is a frame's, the echo's or the rest's");
}

/// A sealed frame out of the fuzzer's bytes, since random bytes hardly ever have a CRC.
void put_frame(Bytes& bytes, test::FuzzInput& input) {
  Bytes frame{input.octet(), static_cast<std::uint8_t>(3 + input.octet() % 2)};
  const std::size_t words = input.octet() % 9U;
  if (words == 0) {
    frame[1] |= 0x80;
    frame.push_back(input.octet());
  } else {
    frame.push_back(static_cast<std::uint8_t>(2 * words));
    for (std::size_t at = 0; at < 2 * words; ++at) frame.push_back(input.octet());
  }
  const auto crc = crc16(frame);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  bytes.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
}

std::vector<MbapFrame> frames_of(ByteView bytes, std::size_t piece, bool& broken) {
  MbapStream stream;
  std::vector<MbapFrame> frames;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    stream.add(part);
    while (auto frame = stream.next()) frames.push_back(std::move(*frame));
    bytes = bytes.subspan(part.size());
  }
  broken = stream.is_broken();
  return frames;
}

void check_stream(ByteView bytes) {
  bool broken_whole = false;
  bool broken_cut = false;
  const auto whole = frames_of(bytes, 4096, broken_whole);
  const auto cut = frames_of(bytes, 1, broken_cut);
  must(broken_whole == broken_cut && whole.size() == cut.size(), "a cut changes nothing");
  for (std::size_t at = 0; at < whole.size(); ++at)
    must(whole[at].transaction == cut[at].transaction && whole[at].frame == cut[at].frame, "nor any frame");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024) return 0;
  test::FuzzInput input(data, size);
  const auto mode = input.octet();
  const Asked asked{UnitAddress{static_cast<std::uint8_t>(1 + input.octet() % 247)},
                    {(mode & 1) != 0 ? RegisterKind::input : RegisterKind::holding, input.octet(),
                     static_cast<std::uint16_t>(1 + input.octet() % 125)}};
  const Bytes request = encode_request({Framing::rtu, 0, asked.unit, asked.span});
  Bytes bytes;
  if ((mode & 2) != 0) bytes = request;
  for (int frames = mode >> 6; frames > 0; --frames) put_frame(bytes, input);
  bytes.insert(bytes.end(), input.rest().begin(), input.rest().end());
  check_burst((mode & 4) != 0 ? ByteView(request) : ByteView{}, bytes);
  // A receiver that hears byte by byte always ends: what it waits for stays within one frame more.
  for (std::size_t have = 0; have <= bytes.size(); ++have) {
    const auto wanted = burst_length(asked, request, ByteView(bytes).first(have));
    must(wanted <= have + 260, "never waits for more than one frame");
    must(have == 0 ? wanted > 0 : true, "silence is not a reply");
  }
  check_stream(bytes);
  return 0;
}
