#pragma once
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

/// steward-verify's verbs as plain functions: options in, text out, an exit code back.
namespace steward {

/// What a script can tell apart. Documented in `steward-verify --help`.
enum class VerifyExit : int {
  holds = 0,
  failed = 1,     // the machine: a file cannot be read
  bad_input = 2,  // the options, the key, or not a file of this kind
  differs = 3,    // it does not hold; each finding says what and where
};

struct VerifyStreams {
  std::ostream& out;  // results
  std::ostream& err;  // what went wrong
};

struct VerifyBlocksOptions {
  std::filesystem::path file;
  std::vector<std::string> keys;  // PEM files or 64 hex digits, oldest first
  bool json = false;
};
/// Checks a range of blocks that `steward-cloud blocks export` wrote: signatures,
/// links, order, holes, epochs. Reads the file and the keys, and nothing else.
VerifyExit verify_blocks(const VerifyBlocksOptions& options, const VerifyStreams& streams);

struct VerifyBillOptions {
  std::filesystem::path file;
  std::vector<std::string> keys;     // of gateways, known from elsewhere; empty: those of the file
  std::vector<std::string> issuers;  // the same of who issued it
  bool json = false;
};
/// Recomputes a bill from a bundle that `steward-cloud bundle` wrote, and says what agrees and what does not.
/// Reads the file and the keys, and nothing else.
VerifyExit verify_bill(const VerifyBillOptions& options, const VerifyStreams& streams);

/// The whole program: reads `arguments` (without the program's name) and runs a
/// verb. Never throws.
VerifyExit run_steward_verify(const std::vector<std::string>& arguments, const VerifyStreams& streams);

}  // namespace steward
