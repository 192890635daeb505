#pragma once
#include <span>

#include "tests/tidy/source_tree.hpp"

namespace steward::tidy {

/// Who may see whom (docs/architecture.md, "Arrows"), read from the #includes:
/// a folder sees only the folders its line of the table names; pure folders see
/// no clock, thread, file or socket; each library has one home.
Findings layer_findings(std::span<const SourceFile> files);

}  // namespace steward::tidy
