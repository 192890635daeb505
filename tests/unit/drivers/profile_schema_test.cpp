#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "contract/text/json.hpp"
#include "tests/unit/drivers/channels.hpp"

using namespace steward;

namespace {

std::set<std::string> keys_of(const Json& schema) {
  std::set<std::string> keys;
  const Json* properties = schema.find("properties");
  REQUIRE(properties != nullptr);
  for (const auto& [key, value] : properties->members()) keys.insert(key);
  return keys;
}

/// What the reader says it knows, when it is given a key it does not.
std::set<std::string> keys_read(const std::string& text) {
  Problems problems;
  REQUIRE_FALSE(read_profile("p.json", text, Digest{}, problems));
  for (const auto& one : problems) {
    const std::string mark = "unknown key \"nonsense\"; known are ";
    const auto at = one.en.find(mark);
    if (at == std::string::npos) continue;
    std::set<std::string> keys;
    std::istringstream list(one.en.substr(at + mark.size()));
    for (std::string key; list >> key;) {
      if (key.ends_with(',')) key.pop_back();
      keys.insert(key);
    }
    return keys;
  }
  return {};
}

const Json* down(const Json* from, std::initializer_list<const char*> path) {
  for (const char* step : path) {
    REQUIRE(from != nullptr);
    from = from->find(step);
  }
  REQUIRE(from != nullptr);
  return from;
}

}  // namespace

TEST_SUITE("drivers/profile/schema") {
  TEST_CASE("the published schema has the keys the reader knows, no more and no less") {
    const auto schema = Json::parse(text_of(source_path("contract/schema/profile.schema.json")));
    REQUIRE(schema);
    const Json* root = &*schema;
    CHECK(keys_of(*root) == keys_read(R"({ "nonsense": 1 })"));
    CHECK(keys_of(*down(root, {"properties", "bus"})) == keys_read(R"({ "bus": { "nonsense": 1 } })"));
    CHECK(keys_of(*down(root, {"properties", "title"})) == keys_read(R"({ "title": { "nonsense": 1 } })"));
    CHECK(keys_of(*down(root, {"properties", "bus", "properties", "forbidden", "items"})) ==
          keys_read(R"({ "bus": { "forbidden": [ { "nonsense": 1 } ] } })"));
    CHECK(keys_of(*down(root, {"properties", "items", "items"})) ==
          keys_read(R"({ "protocol": "dlt645", "items": [ { "nonsense": 1 } ] })"));
    CHECK(keys_of(*down(root, {"definitions", "channel"})) ==
          keys_read(R"({ "channels": [ { "nonsense": 1 } ] })"));
    CHECK(keys_of(*down(root, {"definitions", "capture"})) ==
          keys_read(R"({ "captures": [ { "nonsense": 1 } ] })"));
    const auto* probe = down(root, {"properties", "bus", "properties", "probe"});
    CHECK(keys_of(*probe) == keys_read(R"({ "bus": { "probe": { "nonsense": 1 } } })"));
    CHECK(keys_of(*down(probe, {"properties", "serial"})) ==
          keys_read(R"({ "bus": { "probe": { "kind": "holding", "first": 0, "counts": [1, 2],
                                             "serial": { "nonsense": 1 } } } })"));
    CHECK(keys_of(*down(root, {"properties", "variant"})) ==
          keys_read(R"({ "variant": { "nonsense": 1 } })"));
    CHECK(keys_of(*down(root, {"properties", "clock"})) == keys_read(R"({ "clock": { "nonsense": 1 } })"));
    const auto* frozen = down(root, {"properties", "frozen", "items"});
    CHECK(keys_of(*frozen) == keys_read(R"({ "frozen": [ { "nonsense": 1 } ] })"));
    CHECK(
        keys_of(*down(frozen, {"properties", "parts", "items"})) ==
        keys_read(R"({ "frozen": [ { "kind": "holding", "first": 0, "parts": [ { "nonsense": 1 } ] } ] })"));
  }
}
