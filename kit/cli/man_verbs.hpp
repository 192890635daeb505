#pragma once
#include <string>

namespace CLI {
class App;
}

namespace steward {

/// Asks a program for its options and verbs as mdoc(7), for its manual page (cmake/package.cmake).
/// Not in --help: only the build uses it.
inline constexpr const char* man_verbs_option = "--help-mdoc";

/// The sections OPTIONS and VERBS of a manual page, from the same words that --help prints: a verb or
/// option cannot be missing there. English alone: a text's Chinese in parentheses is left out.
std::string man_verbs(const CLI::App& app);

}  // namespace steward
