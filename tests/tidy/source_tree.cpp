#include "tests/tidy/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace steward::tidy {
namespace {

bool of_a_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Blanks one literal or comment at `i`; returns where the code goes on.
std::size_t blank(std::string& code, std::size_t from, std::size_t to) {
  to = std::min(to, code.size());
  for (std::size_t i = from; i < to; ++i) {
    if (code[i] != '\n') code[i] = ' ';
  }
  return to;
}

std::size_t end_of_quoted(std::string_view text, std::size_t open) {
  std::size_t i = open + 1;
  while (i < text.size() && text[i] != text[open] && text[i] != '\n') i += text[i] == '\\' ? 2U : 1U;
  return i;
}

std::size_t after(std::string_view text, std::string_view mark, std::size_t from) {
  const auto found = text.find(mark, from);
  return found == std::string_view::npos ? text.size() : found + mark.size();
}

}  // namespace

std::vector<SourceFile> read_tree(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<SourceFile> files;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator();
       ++entry) {
    const auto name = entry->path().filename().string();
    if (entry->is_directory() &&
        (name == "build" || name == ".git" || name == ".cache" || name == "__pycache__")) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file() || name == ".git") continue;
    std::ifstream in(entry->path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.find('\0') != std::string::npos) continue;
    files.push_back({fs::relative(entry->path(), root).generic_string(), std::move(text)});
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string code_only(std::string_view text) {
  std::string code(text);
  std::size_t i = 0;
  while (i < text.size()) {
    const auto rest = text.substr(i);
    if (rest.starts_with("//")) {
      i = blank(code, i, text.find('\n', i));
    } else if (rest.starts_with("/*")) {
      i = blank(code, i, after(text, "*/", i + 2));
    } else if (rest.starts_with("R\"") && (i == 0 || !of_a_name(text[i - 1]))) {
      const auto open = text.find('(', i);
      const auto closing = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
      i = blank(code, i, after(text, closing, open));
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !of_a_name(text[i - 1])))) {
      // A quote inside a number (1'000) follows a digit and is code.
      const auto end = end_of_quoted(text, i);
      blank(code, i + 1, end);
      i = end + 1;
    } else {
      ++i;
    }
  }
  return code;
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto found = text.find(word); found != std::string_view::npos; found = text.find(word, found + 1)) {
    const bool starts = found == 0 || !of_a_name(text[found - 1]);
    const auto end = found + word.size();
    if (starts && (end == text.size() || !of_a_name(text[end]))) return true;
  }
  return false;
}

bool is_cpp(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }
bool is_test(std::string_view path) { return path.starts_with("tests/"); }

std::string at(const SourceFile& file, std::size_t line) {
  return file.path + ":" + std::to_string(line) + ": ";
}

}  // namespace steward::tidy
