#include "tests/tidy/layers.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace steward::tidy {
namespace {

/// What the files whose path begins with `files` may include of this tree. The
/// longest beginning that fits holds. Pure: values in, values out.
struct Layer {
  std::string_view files;
  std::string_view sees;  // beginnings of paths, by spaces
  bool pure = false;
};
constexpr bool pure = true;
constexpr Layer layers[] = {
    {"contract/nouns/", "contract/nouns/", pure},
    {"contract/text/", "contract/nouns/ contract/text/", pure},
    {"contract/", "contract/", pure},
    {"kit/", "contract/ kit/"},
    {"drivers/decode/", "contract/nouns/ contract/text/ drivers/decode/", pure},
    {"drivers/line/wire_time", "contract/nouns/ drivers/line/wire_time", pure},
    {"drivers/modbus/plan", "contract/nouns/ drivers/decode/ drivers/line/wire_time drivers/modbus/plan",
     pure},
    {"drivers/modbus/unit_plan", "contract/nouns/ drivers/decode/ drivers/bus/dictionary drivers/modbus/",
     pure},
    {"drivers/modbus/frame.", "contract/nouns/ drivers/decode/ drivers/modbus/frame.", pure},
    {"drivers/guard/", "contract/nouns/ drivers/guard/", pure},
    {"drivers/bus/dictionary", "contract/nouns/ drivers/decode/register_span drivers/guard/ drivers/bus/",
     pure},
    {"drivers/bus/heard", "contract/nouns/ drivers/decode/register_span drivers/guard/", pure},
    {"drivers/bus/line_codec", "contract/nouns/ drivers/bus/heard drivers/bus/line_codec", pure},
    {"drivers/bus/line_guard",
     "contract/nouns/ contract/text/unit_text drivers/decode/register_span drivers/guard/ drivers/bus/",
     pure},
    {"drivers/bus/unit_status", "contract/nouns/ drivers/guard/ drivers/bus/unit_status", pure},
    {"drivers/bus/",
     "contract/nouns/ contract/text/unit_text kit/ drivers/decode/ drivers/guard/ drivers/line/ "
     "drivers/bus/"},
    {"drivers/modbus/burst",
     "contract/nouns/ drivers/decode/register_span drivers/bus/heard drivers/modbus/burst "
     "drivers/modbus/frame.",
     pure},
    {"drivers/line/line_piece", "contract/nouns/ drivers/line/line_piece", pure},
    {"drivers/line/bcd_search", "drivers/line/bcd_search", pure},
    {"drivers/line/bcd_frame", "contract/nouns/ drivers/line/bcd_frame", pure},
    {"drivers/dlt645/",
     "contract/nouns/ contract/text/unit_text drivers/bus/line_codec drivers/line/bcd_ drivers/dlt645/",
     pure},
    {"drivers/cjt188/",
     "contract/nouns/ contract/text/unit_text drivers/bus/line_codec drivers/line/bcd_ drivers/cjt188/",
     pure},
    {"drivers/pulse/", "contract/ kit/ drivers/decode/ drivers/guard/ drivers/bus/ drivers/pulse/"},
    {"drivers/sim/", "contract/ kit/ drivers/"},
    {"drivers/",
     "contract/ kit/ drivers/decode/ drivers/guard/ drivers/line/ drivers/bus/ drivers/modbus/ "
     "drivers/dlt645/ drivers/cjt188/ drivers/doors/ drivers/readers/"},
    {"edge/commission/",
     "contract/nouns/ contract/text/ drivers/decode/ drivers/line/bcd_ drivers/line/line_piece "
     "drivers/line/wire_time drivers/dlt645/ drivers/cjt188/ drivers/modbus/frame. edge/commission/",
     pure},
    {"edge/site/", "contract/nouns/ contract/text/ drivers/decode/ edge/site/", pure},
    {"edge/",
     "contract/ kit/ drivers/decode/ drivers/guard/ drivers/line/ drivers/bus/ drivers/modbus/ "
     "drivers/dlt645/ drivers/cjt188/ drivers/doors/ drivers/readers/ drivers/pulse/ edge/"},
    {"cloud/metering/", "contract/nouns/ contract/text/ cloud/metering/ cloud/billing/", pure},
    {"cloud/billing/", "contract/nouns/ contract/text/ cloud/metering/ cloud/billing/", pure},
    {"cloud/verify/block_file", "contract/nouns/ cloud/verify/block_file", pure},
    {"cloud/verify/block_chain", "contract/ kit/crypto/digest cloud/verify/block_chain", pure},
    {"cloud/verify/", "contract/ kit/cli/ kit/crypto/ cloud/metering/ cloud/billing/ cloud/verify/"},
    {"cloud/", "contract/ kit/ cloud/"},
    {"tests/", "contract/ kit/ drivers/ edge/ cloud/ tests/"},
};

/// A library's headers and the one place that may include them.
struct Home {
  std::string_view header;         // beginning of the name between < >
  std::string_view files;          // beginning of a path, or "*" and the end of one
  std::string_view compared = {};  // where it stands beside ours, to be measured: beginnings, by spaces
};
constexpr Home homes[] = {
    {"modbus", "drivers/modbus/", "tests/bench/libmodbus_loops tests/fault/bare_libmodbus."},
    {"mqtt/", "kit/mqtt/"},
    {"MQTT", "kit/mqtt/"},
    {"sqlite3.h", "kit/sqlite/", "tests/fault/crash_disk."},
    {"openssl/", "kit/crypto/"},
    {"boost/", "kit/loop/"},
    {"gpiod", "kit/gpio/"},
    {"nlohmann/", "contract/text/json_json.cpp"},
    {"CLI/", "*_cli.cpp"},
    {"doctest/", "tests/"},
};

/// Beginnings of headers that wait, ask the world or share: not for pure folders.
constexpr std::string_view impure[] = {"atomic",     "condition_variable",
                                       "ctime",      "filesystem",
                                       "fstream",    "future",
                                       "iostream",   "mutex",
                                       "random",     "semaphore",
                                       "stop_token", "thread",
                                       "arpa/",      "fcntl.h",
                                       "net",        "poll.h",
                                       "pthread.h",  "sys/",
                                       "termios.h",  "time.h",
                                       "unistd.h"};

bool fits(std::string_view path, std::string_view files) {
  if (files.starts_with('*')) return path.ends_with(files.substr(1));
  return path.starts_with(files);
}

const Layer* layer_of(std::string_view path) {
  const Layer* best = nullptr;
  for (const auto& layer : layers) {
    if (fits(path, layer.files) && (best == nullptr || layer.files.size() > best->files.size()))
      best = &layer;
  }
  return best;
}

/// beginnings: by spaces
bool begins_with_one_of(std::string_view path, std::string_view beginnings) {
  std::istringstream words{std::string(beginnings)};
  std::string word;
  while (words >> word) {
    if (path.starts_with(word)) return true;
  }
  return false;
}

bool sees(const Layer& layer, std::string_view target) { return begins_with_one_of(target, layer.sees); }

struct Include {
  std::string_view name;
  bool ours;  // written with quotes, from the root
};

std::optional<Include> include_of(std::string_view line) {
  constexpr std::string_view directive = "#include ";
  if (!line.starts_with(directive)) return std::nullopt;
  line.remove_prefix(directive.size());
  const bool ours = line.starts_with('"');
  if (!ours && !line.starts_with('<')) return std::nullopt;
  const auto end = line.find(ours ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Include{line.substr(1, end - 1), ours};
}

void check_ours(const SourceFile& file, std::size_t line, const Layer& layer, std::string_view name,
                Findings& out) {
  if (name.find('/') == std::string_view::npos) {
    out.push_back(at(file, line) + "write the include from the root: \"folder/file.hpp\", not " +
                  std::string(name));
  } else if (!sees(layer, name)) {
    out.push_back(at(file, line) + std::string(layer.files) + " may not see " + std::string(name) +
                  "; it sees " + std::string(layer.sees));
  }
}

void check_theirs(const SourceFile& file, std::size_t line, const Layer& layer, std::string_view name,
                  Findings& out) {
  for (const auto& home : homes) {
    if (name.starts_with(home.header) && !fits(file.path, home.files) &&
        !begins_with_one_of(file.path, home.compared)) {
      out.push_back(at(file, line) + "<" + std::string(name) + "> has its home in " +
                    std::string(home.files));
    }
  }
  if (layer.pure &&
      std::ranges::any_of(impure, [&](std::string_view header) { return name.starts_with(header); })) {
    out.push_back(at(file, line) + "<" + std::string(name) + "> waits or asks the world; " +
                  std::string(layer.files) + " is pure");
  }
}

}  // namespace

Findings layer_findings(std::span<const SourceFile> files) {
  Findings findings;
  for (const auto& file : files) {
    if (!is_cpp(file.path)) continue;
    const auto* layer = layer_of(file.path);
    if (layer == nullptr) {
      findings.push_back(file.path + ": no line of the layer table is for this folder");
      continue;
    }
    std::size_t number = 0;
    for (const auto line : lines_of(file.text)) {
      ++number;
      const auto include = include_of(line);
      if (!include) continue;
      if (include->ours) {
        check_ours(file, number, *layer, include->name, findings);
      } else {
        check_theirs(file, number, *layer, include->name, findings);
      }
    }
  }
  return findings;
}

}  // namespace steward::tidy
