#pragma once
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "cloud/app/verbs.hpp"
#include "edge/enrol/enrolment_folder.hpp"
#include "kit/crypto/key_file.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {

/// A gateway's enrolment in its three steps, as a technician and an operator do it: the gateway asks,
/// the cloud (data folder `books`) answers, the gateway accepts. Its keys are in `folder` afterwards.
inline void enrol_gateway(const std::filesystem::path& books, const std::filesystem::path& folder,
                          const std::string& gateway = "gw1", const std::string& site = "riverside") {
  EnrolmentFolder keys(folder);
  const auto request = keys.request(SiteId{site}, GatewayId{gateway}, false, SystemClock().now());
  REQUIRE_MESSAGE(request, (request ? "" : request.error().message));
  const auto asked = folder.string() + ".request";
  const auto answered = folder.string() + ".enrolment";
  REQUIRE(write_public_file(asked, chars_of(*request)));
  std::ostringstream said;
  const auto exit = run_steward_cloud(
      {"--data", books.string(), "gateway", "add", "--request", asked, "--out", answered}, {said, said});
  REQUIRE_MESSAGE(exit == Exit::ok, said.str());
  const auto grant = read_key_file(answered);
  REQUIRE(grant);
  const auto accepted = keys.accept(bytes_of(*grant));
  REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
}

}  // namespace steward
