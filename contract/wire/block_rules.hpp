#pragma once
#include <string_view>

#include "contract/nouns/log.hpp"
#include "contract/nouns/result.hpp"

namespace steward {

/// Text that may stand in a record: UTF-8, `least` to `most` bytes, no control
/// characters (it ends up in logs and terminals).
bool is_plain_text(std::string_view text, std::size_t least, std::size_t most);

/// Printable ASCII, as a QR code's content must be.
bool is_printable_ascii(std::string_view text);

/// What must be true of a block beside its form: every field within its limit,
/// as many records as places, a kind that fits the stream. The encoder and the
/// decoder ask the same question, so neither can write what the other refuses.
/// Faults: malformed (the message names the record and the field).
Result<void> check_block(const Block& block);

/// The same for one closing.
Result<void> check_closing(const Closing& closing);

}  // namespace steward
