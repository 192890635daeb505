// Any text as a topic, a UUID or something a device said.
#include "contract/wire/block_codec.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/topics.hpp"
#include "contract/wire/uuid_text.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

std::string text_of(const Topic& topic) {
  switch (topic.kind) {
    case TopicKind::up: return up_topic(topic.site, topic.gateway, topic.stream);
    case TopicKind::ack: return ack_topic(topic.site, topic.gateway);
    case TopicKind::state: return state_topic(topic.site, topic.gateway);
    case TopicKind::desired: return desired_topic(topic.site, topic.gateway);
    case TopicKind::reported: return reported_topic(topic.site, topic.gateway);
    case TopicKind::command: return command_topic(topic.site, topic.gateway, topic.command);
    case TopicKind::command_result: return command_result_topic(topic.site, topic.gateway, topic.command);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  const std::size_t most = input.octet();
  const std::string_view text = input.rest_text();
  if (const auto topic = parse_topic(text)) test::must(text_of(*topic) == text, "a topic has one text");
  if (const auto uuid = uuid_from(text)) test::must(uuid_text(*uuid) == text, "a UUID has one text");
  const std::string fitted = fit_text(text, most);
  test::must(is_plain_text(fitted, 0, most), "fitted text is plain and fits");
  if (is_plain_text(text, 0, most)) test::must(fitted == text, "what fits is left alone");
  return 0;
}
