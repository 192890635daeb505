#pragma once
#include <doctest/doctest.h>

#include "tests/tidy/source_tree.hpp"

namespace steward::tidy {

/// The repository this test was built from, read once.
inline const std::vector<SourceFile>& whole_tree() {
  static const auto files = read_tree(STEWARD_SOURCE_DIR);
  return files;
}

/// Fails with every finding, so that one run tells all that is to be mended.
inline void check_nothing_found(const Findings& findings) {
  for (const auto& finding : findings) FAIL_CHECK(finding);
  CHECK(findings.empty());
}

}  // namespace steward::tidy
