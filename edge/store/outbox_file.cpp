#include "edge/store/outbox_file.hpp"

#include <charconv>
#include <optional>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/digest.hpp"

namespace steward::outbox_file {
namespace {

using Rows = std::map<std::string, std::string>;

Error unreadable(const std::string& name) { return {Fault::implausible, "the row " + name + " is not one"}; }

/// "7 12": both, or nothing.
template <class Number>
std::optional<std::string_view> take_number(std::string_view text, Number& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

Result<void> read_log(const Rows& kept, Epoch& epoch, Stream stream) {
  auto& mark = epoch.marks.at(at(stream));
  if (const auto found = kept.find(log_row(epoch.no, stream)); found != kept.end()) {
    auto rest = take_number(found->second, mark.acked.value);
    if (rest) rest = take_number(*rest, epoch.let_go.at(at(stream)).value);
    if (!rest || !rest->empty()) return unreadable(found->first);
  }
  if (const auto found = kept.find(end_row(epoch.no, stream)); found != kept.end()) {
    const auto rest = take_number(found->second, mark.last.value);
    const auto tail = rest ? from_hex(*rest) : Result<Bytes>(unreadable(found->first));
    if (!tail || tail->size() != mark.tail.size()) return unreadable(found->first);
    std::copy(tail->begin(), tail->end(), mark.tail.begin());
  }
  return {};
}

}  // namespace

Result<std::vector<Epoch>> read_epochs(const Rows& kept) {
  std::vector<Epoch> epochs;
  for (std::uint32_t no = 0; no <= max_epochs; ++no) {
    const auto found = kept.find(epoch_row(no));
    if (found == kept.end()) continue;
    const auto uuid = uuid_from(found->second);
    if (!uuid) return unreadable(found->first);
    Epoch epoch;
    epoch.no = no;
    epoch.uuid = *uuid;
    for (const auto stream : all_streams) {
      if (auto read = read_log(kept, epoch, stream); !read) return std::move(read.error());
    }
    epochs.push_back(epoch);
  }
  return epochs;
}

Result<std::vector<PublicKey>> read_keys(const Rows& kept) {
  std::vector<PublicKey> keys;
  const auto found = kept.find(std::string(keys_row));
  if (found == kept.end()) return keys;
  const auto bytes = from_hex(found->second);
  if (!bytes || bytes->size() % sizeof(PublicKey) != 0) return unreadable(found->first);
  for (std::size_t from = 0; from < bytes->size(); from += sizeof(PublicKey)) {
    std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(from), sizeof(PublicKey),
                keys.emplace_back().begin());
  }
  return keys;
}

std::string keys_text(const std::vector<PublicKey>& keys) {
  std::string text;
  for (const auto& key : keys) text += hex(key);
  return text;
}

std::string log_text(const Epoch& epoch, Stream stream) {
  return std::to_string(epoch.marks.at(at(stream)).acked.value) + " " +
         std::to_string(epoch.let_go.at(at(stream)).value);
}

std::string end_text(const LogMark& mark) { return std::to_string(mark.last.value) + " " + hex(mark.tail); }

BlockRow read_row(const Statement& statement) {
  return {statement.column_int(0), Seq{static_cast<std::uint64_t>(statement.column_int(1))},
          statement.column_int(2), statement.column_blob(3)};
}

bool is_in_its_place(const BlockRow& row, const LogId& log, Digest& previous) {
  const auto place = peek_block(row.bytes);
  if (!place || place->log != log || place->first != place_of(row.row) || place->last != row.last)
    return false;
  previous = place->previous;
  return true;
}

}  // namespace steward::outbox_file
