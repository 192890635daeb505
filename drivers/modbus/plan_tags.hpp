#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "drivers/modbus/plan_bundles.hpp"

namespace steward {

/// What an RTU reply names beside its unit: the function and how many registers it carries.
struct ReplyTag {
  RegisterKind kind = RegisterKind::holding;
  std::uint16_t count = 0;

  friend auto operator<=>(const ReplyTag&, const ReplyTag&) = default;
};
constexpr ReplyTag reply_tag_of(const RegisterSpan& span) { return {span.kind, span.count}; }

/// Registers that one or more lists need in one read.
struct Need {
  RegisterSpan span;
  std::int64_t uses = 1;   // how many lists ask for it
  bool important = false;  // holds a register that a bill stands on
};

/// A tag of its own for each need, and what they cost together.
struct TagMatch {
  std::vector<std::optional<RegisterSpan>> requests;  // per need; nothing: no tag was left for it
  std::int64_t wire_us = 0;                           // of those that have one
  std::int64_t penalty = 0;  // compares plans: needs left out, then wire time, then unnamed registers
};

/// Pads needs so that no two share a tag, none takes a reserved one, and the sum is
/// least: minimum-cost bipartite matching of needs and tags (Kuhn-Munkres, O(n^2 x tags)).
/// What a need costs with each tag is worked out once per need. Pure.
class TagMatcher {
 public:
  /// reserved: the probe's
  TagMatcher(const Profile& profile, std::set<ReplyTag> reserved, const ReadCost& cost);

  /// needs: at most 512, no two with one span
  TagMatch match(const std::vector<Need>& needs);

  /// One need with one tag: what would be asked, and its cost for one use.
  struct Choice {
    std::int64_t cost = -1;  // below 0: this need cannot have this tag
    RegisterSpan request;
  };
  using Row = std::vector<Choice>;  // per tag: 125 of holding, then 125 of input registers

 private:
  const Row& row_of(const RegisterSpan& span);

  const Profile& profile_;
  std::set<ReplyTag> reserved_;
  ReadCost cost_;
  std::map<RegisterSpan, Row> rows_;
};

}  // namespace steward
