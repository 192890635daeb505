#include <doctest/doctest.h>

#include <string_view>

#include "drivers/cjt188/codec.hpp"
#include "drivers/dlt645/codec.hpp"
#include "drivers/modbus/rtu_codec.hpp"

using namespace steward;

namespace {

/// "68 01 .. 16" as bytes.
Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
  return bytes;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

constexpr UnitAddress meter{1, Protocol::dlt645};
constexpr RegisterSpan energy{RegisterKind::dlt645_item, 0x00010000, 4};
constexpr UnitAddress water{0x10 * 100'000'000'000'000 + 12, Protocol::cjt188};
constexpr RegisterSpan volume{RegisterKind::cjt188_item, 0x901F, 19};

// Reference vectors (published, or worked out from the standard's frame and checked by its sum).
const Bytes ask_energy = hex("68 01 00 00 00 00 00 68 11 04 33 33 34 33 B3 16");
const Bytes give_energy = hex("68 01 00 00 00 00 00 68 91 08 33 33 34 33 AB 89 67 45 17 16");
const Bytes ask_volume = hex("68 10 12 00 00 00 00 00 00 01 03 90 1F 00 3D 16");
const Bytes give_volume =
    hex("68 10 12 00 00 00 00 00 00 81 16 90 1F 00 10 00 10 00 2C 10 00 10 00 2C 00 00 00 00 00 00 00 00 FF "
        "67 16");
const Bytes modbus_reply = hex("01 04 04 43 66 33 34 1B 38");
const Bytes wake = hex("FE FE FE FE");

}  // namespace

TEST_SUITE("drivers/bus/item_codecs") {
  TEST_CASE("a read of a DL/T 645 item goes out as the standard has it, after four FE") {
    CHECK(dlt645_codec().encode({meter, energy}) == joined({wake, ask_energy}));
  }

  TEST_CASE("a DL/T 645 reply names its identifier; its bytes come in pairs, lowest digits first") {
    for (const Bytes& bytes : {give_energy, joined({wake, give_energy})}) {
      ByteView left(bytes);
      const auto frame = dlt645_codec().take(left);
      REQUIRE(frame);
      CHECK(left.empty());
      CHECK(frame->kind == HeardFrame::Kind::reply);
      CHECK(frame->unit == meter);
      CHECK(frame->tag == tag_of(energy));
      CHECK(frame->words == Words{0x7856, 0x3412});
      CHECK_FALSE(frame->odd);
      CHECK_FALSE(frame->more);
    }
  }

  TEST_CASE("the frames of a long DL/T 645 reply have tags of their own, and know where they belong") {
    const RegisterSpan block{RegisterKind::dlt645_item, 0x0001FF00, 6};
    // 0xB1: more follows; 0x92 with sequence 1 is the rest. 0x33 is added to each byte of the data.
    const Bytes first = hex("68 01 00 00 00 00 00 68 B1 08 33 32 34 33 44 55 66 77 CC 16");
    const Bytes rest = hex("68 01 00 00 00 00 00 68 92 07 33 32 34 33 88 99 34 8B 16");
    Bytes all = joined({first, rest});
    ByteView left(all);
    const auto one = dlt645_codec().take(left);
    const auto two = dlt645_codec().take(left);
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->more);
    CHECK(one->tag == tag_of(block));
    CHECK_FALSE(two->more);
    CHECK(two->tag == tag_of(block, 1));
    CHECK(two->tag != one->tag);
    CHECK(first_tag(two->tag) == one->tag);
    CHECK(one->words == Words{0x1122, 0x3344});
    CHECK(two->words == Words{0x5566});
    CHECK(dlt645_codec().encode({meter, block, 1}) ==
          joined({wake, hex("68 01 00 00 00 00 00 68 12 05 33 32 34 33 34 E8 16")}));
  }

  TEST_CASE("a DL/T 645 refusal says whether asking again can help") {
    const auto refusal = [](std::string_view text) {
      const Bytes bytes = hex(text);
      ByteView left(bytes);
      const auto frame = dlt645_codec().take(left);
      REQUIRE(frame);
      CHECK(frame->kind == HeardFrame::Kind::exception);
      CHECK(frame->function == 0x11);
      return frame->refusal;
    };
    CHECK(refusal("68 01 00 00 00 00 00 68 D1 01 35 D8 16") == Fault::unsupported);
    CHECK(refusal("68 01 00 00 00 00 00 68 D1 01 34 D7 16") == Fault::retry);
  }

  TEST_CASE("a read of a CJ/T 188 item puts its identifier and SER as the span has them") {
    CHECK(cjt188_codec().encode({water, volume}) == joined({wake, ask_volume}));
    const RegisterSpan low_first{RegisterKind::cjt188_item, 0x051F90, 19};
    const auto bytes = cjt188_codec().encode({water, low_first});
    CHECK(ByteView(bytes).subspan(15, 3)[0] == 0x1F);
    CHECK(ByteView(bytes).subspan(15, 3)[1] == 0x90);
    CHECK(ByteView(bytes).subspan(15, 3)[2] == 0x05);
  }

  TEST_CASE("a CJ/T 188 reply names its identifier and its request") {
    ByteView left(give_volume);
    const auto frame = cjt188_codec().take(left);
    REQUIRE(frame);
    CHECK(frame->unit == water);
    CHECK(frame->tag == tag_of(volume));
    CHECK(frame->tag != tag_of({RegisterKind::cjt188_item, 0x01901F, 19}));  // another SER
    CHECK(frame->tag != tag_of({RegisterKind::cjt188_item, 0x1F90, 19}));    // another byte order
    CHECK(frame->odd);
    REQUIRE(frame->words.size() == 10);
    CHECK(frame->words[0] == 0x1000);
    CHECK(frame->words[2] == 0x2C10);  // the unit, then the next value: nothing is moved
    CHECK(frame->words[9] == 0xFF00);
  }

  TEST_CASE("a request of somebody else is heard as one, a wildcard as everybody's") {
    ByteView left(ask_energy);
    const auto frame = dlt645_codec().take(left);
    REQUIRE(frame);
    CHECK(frame->kind == HeardFrame::Kind::request);
    CHECK(frame->unit == meter);
    const Bytes anyone = hex("68 AA AA AA AA AA AA 68 13 00 DF 16");
    left = anyone;
    const auto wildcard = dlt645_codec().take(left);
    REQUIRE(wildcard);
    CHECK(wildcard->unit == UnitAddress{any_digits, Protocol::dlt645});
  }

  TEST_CASE("one wrong bit anywhere makes no frame") {
    for (const auto* const whole : {&give_energy, &give_volume}) {
      const LineCodec& codec = whole == &give_energy ? dlt645_codec() : cjt188_codec();
      for (std::size_t bit = 0; bit < whole->size() * 8; ++bit) {
        Bytes bytes = *whole;
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
        ByteView left(bytes);
        INFO("bit ", bit);
        CHECK_FALSE(codec.take(left));
        CHECK(left.size() == bytes.size());
      }
    }
  }

  TEST_CASE("an adapter that hears itself, and some of the FE, is known by the frame") {
    const Bytes request = dlt645_codec().encode({meter, energy});
    for (const std::size_t missed : {0U, 1U, 3U, 4U}) {
      Bytes heard(request.begin() + static_cast<std::ptrdiff_t>(missed), request.end());
      heard.insert(heard.end(), give_energy.begin(), give_energy.end());
      const auto burst = dlt645_codec().read_burst(request, heard);
      CHECK(burst.echoed);
      REQUIRE(burst.frames.size() == 1);
      CHECK(burst.frames[0].kind == HeardFrame::Kind::reply);
      CHECK(burst.rest == 0);
    }
  }

  TEST_CASE("frames of three protocols are taken from one burst, each where the one before ended") {
    const MixedCodec mixed({{Protocol::modbus, &rtu_codec()},
                            {Protocol::dlt645, &dlt645_codec()},
                            {Protocol::cjt188, &cjt188_codec()}});
    const Bytes all = joined({modbus_reply, wake, give_energy, give_volume, modbus_reply, hex("55")});
    const auto burst = mixed.read_burst({}, all);
    REQUIRE(burst.frames.size() == 4);
    CHECK(burst.frames[0].unit == UnitAddress{1});
    CHECK(burst.frames[1].unit == meter);
    CHECK(burst.frames[2].unit == water);
    CHECK(burst.frames[3].tag == register_tag(4, 2));
    CHECK(burst.rest == 1);
    CHECK(mixed.encode({meter, energy}) == dlt645_codec().encode({meter, energy}));
    CHECK(mixed.encode({UnitAddress{1}, {RegisterKind::input, 0, 2}}) == hex("01 04 00 00 00 02 71 CB"));
  }

  TEST_CASE("a burst is waited for to the end of the answer, and not for what cannot come") {
    const MixedCodec mixed({{Protocol::modbus, &rtu_codec()},
                            {Protocol::dlt645, &dlt645_codec()},
                            {Protocol::cjt188, &cjt188_codec()}});
    const Bytes answer = joined({wake, give_energy});
    const Bytes late = joined({modbus_reply, answer});  // another unit's late reply comes first
    for (const LineCodec* const codec : {&dlt645_codec(), static_cast<const LineCodec*>(&mixed)}) {
      for (std::size_t size = 0; size < answer.size(); ++size)
        CHECK(codec->burst_length({meter, energy}, {}, ByteView(answer).first(size)) > size);
      CHECK(codec->burst_length({meter, energy}, {}, answer) == answer.size());
    }
    CHECK(mixed.burst_length({meter, energy}, {}, modbus_reply) > modbus_reply.size());
    CHECK(mixed.burst_length({meter, energy}, {}, late) == late.size());
    const Bytes noise = hex("00 3F 91");
    CHECK(dlt645_codec().burst_length({meter, energy}, {}, noise) == noise.size());
  }
}
