#pragma once
#include "cloud/store/store.hpp"
#include "contract/nouns/problem.hpp"

namespace steward {

/// Listed at most; after a real fault of a disk there are thousands, and one is enough to restore a copy.
inline constexpr std::size_t max_book_flaws = 50;

/// What of the rows a bill run stands on is not what gateways signed; empty: nothing.
///
/// Each admitted block of closing records with an instant in [from, to), and each block of events, is
/// held against the hash it was admitted with, and every row made from it against the block. The
/// signature was verified at admission, by the key of that day; since then only a disk or a hand can
/// have changed a byte, and not a row, the block and its hash alike. A row that is gone is found as well.
///
/// Faults: the store's (a file that SQLite cannot read says so).
Result<Problems> check_books(Store& store, const SiteId& site, Instant from, Instant to);

}  // namespace steward
