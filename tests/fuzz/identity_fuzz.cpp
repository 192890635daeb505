// Any registers as a serial number, a clock and a variant: a text that fits a log line, a
// day of the calendar, or nothing.
#include <algorithm>

#include "drivers/decode/identity.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

void check_serial(test::FuzzInput& input) {
  SerialField field;
  field.as = static_cast<SerialForm>(input.octet() % 4);
  const auto flags = input.octet();
  field.words = static_cast<Order>(flags & 1);
  field.bytes = static_cast<Order>((flags >> 1) & 1);
  constexpr std::uint16_t most[] = {4, 8, max_serial_words, max_serial_words};  // by SerialForm
  field.span.count = static_cast<std::uint16_t>(1 + input.octet() % most[static_cast<std::size_t>(field.as)]);
  Words words;
  while (words.size() < field.span.count) words.push_back(static_cast<std::uint16_t>(input.number(2)));
  const auto text = serial_text(field, words);
  if (!text) return;
  test::must(!text->empty() && text->size() <= 2 * max_serial_words, "1 to 32 characters");
  test::must(std::all_of(text->begin(), text->end(), [](char c) { return c >= ' ' && c <= '~'; }),
             "printable");
  if (field.as == SerialForm::number)
    test::must(encode_serial(field, std::stoull(*text)) == words, "a number is its registers");
}

void check_clock(test::FuzzInput& input) {
  ClockField field;
  field.bcd = input.octet() % 2 == 1;
  field.span.count = static_cast<std::uint16_t>(1 + input.octet() % max_clock_words);
  for (int at = 0; at < 2 * field.span.count; ++at)
    field.bytes.push_back(static_cast<ClockByte>(input.octet() % 7));
  Words words;
  while (words.size() < field.span.count) words.push_back(static_cast<std::uint16_t>(input.number(2)));
  const auto time = device_time(field, words);
  if (!time) return;
  test::must(time->text().size() == 19, "2024-05-02 13:05:09");
  test::must(time->year >= 2000 && time->year <= 2099 && time->hour < 24, "in this century");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  switch (input.octet() % 2) {
    case 0: check_serial(input); break;
    default: check_clock(input); break;
  }
  return 0;
}
