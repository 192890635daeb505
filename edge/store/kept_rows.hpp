#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/result.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {

/// Small texts by name in the outbox's file. Each row carries a sum over its name and its text, so that a
/// bit turned over in an ack, an epoch or a pulse counter's base is found, not believed.
/// Thread: the one of its Database, which must outlive it.
class KeptRows {
 public:
  static Result<KeptRows> open(Database& database);

  /// Nothing when it was never put. Faults: implausible (damaged), and the database's.
  Result<std::optional<std::string>> get(std::string_view name);
  Result<void> put(std::string_view name, std::string_view text);
  Result<void> remove(std::string_view name);
  /// Every sound row; the names of the others in `damaged`. Faults: the database's.
  Result<std::map<std::string, std::string>> all(std::vector<std::string>& damaged);

 private:
  KeptRows(Statement get, Statement put, Statement remove, Statement all);

  Statement get_;
  Statement put_;
  Statement remove_;
  Statement all_;
};

}  // namespace steward
