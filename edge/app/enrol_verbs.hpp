#pragma once
#include <string>

#include "edge/app/options.hpp"

namespace steward {

/// `enrol` and its options; what is not given is the config's, if there is one.
struct EnrolOptions {
  std::string site;
  std::string gateway;
  std::string folder;          // the enrolment folder
  std::string file;            // request: to write; accept: the cloud's answer
  bool new_block_key = false;  // request of an enrolled gateway: another key for its blocks too
};

/// Makes what keys are missing and writes the request. Gives exit_ok, exit_failed, exit_bad_config.
int run_enrol_request(const EdgeOptions& options, EnrolOptions enrol);
/// Installs the cloud's answer, and has a running daemon take it up. Gives the same.
int run_enrol_accept(const EdgeOptions& options, EnrolOptions enrol);

}  // namespace steward
