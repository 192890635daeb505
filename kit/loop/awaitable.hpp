#pragma once
// Boost 1.74 with GCC 12 forgets <utility> before it uses std::exchange.
#include <utility>

#include <boost/asio/awaitable.hpp>

namespace steward {

/// What a coroutine on the loop returns. The only Asio name outside kit/loop,
/// drivers/*/tcp and edge/app that headers may spell.
template <class T>
using Awaitable = boost::asio::awaitable<T>;

}  // namespace steward
