#pragma once
#include "contract/nouns/result.hpp"
#include "edge/store/kept_rows.hpp"
#include "kit/sqlite/database.hpp"

namespace steward {

/// Brings over what an outbox of schema 1 kept in small tables of its own (meta, mark, ack) into the rows
/// that carry a sum, and drops those tables. One transaction: cut short, it is done at the next start. A file
/// that has them no more is left alone. Faults: the database's.
Result<void> convert_first_schema(Database& database, KeptRows& kept);

}  // namespace steward
