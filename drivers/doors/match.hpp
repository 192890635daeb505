#pragma once

namespace steward {

/// One lambda per alternative, for std::visit.
template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Match(Cases...) -> Match<Cases...>;

}  // namespace steward
