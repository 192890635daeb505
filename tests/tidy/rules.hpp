#pragma once
#include <span>

#include "tests/tidy/source_tree.hpp"

namespace steward::tidy {

/// Every .cpp is named in the CMakeLists.txt of its folder or of one above, so a
/// test that nobody builds cannot look like one that passes.
Findings unbuilt_findings(std::span<const SourceFile> files);

/// Source files of at most 400 lines (tests may be long: they are tables).
Findings length_findings(std::span<const SourceFile> files);

/// No tab, no space at a line's end, one newline at the end, no leftover marks
/// for later work, no path of one machine, no archive host.
Findings text_findings(std::span<const SourceFile> files);

/// Code on the way to a bill knows no binary float: contract, decode, edge, cloud.
Findings float_findings(std::span<const SourceFile> files);

/// No two headers define a type of one name in one namespace: the linker keeps one of the two
/// (destructors and all) for both, and says nothing.
Findings twice_named_findings(std::span<const SourceFile> files);

/// Tests do not sleep, are not skipped, and each TEST_CASE checks something.
Findings test_findings(std::span<const SourceFile> files);

/// Links from Markdown to files and headings of this tree lead somewhere.
Findings link_findings(std::span<const SourceFile> files);

/// tests/budgets.txt and the table in docs/testing.md say the same.
Findings budget_findings(std::span<const SourceFile> files);

/// docs/promises.md: each line `| promise | file | test case |` names a test
/// case that is in that file.
Findings promise_findings(std::span<const SourceFile> files);

/// docs/limits.md: each line `| what | limit | file | why |` says words that are in that file, and every file
/// that has a bounded queue is named.
Findings limit_findings(std::span<const SourceFile> files);

/// docs/glossary.md: one English word per Chinese term, and the other way round.
Findings glossary_findings(std::span<const SourceFile> files);

}  // namespace steward::tidy
