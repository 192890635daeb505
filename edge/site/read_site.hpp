#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "contract/nouns/problem.hpp"
#include "edge/site/site_setup.hpp"

namespace steward {

/// Reads the config file's text (JSON with comments; docs/formats/edge-config.md).
///
/// Adds every problem it finds to `problems`, not the first only, and goes on
/// with what can be understood, so that the meter list can be checked in the
/// same pass. `meters` stays empty: the list is a file of its own.
/// file:    as the operator named it, for the problems
/// folder:  what relative paths are relative to: the config file's own folder
/// Thread: any; pure.
SiteSetup read_edge_config(std::string_view file, std::string_view folder, std::string_view text,
                           Problems& problems);

/// What a meter list is checked against of a profile.
struct KnownProfile {
  ProfileId id;
  Protocol protocol = Protocol::modbus;  // how its meters' addresses are written
  LineParity parity = LineParity::none;  // as the maker delivers it
};

/// Reads the meter list (CSV: meter,profile,bus,unit and optionally name) into
/// `setup.meters`, in file order, and checks it against `setup.buses` and the
/// profiles there are: `unit` is an address of the profile's protocol (contract/text/unit_text.hpp), a
/// Chinese meter is on a serial line, with the even parity its standard knows alone. Adds every problem.
void read_meter_list(std::string_view file, std::string_view text, std::span<const KnownProfile> profiles,
                     SiteSetup& setup, Problems& problems);

/// What there is at a path: asked through a function, so that the check stays pure.
enum class PathKind { missing, file, folder, device };
using PathProbe = std::function<PathKind(const std::string& path)>;

/// Checks that what `setup` points at is there: the enrolment folder and its
/// files, the profile folder, the meter list, serial devices. The data folder may be missing (it
/// is made), but must not be a file.
void check_paths(std::string_view file, const SiteSetup& setup, const PathProbe& probe, Problems& problems);

/// The known word nearest to `word`, if it is near enough to be what was meant
/// (at most a third of its letters differ); empty otherwise.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// "edge.json:12: the port is 0 ... 端口…": how a problem is printed, one line per language.
std::string print(const Problem& problem);

}  // namespace steward
