#pragma once
#include <span>

#include "kit/sqlite/database.hpp"

namespace steward {

/// The schema of the cloud's SQLite books, oldest step first. The texts are
/// cloud/store/migrations/NNNN_*.sql, built into the program. A step that has
/// been released is never edited: the next number changes what it made.
std::span<const Migration> store_migrations();

}  // namespace steward
