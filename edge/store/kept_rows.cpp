#include "edge/store/kept_rows.hpp"

#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

/// The first eight bytes of SHA-256 over name, NUL and text.
std::int64_t sum_of(std::string_view name, std::string_view text) {
  std::string both(name);
  both += '\0';
  both += text;
  const auto digest = sha256(bytes_of(both));
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < 8; ++at) sum = (sum << 8U) | digest.at(at);
  return static_cast<std::int64_t>(sum);
}

}  // namespace

KeptRows::KeptRows(Statement get, Statement put, Statement remove, Statement all)
    : get_(std::move(get)), put_(std::move(put)), remove_(std::move(remove)), all_(std::move(all)) {}

Result<KeptRows> KeptRows::open(Database& database) {
  auto get = database.prepare("SELECT text, sum FROM kept WHERE name = ?");
  if (!get) return std::move(get.error());
  auto put = database.prepare(
      "INSERT INTO kept VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET text = excluded.text, sum = "
      "excluded.sum");
  if (!put) return std::move(put.error());
  auto remove = database.prepare("DELETE FROM kept WHERE name = ?");
  if (!remove) return std::move(remove.error());
  auto all = database.prepare("SELECT name, text, sum FROM kept ORDER BY name");
  if (!all) return std::move(all.error());
  return KeptRows(std::move(*get), std::move(*put), std::move(*remove), std::move(*all));
}

Result<std::optional<std::string>> KeptRows::get(std::string_view name) {
  if (auto bound = get_.bind(name); !bound) return std::move(bound.error());
  const auto there = get_.step();
  if (!there) return there.error();
  if (!*there) return std::optional<std::string>();
  auto text = get_.column_text(0);
  const bool sound = get_.column_int(1) == sum_of(name, text);
  get_.reset();
  if (!sound) return Error{Fault::implausible, "the row " + std::string(name) + " is damaged"};
  return std::optional(std::move(text));
}

Result<void> KeptRows::put(std::string_view name, std::string_view text) {
  return put_.run(name, text, sum_of(name, text));
}

Result<void> KeptRows::remove(std::string_view name) { return remove_.run(name); }

Result<std::map<std::string, std::string>> KeptRows::all(std::vector<std::string>& damaged) {
  std::map<std::string, std::string> rows;
  if (auto bound = all_.bind(); !bound) return std::move(bound.error());
  for (;;) {
    const auto there = all_.step();
    if (!there) return there.error();
    if (!*there) return rows;
    auto name = all_.column_text(0);
    auto text = all_.column_text(1);
    if (all_.column_int(2) == sum_of(name, text)) {
      rows.emplace(std::move(name), std::move(text));
    } else {
      damaged.push_back(std::move(name));
    }
  }
}

}  // namespace steward
