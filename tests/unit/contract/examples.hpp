#pragma once
#include <functional>
#include <string>
#include <vector>

#include "contract/nouns/bytes.hpp"
#include "contract/wire/ack.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/command.hpp"
#include "contract/wire/site_config.hpp"
#include "contract/wire/state.hpp"

namespace steward::test {

/// The values behind contract/examples, one of each kind of message, all of one
/// gateway on one night: the log `readings` goes catalogue (1..3), readings
/// (4..9), closings (10..11), frozen readings (12..13), each block linked to the one before.
struct Examples {
  Block catalogue, readings, closings, doors, patrol, events, hole, frozen, meter_events;
  std::vector<Closing> closing_records;
  Ack ack;
  EdgeState state;
  SiteConfigDocument site_config;
  ReportedConfig reported;
  Command command;
  CommandResult command_result;
};
Examples make_examples();

/// A file of contract/examples: sealed messages are lower-case hex in lines of
/// 32 bytes, JSON stands as it is sent, with a newline at its end.
struct ExampleFile {
  std::string name;
  std::string content;
};
std::vector<ExampleFile> write_examples(const Examples& examples);

/// The file of that name as it is in the tree, and a .hex file's bytes.
std::string example_text(const std::string& name);
Bytes example_bytes(const std::string& name);

}  // namespace steward::test
