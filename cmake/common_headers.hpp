// Parsed once for the whole tree where a preset sets STEWARD_PCH: the standard headers that most files
// include. A file still includes what it uses; the presets without it (release, tidy, arm64, armhf) refuse
// one that does not. Not <filesystem>: it brings std::quoted, which a call of our own quoted(text) would find.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>
