#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// A page in Prometheus' text format 0.0.4, read as strictly as `promtool check metrics` reads it.
struct PrometheusPage {
  struct Family {
    std::string help;
    std::string type;
    std::map<std::string, std::string> samples;  // labels as written, "" without → value
  };
  std::map<std::string, Family> families;
  std::vector<std::string> mistakes;  // one sentence each, with its line's number
};

/// Written from the format's description (prometheus.io, "Exposition formats", Text format details) and from
/// promtool's naming rules: it knows nothing of the code that writes the page.
class PrometheusReader {
 public:
  static PrometheusPage read(std::string_view text) {
    PrometheusReader reader;
    if (!text.ends_with('\n')) reader.wrong("the last line must end with a line feed");
    while (!text.empty()) {
      const auto end = text.find('\n');
      ++reader.number_;
      reader.line(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    for (const auto& [name, family] : reader.page_.families) reader.lint(name, family);
    return std::move(reader.page_);
  }

 private:
  using Family = PrometheusPage::Family;

  void wrong(const std::string& what) {
    page_.mistakes.push_back("line " + std::to_string(number_) + ": " + what);
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  /// [a-zA-Z_:][a-zA-Z0-9_:]*, for labels without the colon
  static std::size_t name_length(std::string_view text, bool colon) {
    std::size_t at = 0;
    while (at < text.size() &&
           (is_letter(text[at]) || (colon && text[at] == ':') || (at > 0 && is_digit(text[at]))))
      ++at;
    return at;
  }

  void line(std::string_view text) {
    if (text.empty()) return;
    if (text.starts_with("# HELP ")) return meta(text.substr(7), &Family::help);
    if (text.starts_with("# TYPE ")) return meta(text.substr(7), &Family::type);
    if (text.starts_with('#')) return;  // a comment
    sample(text);
  }

  void meta(std::string_view text, std::string Family::*field) {
    const auto length = name_length(text, true);
    if (length == 0 || length >= text.size() || text[length] != ' ')
      return wrong("a name and a text expected");
    const std::string name(text.substr(0, length));
    auto& family = page_.families[name];
    if (!(family.*field).empty()) wrong(name + " has it twice");
    if (!family.samples.empty()) wrong(name + " has samples already");
    family.*field = std::string(text.substr(length + 1));
    if (field == &Family::type) {
      if (family.type != "counter" && family.type != "gauge") wrong("no such type here: " + family.type);
      if (!closed_.insert(name).second) wrong(name + " begins a second time");
      open_ = name;
    }
    const auto& help = family.help;
    for (std::size_t at = 0; at < help.size(); ++at) {
      if (help[at] != '\\') continue;
      ++at;
      if (at == help.size() || (help[at] != '\\' && help[at] != 'n'))
        wrong("a backslash that escapes nothing");
    }
  }

  void sample(std::string_view text) {
    const auto length = name_length(text, true);
    if (length == 0) return wrong("a metric name expected");
    const std::string name(text.substr(0, length));
    if (name != open_) wrong(name + " stands outside its family");
    text.remove_prefix(length);
    const auto before = text;
    if (text.starts_with('{') && !labels(text)) return;
    const std::string label_text(before.substr(0, before.size() - text.size()));
    if (!text.starts_with(' ')) return wrong("a space before the value expected");
    text.remove_prefix(1);
    if (!is_number(text)) return wrong("no number: " + std::string(text));
    if (!page_.families[name].samples.emplace(label_text, std::string(text)).second)
      wrong(name + label_text + " stands twice");
  }

  bool labels(std::string_view& text) {
    std::set<std::string> seen;
    do {
      text.remove_prefix(1);  // { or ,
      const auto length = name_length(text, false);
      if (length == 0 || !text.substr(length).starts_with("=\""))
        return wrong("a label=\"value\" expected"), false;
      if (!seen.insert(std::string(text.substr(0, length))).second) wrong("a label twice");
      text.remove_prefix(length + 2);
      std::size_t at = 0;
      for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && ++at < text.size() &&
            std::string_view("\\\"n").find(text[at]) == std::string_view::npos)
          wrong("a backslash that escapes nothing");
      }
      if (at >= text.size()) return wrong("a label value without its end"), false;
      text.remove_prefix(at + 1);
    } while (text.starts_with(','));
    if (!text.starts_with('}')) return wrong("} expected"), false;
    text.remove_prefix(1);
    return true;
  }

  static bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto point = text.find('.');
    const auto all_digits = [](std::string_view part) {
      return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return all_digits(text.substr(0, point)) &&
           (point == std::string_view::npos || all_digits(text.substr(point + 1)));
  }

  /// What `promtool check metrics` complains of.
  void lint(const std::string& name, const Family& family) {
    if (family.help.empty()) wrong(name + " has no HELP");
    if (family.type.empty()) wrong(name + " has no TYPE");
    const bool total = name.ends_with("_total");
    if (family.type == "counter" && !total) wrong(name + " counts, so it must end in _total");
    if (family.type != "counter" && total) wrong(name + " ends in _total and is no counter");
    for (const char* unit : {"_ms", "_milliseconds", "_minutes", "_hours", "_kilobytes", "_megabytes"})
      if (name.find(unit) != std::string::npos) wrong(name + " is not in a base unit");
    for (const char c : name)
      if (c >= 'A' && c <= 'Z') return wrong(name + " has capitals");
  }

  PrometheusPage page_;
  std::string open_;
  std::set<std::string> closed_;
  std::size_t number_ = 0;
};

}  // namespace steward
