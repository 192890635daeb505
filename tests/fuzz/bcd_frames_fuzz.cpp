// Any bytes of a line with DL/T 645 or CJ/T 188 meters: what is taken for frames is, written again,
// exactly the bytes that were taken, and a receiver never waits for more than one frame.
#include "drivers/cjt188/frame.hpp"
#include "drivers/dlt645/frame.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;
using test::must;

namespace {

template <class Frame, class Burst>
void check(ByteView bytes, Burst (*read)(ByteView), Bytes (*write)(const Frame&, std::size_t),
           std::size_t (*length)(ByteView)) {
  const auto burst = read(bytes);
  std::size_t at = 0;
  for (const auto& frame : burst.frames) {
    while (bytes[at] == 0xFE) ++at;
    const auto again = write(frame, 0);
    must(at + again.size() <= bytes.size(), "a frame ends inside the bytes");
    must(std::equal(again.begin(), again.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)),
         "a frame is its bytes");
    at += again.size();
  }
  must(at + burst.rest == bytes.size(), "every byte is a frame's or the rest's");
  for (std::size_t have = 0; have <= bytes.size(); ++have) {
    const auto wanted = length(bytes.first(have));
    must(wanted >= have && wanted <= have + 256, "never waits for more than one frame");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024) return 0;
  const ByteView bytes(data, size);
  check<dlt645::Frame, dlt645::Burst>(bytes, dlt645::read_burst, dlt645::encode, dlt645::burst_length);
  check<cjt188::Frame, cjt188::Burst>(bytes, cjt188::read_burst, cjt188::encode, cjt188::burst_length);
  test::FuzzInput input(data,
                        size);  // a good frame of the fuzzer's bytes: sums are hardly ever right by chance
  dlt645::Frame frame{dlt645::any_meter, input.octet(), {}};
  while (!input.empty() && frame.data.size() < dlt645::most_data) frame.data.push_back(input.octet());
  must(dlt645::read_burst(dlt645::encode(frame)).frames.size() == 1, "what is written is read");
  (void)dlt645::accept({dlt645::any_meter, 0x00010000, 0}, frame);
  (void)dlt645::accept({dlt645::any_meter, 0x00010000, 1}, frame);
  (void)dlt645::accept_address(frame);
  const cjt188::Frame water{cjt188::any_meter, frame.control, frame.data};
  must(cjt188::read_burst(cjt188::encode(water)).frames.size() == 1, "what is written is read");
  (void)cjt188::accept({cjt188::any_meter, 0x901F, 0}, water);
  (void)cjt188::accept_address(water);
  return 0;
}
