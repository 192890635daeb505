#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace steward::tidy {

/// One text file of the repository.
struct SourceFile {
  std::string path;  // from the root, with '/': "edge/poll/round.cpp"
  std::string text;
};

/// All problems a rule found: "path:line: what is wrong, what would be right".
using Findings = std::vector<std::string>;

/// Every text file below `root`, in order of path, except what is built or
/// belongs to git (build/, .git/, .cache/). Files with a NUL byte are not text.
std::vector<SourceFile> read_tree(const std::string& root);

/// The lines of `text` without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

/// C++ text with comments and the insides of string and character literals
/// blanked by spaces; places and line ends stay. Raw strings are understood.
std::string code_only(std::string_view text);

/// Whether `word` stands in `text` as a whole word (not inside a longer name).
bool has_word(std::string_view text, std::string_view word);

bool is_cpp(std::string_view path);   // .cpp or .hpp
bool is_test(std::string_view path);  // below tests/
/// "path:line" for a finding; line from 1.
std::string at(const SourceFile& file, std::size_t line);

}  // namespace steward::tidy
