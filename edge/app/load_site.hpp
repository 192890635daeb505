#pragma once
#include <optional>
#include <string>

#include "contract/nouns/problem.hpp"
#include "contract/wire/site_config.hpp"
#include "edge/poll/poll_plan.hpp"
#include "edge/site/site_setup.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

/// The gateway's own keys and what it trusts (docs/formats/edge-config.md, Enrolment folder).
struct Enrolment {
  SigningKey block_key;
  VerifyingKey cloud_key;
  std::string ca_file;
  std::string identity_file;  // the client certificate and its key in one, so that both change at once
};

/// The meter list of 8,000 meters is half of it.
inline constexpr std::size_t max_meter_list_bytes = 4 * 1024 * 1024;

/// Everything that is read before anything starts.
struct LoadedSite {
  SiteSetup setup;
  Profiles profiles;  // those the meter list names
  Enrolment enrolment;
};

/// Reads the config, the meter list, the profiles and the enrolment folder.
/// Gives nothing unless `problems` stays empty; lists all it can find.
/// profiles_override: a folder instead of the config's; empty = none
/// desired: rounds, buses and meters in the place of the files'; nullptr: the files' own
/// meters_override: a meter list instead of the config's, to see whether it would be taken; empty = none
std::optional<LoadedSite> load_site(const std::string& config_file, const std::string& profiles_override,
                                    Problems& problems, const std::string& meters_override = {},
                                    const SiteConfigDocument* desired = nullptr);

/// A whole file of at most `most` bytes. Faults: broken (message names file and reason), malformed (longer).
Result<std::string> read_text_file(const std::string& path, std::size_t most);

}  // namespace steward
