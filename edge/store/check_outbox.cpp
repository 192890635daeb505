// The whole file looked at beside the running outbox.
#include <optional>

#include "edge/store/outbox_file.hpp"
#include "edge/store/own_seals.hpp"
#include "edge/store/salvage.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {

using namespace outbox_file;

namespace {

/// Every block of a log against its place and the hash the next one names. Empty: sound.
Result<std::string> flaw_of_log(Database& database, const OutboxSetup& setup, const Epoch& epoch, bool is_old,
                                Stream stream, const OwnSeals& seals) {
  auto rows = database.prepare("SELECT place, last, closed_ms, bytes FROM " + table(stream) +
                               " WHERE place > ?1 AND place < ?2 ORDER BY place");
  if (!rows) return std::move(rows.error());
  auto bound = rows->bind(row_of(epoch.no, Seq{0}), row_of(epoch.no + 1, Seq{0}));
  if (!bound) return std::move(bound.error());
  const LogId log{setup.site, setup.gateway, epoch.uuid, stream};
  Seq expected{epoch.let_go.at(at(stream)).value + 1};
  std::optional<BlockRow> before;
  Digest hash{};
  for (;;) {
    const auto there = rows->step();
    if (!there) return there.error();
    if (!*there) break;
    auto row = read_row(*rows);
    const auto name = std::string(word(stream)) + " " + std::to_string(place_of(row.row).value);
    Digest previous{};
    if (!is_in_its_place(row, log, previous)) return "the block at " + name + " is damaged";
    const auto first = place_of(row.row);
    if (first < expected || (!is_old && first > expected)) return "blocks before " + name + " are gone";
    if (before && first == expected && previous != hash) return "the block before " + name + " is damaged";
    hash = sha256(row.bytes);
    expected = Seq{row.last.value + 1};
    before = std::move(row);
  }
  if (before && !seals.hold(before->bytes))
    return "the newest block of " + std::string(word(stream)) + " is damaged";
  return std::string();
}

}  // namespace

Result<std::string> check_outbox(const OutboxSetup& setup, const Signer& signer) {
  DatabaseOptions reading;
  reading.read_only = true;
  reading.damaged = Fault::implausible;
  const auto checked = [&]() -> Result<std::string> {
    auto database = Database::open(setup.path, reading);
    if (!database) return std::move(database.error());
    // One moment of the file, whatever is appended meanwhile.
    if (auto begun = database->execute("BEGIN"); !begun) return std::move(begun.error());
    auto own = database->prepare("PRAGMA integrity_check(1)");
    if (!own) return std::move(own.error());
    const auto there = own->step();
    if (!there) return there.error();
    if (const auto said = own->column_text(0); said != "ok") return said;
    own->reset();
    auto rows = KeptRows::open(*database);
    if (!rows) return std::move(rows.error());
    std::vector<std::string> unsound;
    const auto kept = rows->all(unsound);
    if (!kept) return kept.error();
    if (!unsound.empty()) return "the row " + unsound.front() + " is damaged";
    auto epochs = read_epochs(*kept);
    if (!epochs) return std::move(epochs.error());
    auto keys = read_keys(*kept);
    if (!keys) return std::move(keys.error());
    const OwnSeals seals(signer, std::move(*keys));
    for (const auto& epoch : *epochs) {
      for (const auto stream : all_streams) {
        auto flaw = flaw_of_log(*database, setup, epoch, epoch.no != epochs->back().no, stream, seals);
        if (!flaw || !flaw->empty()) return flaw;
      }
    }
    return std::string();
  };
  auto flaw = checked();
  if (!flaw && flaw.error().fault == Fault::implausible) return flaw.error().message;
  return flaw;
}

}  // namespace steward
