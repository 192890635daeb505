#include "kit/cli/man_verbs.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace steward {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Without the parentheses that hold Chinese.
std::string english(std::string text) {
  for (auto open = text.find('('); open != std::string::npos; open = text.find('(', open + 1)) {
    const auto close = text.find(')', open);
    if (close == std::string::npos) break;
    if (is_ascii(std::string_view(text).substr(open, close - open))) continue;
    const auto from = open > 0 && text[open - 1] == ' ' ? open - 1 : open;
    text.erase(from, close + 1 - from);
    open = from == 0 ? 0 : from - 1;
  }
  return text;
}

/// A sentence of running text: backslashes are mdoc's own, and so is a point or an apostrophe in front.
std::string sentence_of(const std::string& text) {
  std::string out;
  for (const char c : english(text)) {
    if (c == '\\') {
      out += "\\e";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out + (out.ends_with('.') ? "\n" : ".\n");
}

/// " Ar file" for what takes a value: the type's name without what checks add to it.
std::string argument_of(const CLI::Option& option) {
  auto name = option.get_type_name();
  if (name.empty()) return "";  // a flag
  name.resize(std::min({name.size(), name.find(':'), name.find(' ')}));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return " Ar " + name;
}

bool is_hidden(const CLI::Option& option) { return option.get_group().empty(); }

/// ".It Fl -config Ar text", or ".It Ar meter" for what is named by its place.
std::string item_of(const CLI::Option& option) {
  if (option.get_positional()) return ".It Ar " + option.get_single_name() + "\n";
  std::string item = ".It";
  const char* before = " ";
  for (const auto& name : option.get_snames()) item += std::exchange(before, " , ") + ("Fl " + name);
  for (const auto& name : option.get_lnames()) item += std::exchange(before, " , ") + ("Fl -" + name);
  return item + argument_of(option) + "\n";
}

std::string options_of(const CLI::App& app) {
  std::string list;
  for (const auto* option : app.get_options()) {
    const bool repeated = app.get_parent() != nullptr && option->check_name("--help-all");
    if (is_hidden(*option) || option->check_name("--help") || repeated) continue;
    list += item_of(*option) + sentence_of(option->get_description());
    if (const auto value = option->get_default_str(); !value.empty() && value != "false")
      list += "Default: " + sentence_of(value);
    if (option->get_required()) list += "Required.\n";
  }
  return list.empty() ? list : ".Bl -tag -width Ds\n" + list + ".El\n";
}

void add_verbs(const CLI::App& app, const std::string& before, std::string& out) {
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    const auto name = before + verb->get_name();
    const auto inner = verb->get_subcommands([](const CLI::App*) { return true; });
    if (inner.empty())
      out += ".It Ic " + name + "\n" + sentence_of(verb->get_description()) + options_of(*verb);
    add_verbs(*verb, name + " ", out);
  }
}

}  // namespace

std::string man_verbs(const CLI::App& app) {
  std::string verbs;
  add_verbs(app, "", verbs);
  return ".Sh OPTIONS\n" + options_of(app) + ".Sh VERBS\n.Bl -tag -width Ds\n" + verbs + ".El\n";
}

}  // namespace steward
