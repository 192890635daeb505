// Any text as the detail of a meter's life event, and good ones with bytes changed: what is
// accepted keeps every bound and is written again byte for byte.
#include "contract/text/meter_event_text.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/contract/random_messages.hpp"

using namespace steward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  auto event = edge_event_of(test::RandomMessages(input.number(2)).meter_event());
  const Bytes detail = test::raw_or_edited(input, event.detail);
  event.detail.assign(detail.begin(), detail.end());
  const auto read = read_meter_event(event);
  if (!read) return 0;
  test::must(wrong_with(*read) == nullptr, "what is read is sound");
  const auto again = edge_event_of(*read);
  test::must(again == event, "an event has one form");
  return 0;
}
