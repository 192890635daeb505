#include <algorithm>
#include <array>
#include <map>

#include "tests/tidy/rules.hpp"

namespace steward::tidy {
namespace {

constexpr std::size_t longest_source = 400;

bool is_source(std::string_view path) { return is_cpp(path) && !is_test(path); }

/// Calls `report(line number, line)` for each line of C++ where `found` holds in its code.
template <class Found, class Report>
void each_code_line(const SourceFile& file, Found found, Report report) {
  const auto code = code_only(file.text);
  std::size_t number = 0;
  for (const auto line : lines_of(code)) {
    ++number;
    if (found(line)) report(number, line);
  }
}

/// Whether code checks something itself.
bool checks(std::string_view code) {
  constexpr std::array<std::string_view, 3> words{"CHECK", "REQUIRE", "FAIL"};
  return std::ranges::any_of(words, [&](auto word) { return code.find(word) != std::string_view::npos; });
}

/// Names of the functions that a test file defines before its first case and
/// that check: a case that calls one of them checks too.
std::vector<std::string> checking_helpers(std::string_view code) {
  std::vector<std::string> names;
  std::string name;
  for (const auto line : lines_of(code.substr(0, code.find("TEST_CASE(")))) {
    const auto open = line.find('(');
    if (!line.empty() && line.front() != ' ' && line.front() != '#' && open != std::string_view::npos) {
      const auto space = line.find_last_of(" &*", open);
      const auto begin = space == std::string_view::npos ? 0 : space + 1;
      name = std::string(line.substr(begin, open - begin));
    }
    if (!name.empty() && checks(line)) names.push_back(name);
  }
  return names;
}

void find_empty_cases(const SourceFile& file, Findings& findings) {
  const auto code = code_only(file.text);
  const auto helpers = checking_helpers(code);
  constexpr std::string_view mark = "TEST_CASE(";
  for (auto begin = code.find(mark); begin != std::string::npos;) {
    const auto end = code.find(mark, begin + mark.size());
    const auto body = std::string_view(code).substr(begin, end == std::string::npos ? end : end - begin);
    const bool helped = body.find("check_") != std::string_view::npos ||  // helpers of tests/support
                        std::ranges::any_of(helpers, [&](const auto& name) { return has_word(body, name); });
    if (!checks(body) && !helped) {
      const auto before = code.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto line = static_cast<std::size_t>(std::count(code.begin(), before, '\n')) + 1;
      findings.push_back(at(file, line) + "this test case checks nothing");
    }
    begin = end;
  }
}

}  // namespace

Findings unbuilt_findings(std::span<const SourceFile> files) {
  std::map<std::string, std::string_view> lists;  // folder -> its CMakeLists.txt
  for (const auto& file : files) {
    constexpr std::string_view name = "CMakeLists.txt";
    if (!file.path.ends_with(name)) continue;
    lists[file.path.substr(0, file.path.size() - name.size())] = file.text;
  }
  Findings findings;
  for (const auto& file : files) {
    if (!file.path.ends_with(".cpp")) continue;
    bool named = false;
    for (auto slash = file.path.rfind('/'); slash != std::string::npos && !named;
         slash = slash == 0 ? std::string::npos : file.path.rfind('/', slash - 1)) {
      const auto list = lists.find(file.path.substr(0, slash + 1));
      named = list != lists.end() && list->second.find(file.path.substr(slash + 1)) != std::string_view::npos;
    }
    if (!named) findings.push_back(file.path + ": no CMakeLists.txt above it names it, so nobody builds it");
  }
  return findings;
}

Findings length_findings(std::span<const SourceFile> files) {
  Findings findings;
  for (const auto& file : files) {
    const auto lines = lines_of(file.text).size();
    if (is_source(file.path) && lines > longest_source) {
      findings.push_back(file.path + ": " + std::to_string(lines) + " lines; above " +
                         std::to_string(longest_source) + " look for the second noun");
    }
  }
  return findings;
}

Findings float_findings(std::span<const SourceFile> files) {
  constexpr std::array<std::string_view, 4> roads{"contract/", "drivers/decode/", "edge/", "cloud/"};
  Findings findings;
  for (const auto& file : files) {
    if (!is_source(file.path)) continue;
    if (std::ranges::none_of(roads, [&](auto road) { return file.path.starts_with(road); })) continue;
    each_code_line(
        file, [](std::string_view line) { return has_word(line, "float") || has_word(line, "double"); },
        [&](std::size_t line, std::string_view) {
          findings.push_back(at(file, line) +
                             "binary floating point on the way to a bill; count a whole unit");
        });
  }
  return findings;
}

Findings test_findings(std::span<const SourceFile> files) {
  constexpr std::array<std::string_view, 5> waits{"sleep_for", "sleep_until", "usleep", "nanosleep", "sleep"};
  Findings findings;
  for (const auto& file : files) {
    if (!is_cpp(file.path) || !is_test(file.path)) continue;
    each_code_line(
        file,
        [&](std::string_view line) {
          return std::ranges::any_of(waits, [&](auto w) { return has_word(line, w); });
        },
        [&](std::size_t line, std::string_view) {
          findings.push_back(at(file, line) + "a test that sleeps is a bug in the seam; own the clock");
        });
    each_code_line(
        file,
        [](std::string_view line) {
          return line.find("doctest::skip") != std::string_view::npos ||
                 line.find("may_fail") != std::string_view::npos;
        },
        [&](std::size_t line, std::string_view) {
          findings.push_back(at(file, line) + "a skipped test tests nothing");
        });
    find_empty_cases(file, findings);
  }
  return findings;
}

/// The name that a line at a header's outermost level defines; empty: none.
std::string_view defined_name(std::string_view line) {
  for (const std::string_view word : {"enum class ", "struct ", "class "}) {
    if (!line.starts_with(word)) continue;
    line.remove_prefix(word.size());
    const auto end = line.find_first_of(" :;{<");
    const bool whole = end != std::string_view::npos && line.substr(end, 2) != "::" && line[end] != '<';
    return whole && !line.ends_with(';') ? line.substr(0, end) : std::string_view();
  }
  return {};
}

Findings twice_named_findings(std::span<const SourceFile> files) {
  Findings findings;
  std::map<std::string, std::string> seen;  // namespace and name -> where
  for (const auto& file : files) {
    if (!file.path.ends_with(".hpp") || is_test(file.path)) continue;
    const auto code = code_only(file.text);
    std::string space;
    std::size_t number = 0;
    for (const auto line : lines_of(code)) {
      ++number;
      if (line.starts_with("namespace ")) space = line;
      const auto name = defined_name(line);
      if (name.empty()) continue;
      const auto [before, fresh] = seen.emplace(space + std::string(name), file.path);
      if (!fresh)
        findings.push_back(at(file, number) + std::string(name) + " is defined in " + before->second +
                           " as well; give one of them another name");
    }
  }
  return findings;
}

}  // namespace steward::tidy
