#include "edge/store/salvage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"
#include "edge/store/outbox_file.hpp"
#include "edge/store/own_seals.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/random.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {
namespace {

using namespace outbox_file;
namespace fs = std::filesystem;

constexpr std::size_t blocks_per_commit = 256;
constexpr std::size_t most_gaps_named = 8;  // a sentence, not a list

/// A block that was read, without its bytes.
struct Seen {
  std::int64_t row = 0;
  Seq last;
  Uuid epoch{};
  Digest hash{};
  Digest previous{};
  bool sealed = false;
};

class Wreck {
 public:
  Wreck(const OutboxSetup& setup, const Signer& signer, Database database)
      : setup_(setup), signer_(signer), database_(std::move(database)) {}

  /// What can be read of the kept rows and the blocks.
  void read();
  const std::map<std::string, std::string>& kept() const { return kept_; }
  /// The sound blocks of a log, all epochs, by place.
  const std::vector<Seen>& sound(Stream stream) const { return sound_.at(at(stream)); }
  Result<BlockRow> block(Stream stream, std::int64_t row);

 private:
  void read_log(Stream stream, const OwnSeals& seals);
  void note(const BlockRow& row, Stream stream, const OwnSeals& seals, std::vector<Seen>& seen);

  const OutboxSetup& setup_;
  const Signer& signer_;
  Database database_;
  std::string key_ = "place";  // how the file calls a row's key
  std::map<std::string, std::string> kept_;
  std::array<std::vector<Seen>, std::size(all_streams)> sound_;
};

void Wreck::read() {
  if (auto rows = KeptRows::open(database_)) {
    std::vector<std::string> unsound;
    if (auto all = rows->all(unsound)) kept_ = std::move(*all);
  }
  auto keys = read_keys(kept_);
  const OwnSeals seals(signer_, keys ? std::move(*keys) : std::vector<PublicKey>());
  for (const auto stream : all_streams) read_log(stream, seals);
}

void Wreck::note(const BlockRow& row, Stream stream, const OwnSeals& seals, std::vector<Seen>& seen) {
  const auto place = peek_block(row.bytes);
  if (!place || place->log.site != setup_.site || place->log.gateway != setup_.gateway ||
      place->log.stream != stream || place->first != place_of(row.row) || place->last != row.last) {
    return;
  }
  if (!seen.empty() && row.row <= seen.back().row) return;
  seen.push_back(
      {row.row, row.last, place->log.epoch, sha256(row.bytes), place->previous, seals.hold(row.bytes)});
}

/// The least key from which rows can be read again behind `broken`: doubling steps find one that can, halving
/// ones the first (a page that cannot be read holds neighbouring keys). Nothing: there is none.
std::optional<std::int64_t> readable_behind(Statement& scan, std::int64_t broken) {
  const auto can_read = [&](std::int64_t key) {
    const bool can = scan.bind(key) && scan.step();
    scan.reset();
    return can;
  };
  constexpr auto end = std::numeric_limits<std::int64_t>::max();
  auto bad = broken;
  auto good = bad + 1;
  while (!can_read(good)) {
    if (good - broken > (end - broken) / 2) return std::nullopt;
    const auto step = (good - broken) * 2;
    bad = good;
    good = broken + step;
  }
  while (good - bad > 1) {
    const auto middle = bad + (good - bad) / 2;
    (can_read(middle) ? good : bad) = middle;
  }
  return good;
}

/// In order; what cannot be read is stepped over.
void Wreck::read_log(Stream stream, const OwnSeals& seals) {
  const auto rows = " last, closed_ms, bytes FROM " + table(stream);
  auto scan = database_.prepare("SELECT place," + rows + " WHERE place > ?1 ORDER BY place");
  if (!scan) {  // damaged before it could be converted from schema 1
    key_ = "first";
    scan = database_.prepare("SELECT first," + rows + " WHERE first > ?1 ORDER BY first");
  }
  if (!scan) return;
  std::vector<Seen> seen;
  std::optional<std::int64_t> behind = 0;  // places begin at 1
  while (behind && scan->bind(*behind)) {
    auto there = scan->step();
    for (; there && *there; there = scan->step()) {
      const auto row = read_row(*scan);
      note(row, stream, seals, seen);
      behind = std::max(*behind, row.row);
    }
    scan->reset();
    if (there) break;  // came to the end
    behind = readable_behind(*scan, *behind);
  }
  // From the newest back: sealed by us, or named by a block that is sound.
  auto& sound = sound_.at(at(stream));
  for (auto one = seen.rbegin(); one != seen.rend(); ++one) {
    const bool same_log = !sound.empty() && sound.back().epoch == one->epoch;
    const bool named = same_log && place_of(sound.back().row).value == one->last.value + 1 &&
                       sound.back().previous == one->hash;
    const bool overlaps = same_log && place_of(sound.back().row) <= one->last;
    if ((one->sealed || named) && !overlaps) sound.push_back(*one);
  }
  std::ranges::reverse(sound);
}

Result<BlockRow> Wreck::block(Stream stream, std::int64_t row) {
  auto read = database_.prepare("SELECT " + key_ + ", last, closed_ms, bytes FROM " + table(stream) +
                                " WHERE " + key_ + " = ?");
  if (!read) return std::move(read.error());
  if (auto bound = read->bind(row); !bound) return std::move(bound.error());
  const auto there = read->step();
  if (!there) return there.error();
  if (!*there) return Error{Fault::implausible, "a block that was there is not"};
  return read_row(*read);
}

/// The new file while it is made.
struct Making {
  const OutboxSetup& setup;
  const Signer& signer;
  Wreck& wreck;
  Database database;
  std::vector<Epoch> epochs;
  std::size_t copied = 0;
  std::string gaps;
  std::size_t gap_count = 0;

  void gap(Stream stream, std::uint64_t first, std::uint64_t last) {
    if (++gap_count > most_gaps_named) return;
    gaps += (gaps.empty() ? "" : ", ") + std::string(word(stream)) + " " + std::to_string(first) + ".." +
            std::to_string(last);
  }
  void find_epochs();
  Result<void> copy_log(Stream stream);
  Result<void> write_kept(KeptRows& rows, const std::string& why);
};

/// The epochs the kept rows tell of and those the blocks name: a block's own signed word counts.
void Making::find_epochs() {
  auto told = read_epochs(wreck.kept());
  if (told) epochs = std::move(*told);
  for (const auto stream : all_streams) {
    for (const auto& seen : wreck.sound(stream)) {
      const auto no = epoch_no_of(seen.row);
      auto found = std::ranges::find_if(epochs, [&](const Epoch& epoch) { return epoch.no == no; });
      if (found == epochs.end()) {
        Epoch epoch;
        epoch.no = no;
        found = epochs.insert(epochs.end(), epoch);
      }
      found->uuid = seen.epoch;
    }
  }
  std::ranges::sort(epochs, {}, &Epoch::no);
}

/// What the cloud has not acknowledged, as it is, in transactions of bounded size.
Result<void> Making::copy_log(Stream stream) {
  auto insert = database.prepare("INSERT INTO " + table(stream) + " VALUES(?, ?, ?, ?)");
  if (!insert) return std::move(insert.error());
  for (auto& epoch : epochs) {
    auto& mark = epoch.marks.at(at(stream));
    auto& let_go = epoch.let_go.at(at(stream));
    const auto acked = mark.acked;
    auto reached = std::max(acked, let_go);
    const auto& sound = wreck.sound(stream);
    std::size_t next = 0;
    while (next < sound.size()) {
      auto transaction = Transaction::begin(database);
      if (!transaction) return std::move(transaction.error());
      for (std::size_t in_this = 0; next < sound.size() && in_this < blocks_per_commit; ++next) {
        const auto& seen = sound[next];
        if (epoch_no_of(seen.row) != epoch.no || seen.epoch != epoch.uuid) continue;
        if (seen.last >= mark.last) {
          mark.last = seen.last;
          mark.tail = seen.hash;
        }
        if (seen.last <= acked) continue;
        auto row = wreck.block(stream, seen.row);
        if (!row) continue;  // the disk takes it back; a hole will say so
        const auto first = place_of(row->row);
        if (first.value > reached.value + 1) gap(stream, reached.value + 1, first.value - 1);
        reached = row->last;
        if (auto put = insert->run(row->row, static_cast<std::int64_t>(row->last.value), row->closed_ms,
                                   ByteView(row->bytes));
            !put) {
          return put;
        }
        ++in_this;
        ++copied;
      }
      if (auto done = transaction->commit(); !done) return done;
    }
    let_go = std::max(let_go, acked);
    mark.acked = std::min(acked, mark.last);
    if (mark.last > reached) gap(stream, reached.value + 1, mark.last.value);
  }
  return {};
}

Result<void> Making::write_kept(KeptRows& rows, const std::string& why) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction.error());
  Result<void> done;
  const auto put = [&](std::string_view name, const std::string& text) {
    if (done) done = rows.put(name, text);
  };
  for (const auto& [name, text] : wreck.kept()) {
    if (name.starts_with(mark_prefix) || name == cloud_row) put(name, text);
  }
  auto keys = read_keys(wreck.kept());
  if (!keys) keys = std::vector<PublicKey>();
  std::erase(*keys, signer.public_key());
  keys->push_back(signer.public_key());
  put(keys_row, keys_text(*keys));
  put(owner_row, setup.site.text + "/" + setup.gateway.text);
  for (const auto& epoch : epochs) {
    put(epoch_row(epoch.no), uuid_text(epoch.uuid));
    for (const auto stream : all_streams) {
      put(log_row(epoch.no, stream), log_text(epoch, stream));
      put(end_row(epoch.no, stream), end_text(epoch.marks.at(at(stream))));
    }
  }
  const auto next = epochs.empty() ? 0 : epochs.back().no + 1;
  if (next > max_epochs) return Error{Fault::broken, "too many epochs in one file"};
  put(epoch_row(next), uuid_text(random_uuid()));
  auto text = why + "; " + std::to_string(copied) + " blocks not yet acknowledged go on in their old epoch; ";
  text += gap_count == 0 ? "no gap was seen before the last that was read"
                         : std::to_string(gap_count) + " gaps: " + gaps;
  put(std::string(mark_prefix) + std::string(salvage_mark), text);
  if (!done) return done;
  return transaction->commit();
}

std::string damaged_name(const std::string& path, int no) { return path + ".damaged-" + std::to_string(no); }

/// Numbers of the damaged files that are kept, ascending.
std::vector<int> damaged_files(const std::string& path) {
  std::error_code error;
  const auto folder = fs::absolute(path).parent_path();
  const auto prefix = fs::path(path).filename().string() + ".damaged-";
  std::vector<int> there;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && !name.ends_with("-wal") && !name.ends_with("-shm"))
      there.push_back(std::atoi(name.c_str() + prefix.size()));
  }
  std::ranges::sort(there);
  return there;
}

/// A name for the evidence; the oldest of too many go.
std::string free_name(const std::string& path) {
  const auto there = damaged_files(path);
  std::error_code error;
  for (std::size_t i = 0; i + max_damaged_files <= there.size(); ++i) {
    for (const auto* part : {"", "-wal", "-shm"}) fs::remove(damaged_name(path, there[i]) + part, error);
  }
  return damaged_name(path, there.empty() ? 1 : there.back() + 1);
}

void sync_folder(const std::string& path) {
  const auto folder = fs::absolute(path).parent_path();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  ::close(descriptor);
}

Result<void> renamed(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return Error{Fault::broken, "cannot rename " + from + " to " + to + ": " + error.message()};
  return {};
}

}  // namespace

Result<void> finish_salvage(const std::string& path) {
  std::error_code error;
  const auto made = path + ".new";
  if (!fs::exists(made, error) || fs::exists(path, error)) return {};
  // The old file was renamed away only when the new one was whole and closed. Its WAL goes with it: the
  // new file must not be opened beside the old one's.
  const auto there = damaged_files(path);
  if (fs::exists(path + "-wal", error) && !there.empty()) {
    if (auto moved = renamed(path + "-wal", damaged_name(path, there.back()) + "-wal"); !moved) return moved;
  }
  for (const auto& left : {path + "-wal", path + "-shm", made + "-wal", made + "-shm"})
    fs::remove(left, error);
  auto done = renamed(made, path);
  sync_folder(path);
  return done;
}

Result<void> salvage(const OutboxSetup& setup, const Signer& signer, const std::string& why) {
  std::error_code error;
  const auto made = setup.path + ".new";
  for (const auto* part : {"", "-wal", "-shm"}) fs::remove(made + part, error);
  {
    DatabaseOptions reading;
    reading.read_only = true;
    reading.damaged = Fault::implausible;
    auto damaged = Database::open(setup.path, reading);
    if (!damaged) return std::move(damaged.error());
    Wreck wreck(setup, signer, std::move(*damaged));
    wreck.read();
    const auto owner = setup.site.text + "/" + setup.gateway.text;
    const auto known = wreck.kept().find(std::string(owner_row));
    if (known != wreck.kept().end() && known->second != owner)
      return Error{Fault::refused, "it is damaged, and belongs to " + known->second + ", not to " + owner};
    DatabaseOptions writing;
    writing.page_size = 1024;
    auto fresh = Database::open(made, writing);
    if (!fresh) return std::move(fresh.error());
    Making making{setup, signer, wreck, std::move(*fresh), {}, 0, {}, 0};
    if (auto done = migrate(making.database, schema); !done) return done;
    auto rows = KeptRows::open(making.database);
    if (!rows) return std::move(rows.error());
    making.find_epochs();
    for (const auto stream : all_streams) {
      if (auto done = making.copy_log(stream); !done) return done;
    }
    if (auto done = making.write_kept(*rows, why); !done) return done;
    // Into the file itself, so that one rename moves all of it.
    if (auto moved = making.database.query_int("PRAGMA wal_checkpoint(TRUNCATE)"); !moved)
      return std::move(moved.error());
  }
  auto done = renamed(setup.path, free_name(setup.path));
  sync_folder(setup.path);
  return std::move(done).and_then([&] { return finish_salvage(setup.path); });
}

}  // namespace steward
