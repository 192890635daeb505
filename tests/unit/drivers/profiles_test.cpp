#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "drivers/decode/cut.hpp"
#include "drivers/decode/decode.hpp"
#include "drivers/sim/encode.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

std::string listed(const Problems& problems) {
  std::string text;
  for (const auto& one : problems)
    text += one.file + ":" + std::to_string(one.line) + ": " + one.en + " | " + one.zh + "\n";
  return text;
}

std::vector<std::filesystem::path> profile_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("drivers/profiles")))
    files.push_back(entry.path());
  return files;
}

}  // namespace

TEST_SUITE("drivers/profiles") {
  TEST_CASE("every file in the folder is a profile named after itself, and its captures hold") {
    std::set<std::string> ids;
    for (const auto& file : profile_files()) {
      INFO(file.string());
      CHECK(file.extension() == ".json");
      Problems problems;
      // Reading a profile runs its captures through decode.
      const auto profile = read_profile(file.filename().string(), text_of(file), Digest{}, problems);
      INFO(listed(problems));
      REQUIRE(profile);
      CHECK(profile->id.text.substr(0, profile->id.text.find('/')) == file.stem().string());
      CHECK_FALSE(profile->captures.empty());
      ids.insert(profile->id.text);
    }
    CHECK(ids.contains("eastron-sdm630/1"));
    CHECK(ids.contains("acrel-adl400/1"));
    CHECK(ids.contains("tuf-2000/1"));
  }

  TEST_CASE("every captured register that is changed is noticed") {
    // The captures would prove nothing if a wrong map passed them too.
    for (const auto& file : profile_files()) {
      Problems problems;
      const auto profile = read_profile(file.filename().string(), text_of(file), Digest{}, problems);
      REQUIRE(profile);
      for (const auto& capture : profile->captures) {
        for (const auto& expected : capture.expect) {
          const ProfileChannel& channel = profile->channels[expected.channel.value];
          const auto offset = channel.span.is_item()
                                  ? channel.offset
                                  : static_cast<std::uint16_t>(channel.span.first - capture.span.first);
          Words words = cut(capture.words, channel.span, offset);
          REQUIRE(decode(channel, words) == Decoded{expected.value, expected.quality, expected.reason});
          for (auto& word : words) word = static_cast<std::uint16_t>(word ^ 0x2110);
          if (expected.reason == Reason::unit)
            words = encode(channel, 0);  // any other wrong unit is as wrong
          INFO(capture.note, ": ", channel.name);
          CHECK(decode(channel, words) != Decoded{expected.value, expected.quality, expected.reason});
        }
      }
    }
  }

  TEST_CASE("each profile has its billed channel, in the unit bills are made of") {
    std::size_t meters = 0;
    for (const auto& file : profile_files()) {
      const Profile profile = shipped(file.stem().string());
      INFO(profile.id.text);
      const auto* energy = profile.channel("energy_import");
      const auto* billed = energy != nullptr ? energy : profile.channel("volume");
      REQUIRE(billed != nullptr);
      CHECK(billed->unit == (energy != nullptr ? ChannelUnit::wh : ChannelUnit::litre));
      CHECK(billed->cumulative);
      CHECK_FALSE(billed->source.empty());
      ++meters;
    }
    CHECK(meters >= 15);
  }

  TEST_CASE("each profile says how its meter is asked who it is, and where it knows that from") {
    for (const auto& file : profile_files()) {
      const Profile profile = shipped(file.stem().string());
      INFO(profile.id.text);
      REQUIRE(profile.bus.probe);
      CHECK_FALSE(profile.bus.probe->source.empty());
      // Without a serial number the probe is a canary, and the profile says that it is one. An item
      // meter's address is in each of its frames.
      if (!profile.bus.probe->serial && profile.protocol == Protocol::modbus)
        CHECK((profile.bus.probe->source + profile.bus.probe->guess).find("canary") != std::string::npos);
    }
  }

  TEST_CASE("replies that were published decode to what was published with them") {
    const auto seen = [](const char* name) {
      const Profile profile = shipped(name);
      return std::count_if(profile.captures.begin(), profile.captures.end(),
                           [](const Capture& capture) { return !capture.guess; });
    };
    CHECK(seen("eastron-sdm630") == 1);          // 01 04 04 43 66 33 34 1B 38: 230.2 V
    CHECK(seen("electromagnetic-water") == 1);   // 01 03 04 00 00 C1 48 AB 95: -12.5
    CHECK(seen("tuf-2000") == 2);                // a feed with its date
    CHECK(seen("cjt188-2004-cold-water") == 2);  // 1000.10 m3, and a meter that counts litres
  }

  TEST_CASE("the Acrel's energy is the count before PT and CT, which are channels of their own") {
    const Profile profile = shipped("acrel-adl400");
    const ProfileChannel* energy = profile.channel("energy_import");
    REQUIRE(energy != nullptr);
    CHECK(energy->times == std::vector<std::string>{"pt_ratio", "ct_ratio"});
    CHECK(energy->per_count == PerCount{10, 1});
    CHECK(profile.channel("pt_ratio")->unit == ChannelUnit::ratio);
    CHECK(profile.channel("ct_ratio")->unit == ChannelUnit::ratio);
  }

  TEST_CASE("the TUF-2000's registers are numbered from 1 in its manual and from 0 on the wire") {
    const Profile profile = shipped("tuf-2000");
    CHECK(profile.channel("volume")->span == RegisterSpan{RegisterKind::holding, 8, 4});
    CHECK(profile.channel("total_unit")->span.first == 1437);
    CHECK(profile.channel("volume")->guess.find("cubic metres") != std::string::npos);
  }

  TEST_CASE("a dial of every channel survives the way into registers and back") {
    for (const auto& file : profile_files()) {
      Problems problems;
      const auto profile = read_profile(file.filename().string(), text_of(file), Digest{}, problems);
      REQUIRE(profile);
      for (const auto& channel : profile->channels) {
        const std::int64_t value = (channel.max ? *channel.max / 2 : 12345) / channel.step * channel.step;
        INFO(profile->id.text, " ", channel.name);
        CHECK(decode(channel, encode(channel, value)).value == value);
      }
    }
  }

  TEST_CASE("the catalogue names a channel as the profile does") {
    const Profile profile = shipped("tuf-2000");
    const auto entry = catalogue_channel(*profile.channel("volume"));
    CHECK(entry == CatalogueChannel{ChannelNo{0}, "volume", ChannelUnit::litre, true, 4, 0});
  }
}
