#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "contract/nouns/result.hpp"

namespace steward {

/// Writes a file whole or not at all: beside it under another name, to disk,
/// then renamed, and the folder to disk too. A secret is created with mode 0600, so at no moment can anyone
/// else read it; the other kind with 0644.
/// Faults: broken (the message names the file and the system's reason).
Result<void> write_secret_file(const std::filesystem::path& file, std::string_view text);
Result<void> write_public_file(const std::filesystem::path& file, std::string_view text);

/// A key or certificate file, at most 64 KiB. Faults: broken, malformed (too long).
Result<std::string> read_key_file(const std::filesystem::path& file);

/// A file with a private key: at most 64 KiB, and nobody but its owner may read or write it.
/// Faults: broken, malformed (too long), refused (open to others: the message says what to do).
Result<std::string> read_secret_file(const std::filesystem::path& file);

}  // namespace steward
