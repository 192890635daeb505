#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "contract/nouns/problem.hpp"
#include "contract/text/json.hpp"

namespace steward {

/// What `steward-edge profile check` finds in one profile.
struct ProfileReport {
  std::string file;
  std::string profile;            // its id; empty when it could not be read
  Problems mistakes;              // not usable, or not as it should be
  Problems doubts;                // usable: facts without a source, no serial number, nothing seen
  Problems guesses;               // what the profile itself marks as not confirmed
  std::size_t captures = 0;       // all of them decode as they say, or there is a mistake
  std::size_t captures_seen = 0;  // of these, seen on a device or published
  std::size_t channels = 0;
  std::size_t requests = 0;   // that read every channel once
  std::int64_t wire_us = 0;   // what these take on the line the profile hints at
  std::int64_t ideal_us = 0;  // what they would take if byte counts could repeat
  std::string dictionary;     // which byte count means which registers (Dictionary::text)
};

/// Reads `text` as a profile, runs its captures, and plans it twice: every channel, and
/// what is billed. Mistakes: what the reader refuses; a file not called like its profile;
/// a block without a byte count of its own (its channels are never read); a request that
/// touches forbidden registers, or a data request with a count of the probe's. Pure.
ProfileReport check_profile(const std::string& file, std::string_view text);

/// For people, English and Chinese, one line each; and for programs.
std::string print_report(const ProfileReport& report);
Json report_json(const ProfileReport& report);

/// The verb: reads the files, prints a report on each.
/// gives: exit_ok; exit_failed when any has a mistake; exit_bad_config when a file cannot be read
int run_profile_check(const std::vector<std::string>& files, bool json, std::ostream& out);

}  // namespace steward
