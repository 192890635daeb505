// The one file that sees nlohmann/json: 6 s of compile time, paid once.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

#include "contract/text/json.hpp"
#include "contract/text/utf8.hpp"

namespace steward {
namespace {

/// Where the parser stands in the text. The library copies its iterators, so
/// the place is kept outside of them.
struct Place {
  const char* begin = nullptr;
  std::size_t read = 0;
};

/// A forward iterator that tells `Place` how far it has come.
class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, Place* place) : at_(at), place_(place) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    ++at_;
    place_->read = static_cast<std::size_t>(at_ - place_->begin);
    return *this;
  }
  TrackingIterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const TrackingIterator& a, const TrackingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  Place* place_;
};

}  // namespace

/// Builds the tree from the library's events; says no as soon as a limit is passed.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonReader(std::string_view text, const JsonLimits& limits, const Place& place)
      : text_(text), limits_(limits), place_(place) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(static_cast<std::int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return refuse("the number is above 9223372036854775807");
    }
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return refuse("the number " + text + " is not a whole number; write quantities in whole small units");
  }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const Json& object = open_.back();
    if (object.find(name) != nullptr) return refuse("the key \"" + name + "\" stands twice in one object");
    keys_.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) return refuse("the text is empty", 0);
    if (position > text_.size()) return refuse("the text ends before it is complete", text_.size());
    return refuse("not JSON here", position == 0 ? 0 : position - 1);
  }

  Result<Json> take() && {
    if (!why_.empty()) return Error{Fault::malformed, std::move(why_)};
    return std::move(root_);
  }

 private:
  std::uint32_t line_at(std::size_t offset) {
    // Offsets only grow, so the count goes on from where it stood.
    for (; counted_ < std::min(offset, text_.size()); ++counted_) line_ += text_[counted_] == '\n' ? 1U : 0U;
    return line_;
  }
  /// The token just read: the lexer stands at most one character behind it.
  std::uint32_t line_here() { return line_at(place_.read == 0 ? 0 : place_.read - 1); }

  bool refuse(const std::string& why, std::optional<std::size_t> offset = std::nullopt) {
    const auto line = offset ? line_at(*offset) : line_here();
    why_ = "line " + std::to_string(line) + ": " + why;
    return false;
  }
  bool count_node() {
    if (++nodes_ > limits_.nodes) return refuse("more than " + std::to_string(limits_.nodes) + " values");
    return true;
  }
  bool add(Json value) {
    if (!count_node()) return false;
    value.line_ = line_here();
    place_value(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (!count_node()) return false;
    if (open_.size() >= limits_.depth) return refuse("nested deeper than " + std::to_string(limits_.depth));
    container.line_ = line_here();
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    place_value(std::move(done));
    return true;
  }
  void place_value(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is(Json::Kind::array)) {
      open_.back().push(std::move(value));
    } else {
      open_.back().set(std::move(keys_.back()), std::move(value));
    }
  }

  std::string_view text_;
  const JsonLimits& limits_;
  const Place& place_;
  std::vector<Json> open_;
  std::vector<std::string> keys_;
  Json root_;
  std::string why_;
  std::size_t nodes_ = 0;
  std::size_t counted_ = 0;
  std::uint32_t line_ = 1;
};

Result<Json> Json::parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error{Fault::malformed, "longer than " + std::to_string(limits.bytes) + " bytes"};
  }
  if (!is_utf8(text)) return Error{Fault::malformed, "not UTF-8"};
  Place place{text.data(), 0};
  JsonReader reader(text, limits, place);
  const TrackingIterator begin(text.data(), &place);
  const TrackingIterator end(text.data() + text.size(), &place);
  // A refusal comes back as `false` with its reason kept in the reader.
  nlohmann::json::sax_parse(begin, end, &reader, nlohmann::json::input_format_t::json, true, limits.comments);
  return std::move(reader).take();
}

namespace {

nlohmann::ordered_json tree_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return nullptr;
    case Json::Kind::boolean: return value.boolean();
    case Json::Kind::integer: return value.integer();
    case Json::Kind::text: return value.text();
    case Json::Kind::array: {
      auto array = nlohmann::ordered_json::array();
      for (const auto& item : value.items()) array.push_back(tree_of(item));
      return array;
    }
    case Json::Kind::object: break;
  }
  auto object = nlohmann::ordered_json::object();
  for (const auto& [key, member] : value.members()) object.push_back({key, tree_of(member)});
  return object;
}

}  // namespace

std::string Json::dump(int indent) const {
  // Bytes that are not UTF-8 (a device's own text) become U+FFFD instead of an exception.
  return tree_of(*this).dump(indent > 0 ? indent : -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const Json* Json::find(std::string_view key) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.first == key; });
  return found == members_.end() ? nullptr : &found->second;
}

Json& Json::set(std::string key, Json value) {
  members_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  items_.push_back(std::move(value));
  return *this;
}

bool operator==(const Json& a, const Json& b) {
  return a.kind_ == b.kind_ && a.integer_ == b.integer_ && a.text_ == b.text_ && a.items_ == b.items_ &&
         a.members_ == b.members_;
}

}  // namespace steward
