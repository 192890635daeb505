#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "tests/tidy/rules.hpp"

namespace steward::tidy {
namespace {

/// Joined at run time, so that this file does not hold what it forbids.
std::string joined(std::string_view first, std::string_view second) {
  return std::string(first) + std::string(second);
}

const SourceFile* find(std::span<const SourceFile> files, std::string_view path) {
  const auto found = std::ranges::find(files, path, &SourceFile::path);
  return found == files.end() ? nullptr : &*found;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The cells of a Markdown table row; empty when the line is none or a ruler (|---|).
std::vector<std::string> cells_of(std::string_view line) {
  line = trimmed(line);
  std::vector<std::string> cells;
  if (!line.starts_with('|') || !line.ends_with('|') || line.starts_with("|-") || line.starts_with("| -"))
    return cells;
  line.remove_prefix(1);
  while (!line.empty()) {
    const auto bar = line.find('|');
    cells.emplace_back(trimmed(line.substr(0, bar)));
    line.remove_prefix(bar + 1);
  }
  return cells;
}

/// The anchor that GitHub and most viewers give a heading.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : trimmed(heading)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::set<std::string> anchors_of(const SourceFile& page) {
  std::set<std::string> anchors;
  for (auto line : lines_of(page.text)) {
    if (!line.starts_with('#')) continue;
    line.remove_prefix(line.find_first_not_of('#') == std::string_view::npos ? line.size()
                                                                             : line.find_first_not_of('#'));
    anchors.insert(anchor_of(line));
  }
  return anchors;
}

/// "docs/formats/../promises.md" -> "docs/promises.md"; nothing when it leaves the tree.
std::optional<std::string> resolved(std::string_view from_file, std::string_view link) {
  std::vector<std::string_view> parts;
  const auto walk = [&parts](std::string_view path) {
    while (!path.empty()) {
      const auto slash = path.find('/');
      const auto part = path.substr(0, slash);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
      } else if (parts.empty()) {
        return false;
      } else {
        parts.pop_back();
      }
    }
    return true;
  };
  const auto folder = from_file.rfind('/');
  if (folder != std::string_view::npos && !walk(from_file.substr(0, folder))) return std::nullopt;
  if (!walk(link)) return std::nullopt;
  std::string path;
  for (const auto part : parts) path += (path.empty() ? "" : "/") + std::string(part);
  return path;
}

void check_link(std::span<const SourceFile> files, const SourceFile& page, std::size_t line,
                std::string_view link, Findings& findings) {
  if (link.find("://") != std::string_view::npos || link.starts_with("mailto:")) return;
  const auto hash = link.find('#');
  const auto target = link.substr(0, hash);
  const auto path = target.empty() ? std::optional(page.path) : resolved(page.path, target);
  const auto* file = path ? find(files, *path) : nullptr;
  const bool folder = path && std::ranges::any_of(files, [&](const SourceFile& any) {
                        return any.path.starts_with(*path + "/");
                      });
  if (file == nullptr && !folder) {
    findings.push_back(at(page, line) + "this link leads nowhere: " + std::string(link));
  } else if (file != nullptr && hash != std::string_view::npos &&
             !anchors_of(*file).contains(std::string(link.substr(hash + 1)))) {
    findings.push_back(at(page, line) + "no such heading in " + file->path + ": " + std::string(link));
  }
}

}  // namespace

Findings text_findings(std::span<const SourceFile> files) {
  const std::array<std::string, 8> banned{
      joined("TO", "DO"),   joined("FIX", "ME"),  joined("X", "XX"),   joined("/wo", "rk/"),
      joined("/ro", "ot/"), joined("/ho", "me/"), joined("/tm", "p/"), joined("deb.deb", "ian.org")};
  Findings findings;
  for (const auto& file : files) {
    if (file.path.starts_with("tests/fuzz/corpus/")) continue;  // bytes that happen to be text
    std::size_t number = 0;
    for (const auto line : lines_of(file.text)) {
      ++number;
      if (line.find('\t') != std::string_view::npos) findings.push_back(at(file, number) + "a tab");
      if (line.ends_with(' ') || line.ends_with('\r'))
        findings.push_back(at(file, number) + "space at the line's end");
      for (const auto& word : banned) {
        const bool path = word.find_first_of("/.") != std::string::npos;
        if (path ? line.find(word) != std::string_view::npos : has_word(line, word)) {
          findings.push_back(at(file, number) + "'" + word + "' has no place in a finished tree");
        }
      }
    }
    if (!file.text.empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n"))) {
      findings.push_back(file.path + ": must end with one newline");
    }
  }
  return findings;
}

Findings link_findings(std::span<const SourceFile> files) {
  Findings findings;
  for (const auto& page : files) {
    if (!page.path.ends_with(".md")) continue;
    bool fenced = false;
    std::size_t number = 0;
    for (const auto line : lines_of(page.text)) {
      ++number;
      if (line.starts_with("```")) fenced = !fenced;
      if (fenced) continue;
      for (auto open = line.find("]("); open != std::string_view::npos; open = line.find("](", open + 2)) {
        const auto close = line.find(')', open);
        if (close != std::string_view::npos)
          check_link(files, page, number, line.substr(open + 2, close - open - 2), findings);
      }
    }
  }
  return findings;
}

Findings budget_findings(std::span<const SourceFile> files) {
  const auto* budgets = find(files, "tests/budgets.txt");
  const auto* page = find(files, "docs/testing.md");
  if (budgets == nullptr || page == nullptr) return {"tests/budgets.txt or docs/testing.md is missing"};
  std::map<std::string, std::string> written;  // suite -> seconds, as the page says
  for (const auto line : lines_of(page->text)) {
    const auto cells = cells_of(line);
    if (cells.size() >= 2 && !cells[1].empty() &&
        std::isdigit(static_cast<unsigned char>(cells[1].front())) != 0) {
      written[cells[0]] = cells[1];
    }
  }
  std::map<std::string, std::string> held;
  for (const auto line : lines_of(budgets->text)) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto space = line.find(' ');
    const auto rest = trimmed(line.substr(std::min(space, line.size())));
    held[std::string(line.substr(0, space))] = std::string(rest.substr(0, rest.find(' ')));
  }
  Findings findings;
  for (const auto& [suite, seconds] : held) {
    if (!written.contains(suite) || written[suite] != seconds) {
      findings.push_back("docs/testing.md: suite " + suite + " has a budget of " + seconds +
                         " s in tests/budgets.txt");
    }
  }
  for (const auto& [suite, seconds] : written) {
    if (!held.contains(suite)) findings.push_back("docs/testing.md: tests/budgets.txt has no suite " + suite);
  }
  return findings;
}

Findings promise_findings(std::span<const SourceFile> files) {
  const auto* page = find(files, "docs/promises.md");
  if (page == nullptr) return {"docs/promises.md is missing"};
  Findings findings;
  std::size_t number = 0;
  std::size_t promises = 0;
  for (const auto line : lines_of(page->text)) {
    ++number;
    const auto cells = cells_of(line);
    if (cells.size() != 3 || !cells[1].starts_with("tests/")) continue;
    ++promises;
    const auto* test = find(files, cells[1]);
    if (test == nullptr) {
      findings.push_back(at(*page, number) + "no such test file: " + cells[1]);
    } else if (test->text.find(cells[2]) == std::string::npos) {
      findings.push_back(at(*page, number) + cells[1] + " has no test case '" + cells[2] + "'");
    }
  }
  if (promises == 0) findings.push_back("docs/promises.md: no line `| promise | tests/... | test case |`");
  return findings;
}

Findings limit_findings(std::span<const SourceFile> files) {
  const auto* page = find(files, "docs/limits.md");
  if (page == nullptr) return {"docs/limits.md is missing"};
  Findings findings;
  std::set<std::string> named;
  std::size_t number = 0;
  for (const auto line : lines_of(page->text)) {
    ++number;
    const auto cells = cells_of(line);
    if (cells.size() != 4 || !cells[1].starts_with('`')) continue;
    const auto words = cells[1].substr(1, cells[1].size() - 2);
    const auto* file = find(files, cells[2]);
    named.insert(cells[2]);
    if (file == nullptr || file->text.find(words) == std::string::npos)
      findings.push_back(at(*page, number) + cells[2] + " does not say '" + words + "'");
  }
  if (named.empty()) findings.push_back("docs/limits.md: no line `| what | limit | file | why |`");
  for (const auto& file : files) {
    const bool ours =
        is_cpp(file.path) && !file.path.starts_with("tests/") && !file.path.starts_with("kit/loop/");
    if (ours && file.text.find(joined("Bounded", "Queue<")) != std::string::npos &&
        !named.contains(file.path))
      findings.push_back("docs/limits.md: no row for the bounded queue of " + file.path);
  }
  return findings;
}

Findings glossary_findings(std::span<const SourceFile> files) {
  const auto* page = find(files, "docs/glossary.md");
  if (page == nullptr) return {"docs/glossary.md is missing"};
  std::map<std::string, std::size_t> seen;  // a word of either language -> its line
  Findings findings;
  std::size_t number = 0;
  for (const auto line : lines_of(page->text)) {
    ++number;
    const auto cells = cells_of(line);
    for (std::size_t i = 0; i < std::min<std::size_t>(cells.size(), 2); ++i) {
      if (cells[i] == "中文" || cells[i] == "English" || cells[i].empty()) continue;
      const auto [first, fresh] = seen.emplace(cells[i], number);
      if (!fresh)
        findings.push_back(at(*page, number) + "'" + cells[i] + "' is said in line " +
                           std::to_string(first->second) + " already");
    }
  }
  return findings;
}

}  // namespace steward::tidy
