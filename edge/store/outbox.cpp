#include "edge/store/outbox.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "contract/wire/limits.hpp"
#include "contract/wire/uuid_text.hpp"
#include "edge/store/first_schema.hpp"
#include "edge/store/salvage.hpp"
#include "edge/store/sqlite_outbox.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/random.hpp"

namespace steward {

using namespace outbox_file;

Result<void> SqliteOutbox::prepare() {
  for (const auto stream : all_streams) {
    const auto name = table(stream);
    const auto range = " WHERE place > ?1 AND place < ?2";
    auto insert = database_.prepare("INSERT INTO " + name + " VALUES(?, ?, ?, ?)");
    if (!insert) return std::move(insert.error());
    // A block that holds `after` within it counts: it begins at most a block's length before.
    auto after = database_.prepare("SELECT place, last, closed_ms, bytes FROM " + name + range +
                                   " AND last > ?3 ORDER BY place");
    if (!after) return std::move(after.error());
    auto oldest =
        database_.prepare("SELECT place, last, closed_ms FROM " + name + range + " ORDER BY place LIMIT ?3");
    if (!oldest) return std::move(oldest.error());
    auto newest = database_.prepare("SELECT place, last, closed_ms, bytes FROM " + name + range +
                                    " ORDER BY place DESC LIMIT 1");
    if (!newest) return std::move(newest.error());
    auto remove = database_.prepare("DELETE FROM " + name + " WHERE place > ?1 AND place <= ?2");
    if (!remove) return std::move(remove.error());
    tables_.push_back(
        {std::move(*insert), std::move(*after), std::move(*oldest), std::move(*newest), std::move(*remove)});
  }
  auto kept = KeptRows::open(database_);
  if (!kept) return std::move(kept.error());
  kept_ = std::move(*kept);
  if (auto done = convert_first_schema(database_, *kept_); !done) return done;
  return database_.execute("PRAGMA max_page_count=" + std::to_string(setup_.most_bytes / 1024));
}

/// A fresh file gets its owner and a new epoch; an old one must be ours.
Result<void> SqliteOutbox::own(const std::map<std::string, std::string>& kept) {
  const auto owner = setup_.site.text + "/" + setup_.gateway.text;
  const auto known = kept.find(std::string(owner_row));
  if (known != kept.end() && known->second != owner) {
    return Error{Fault::refused, "it belongs to " + known->second + ", not to " + owner +
                                     "; name another data folder, or the right site and gateway"};
  }
  auto keys = read_keys(kept);
  if (!keys) return std::move(keys.error());
  const auto key = signer_.public_key();
  const bool new_key = keys->empty() || keys->back() != key;
  if (new_key) std::erase(*keys, key);
  seals_.emplace(signer_, *keys);
  if (known != kept.end() && !new_key) return {};
  keys->push_back(key);
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  Result<void> saved = kept_->put(keys_row, keys_text(*keys));
  if (known == kept.end()) {
    if (!epochs_.empty()) return damaged("it does not say whose it is");
    Epoch first;
    first.uuid = random_uuid();
    saved = std::move(saved).and_then([&] { return kept_->put(owner_row, owner); }).and_then([&] {
      return kept_->put(epoch_row(0), uuid_text(first.uuid));
    });
    epochs_.push_back(first);
  }
  return std::move(saved).and_then([&] { return transaction->commit(); });
}

Result<std::optional<BlockRow>> SqliteOutbox::one_row(Statement& statement, const Epoch& epoch, Seq upto) {
  auto bound = statement.bind(row_of(epoch.no, Seq{0}), row_of(epoch.no, upto) + 1);
  if (!bound) return std::move(bound.error());
  const auto there = statement.step();
  if (!there) return there.error();
  std::optional<BlockRow> row;
  if (*there) row = read_row(statement);
  statement.reset();
  return row;
}

Result<void> SqliteOutbox::load_log(Epoch& epoch, Stream stream) {
  auto& mark = epoch.marks.at(at(stream));
  auto& tables = tables_.at(at(stream));
  const auto name = "the log " + std::string(word(stream));
  const bool is_old = &epoch != &epochs_.back();
  auto newest = one_row(tables.newest, epoch, Seq{wire_limit::seq});
  if (!newest) return std::move(newest.error());
  if (*newest) {
    Digest previous{};
    const auto& row = **newest;
    if (!is_in_its_place(row, log_of(epoch, stream), previous) || !seals_->hold(row.bytes))
      return damaged("the newest block of " + name + " is damaged");
    const auto tail = sha256(row.bytes);
    if (!is_old) {
      mark.last = row.last;
      mark.tail = tail;
    } else if (row.last == mark.last && tail != mark.tail) {
      return damaged("an old epoch of " + name + " ends otherwise than it did");
    }
  } else if (!is_old && epoch.let_go.at(at(stream)).value > 0) {
    return damaged("the newest block of " + name + " is gone");
  }
  if (mark.acked > mark.last) mark.acked = mark.last;
  return {};
}

bool SqliteOutbox::holds_blocks(const Epoch& epoch) {
  return std::ranges::any_of(tables_, [&](LogTable& tables) {
    const auto row = one_row(tables.newest, epoch, Seq{wire_limit::seq});
    return !row || row->has_value();
  });
}

Result<void> SqliteOutbox::load() {
  std::vector<std::string> unsound;
  const auto kept = kept_->all(unsound);
  if (!kept) return kept.error();
  if (!unsound.empty()) return damaged("the row " + unsound.front() + " is damaged");
  auto epochs = read_epochs(*kept);
  if (!epochs) return std::move(epochs.error());
  epochs_ = std::move(*epochs);
  for (const auto stream : all_streams) {
    auto count = database_.query_int("SELECT count(*) FROM " + table(stream));
    if (!count) return std::move(count.error());
    stored_.at(at(stream)) = *count;
    if (*count > 0 && epochs_.empty()) return damaged("it has blocks and no epoch");
  }
  if (auto done = own(*kept); !done) return done;
  for (auto& epoch : epochs_) {
    for (const auto stream : all_streams) {
      if (auto done = load_log(epoch, stream); !done) return done;
    }
  }
  std::erase_if(epochs_, [&](const Epoch& epoch) {
    const bool is_old = epoch.no != epochs_.back().no;
    return is_old &&
           std::ranges::all_of(epoch.marks, [](const LogMark& mark) { return mark.backlog() == 0; }) &&
           !holds_blocks(epoch);
  });
  const auto cloud = kept->find(std::string(cloud_row));
  if (cloud == kept->end()) return {};
  const auto uuid = uuid_from(std::string_view(cloud->second).substr(0, 36));
  if (!uuid || cloud->second.size() < 38) return damaged("the row cloud is not one");
  store_ = CloudStore{*uuid, instant_from_ms(std::atoll(cloud->second.c_str() + 37))};
  return {};
}

Result<void> SqliteOutbox::start() {
  auto ready = migrate(database_, schema).and_then([&] { return prepare(); });
  if (!ready && ready.error().fault == Fault::broken) {
    // A schema that can be read and is not ours is damage; one that cannot be read is the disk's matter.
    const auto tables = database_.query_int("SELECT count(*) FROM sqlite_schema");
    if (tables && *tables > 0) return damaged(ready.error().message);
  }
  return std::move(ready).and_then([&] { return load(); });
}

std::vector<OldLogs> SqliteOutbox::old_logs() const {
  std::vector<OldLogs> old;
  for (std::size_t i = 0; i + 1 < epochs_.size(); ++i) old.push_back({epochs_[i].uuid, epochs_[i].marks});
  return old;
}

Result<void> SqliteOutbox::begin_epoch() {
  const auto& ended = epochs_.back();
  if (ended.no >= max_epochs) return Error{Fault::broken, "outbox: too many epochs in one file"};
  Epoch next;
  next.no = ended.no + 1;
  next.uuid = random_uuid();
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  auto saved = save_acks();
  for (const auto stream : all_streams) {
    saved = std::move(saved).and_then(
        [&] { return kept_->put(end_row(ended.no, stream), end_text(ended.marks.at(at(stream)))); });
  }
  saved = std::move(saved)
              .and_then([&] { return kept_->put(epoch_row(next.no), uuid_text(next.uuid)); })
              .and_then([&] { return transaction->commit(); });
  if (saved) epochs_.push_back(next);
  return std::move(saved).with_context("outbox");
}

Epoch* SqliteOutbox::epoch_of(const Uuid& uuid) {
  const auto found = std::ranges::find_if(epochs_, [&](const Epoch& epoch) { return epoch.uuid == uuid; });
  return found == epochs_.end() ? nullptr : &*found;
}

Result<void> SqliteOutbox::save_acks() {
  for (const auto& epoch : epochs_) {
    for (const auto stream : all_streams) {
      if (auto saved = kept_->put(log_row(epoch.no, stream), log_text(epoch, stream)); !saved) return saved;
    }
  }
  if (!store_) return {};
  return kept_->put(cloud_row, uuid_text(store_->store) + " " + std::to_string(ms_of(store_->at)));
}

void SqliteOutbox::acknowledge(const Uuid& epoch, Stream stream, Seq upto) {
  auto* of = epoch_of(epoch);
  if (of == nullptr) return;
  auto& mark = of->marks.at(at(stream));
  if (mark.acked == upto || upto > mark.last) return;
  mark.acked = upto;
  acks_unsaved_ = true;
}

void SqliteOutbox::note_store(const CloudStore& store) {
  if (store_ == store) return;
  store_ = store;
  acks_unsaved_ = true;
}

Result<void> SqliteOutbox::flush_acks() {
  if (!acks_unsaved_) return {};
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::move(transaction.error());
  auto saved = save_acks().and_then([&] { return transaction->commit(); });
  if (saved) acks_unsaved_ = false;
  return std::move(saved).with_context("outbox");
}

Result<void> SqliteOutbox::write_through() {
  const auto busy = database_.query_int("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy) return busy.error();
  if (*busy != 0) return Result<void>(Fault::retry, "outbox: it is being read");
  // The WAL of before may still be on the disk, without the frames a failed sync dropped. A cut now would
  // have it played over what was just written. A commit into a new one, which is synced, ends that; a row put
  // as it was would write nothing, the file's header always does.
  const auto version = database_.query_int("PRAGMA user_version");
  if (!version) return version.error();
  return database_.execute("PRAGMA user_version=" + std::to_string(*version));
}

Result<std::string> SqliteOutbox::mark(std::string_view name) {
  auto text = kept_->get(std::string(mark_prefix) + std::string(name));
  if (!text) return std::move(text.error());
  return text->value_or("");
}

namespace {

Result<std::unique_ptr<Outbox>> open_once(const OutboxSetup& setup, const Signer& signer) {
  std::error_code error;
  const auto wal = std::filesystem::file_size(setup.path + "-wal", error);
  const bool left_open = !error && wal > 0;
  DatabaseOptions options;
  options.page_size = 1024;  // half the flash writes of 4096 (measured, docs/decisions)
  options.cache_kib = 256;   // written once, read once: what waits for a second is all that is worth keeping
  options.damaged = Fault::implausible;
  auto database = Database::open(setup.path, options);
  if (!database) return std::move(database.error());
  auto outbox = std::make_unique<SqliteOutbox>(setup, signer, std::move(*database), left_open);
  if (auto started = outbox->start(); !started) {
    return std::move(started).with_context("outbox " + setup.path).error();
  }
  return std::unique_ptr<Outbox>(std::move(outbox));
}

}  // namespace

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxSetup& setup, const Signer& signer) {
  if (auto done = finish_salvage(setup.path); !done) return std::move(done.error());
  std::string why = "a check found it damaged";
  if (!setup.suspect) {
    auto outbox = open_once(setup, signer);
    if (outbox || outbox.error().fault != Fault::implausible) return outbox;
    why = outbox.error().message;
  }
  auto salvaged = salvage(setup, signer, why);
  if (!salvaged) return std::move(salvaged).with_context("outbox " + setup.path).error();
  return open_once(setup, signer);
}

}  // namespace steward
