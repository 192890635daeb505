#pragma once
#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace steward {

/// Named for what the caller does next, not for where it went wrong.
enum class Fault {
  retry,        // line noise, time-out, peer away: ask again later
  unsupported,  // the device answered "no such register": stop asking this one
  implausible,  // well-formed, but cannot be true: keep as evidence, do not bill
  malformed,    // not what the format says: refuse it whole
  refused,      // understood, and not allowed: tell the asker
  full,         // no room: shed telemetry, keep readings
  broken,       // ours to fix: raise an alarm
};

/// One word per fault, for logs and JSON.
constexpr std::string_view word(Fault fault) {
  switch (fault) {
    case Fault::retry: return "retry";
    case Fault::unsupported: return "unsupported";
    case Fault::implausible: return "implausible";
    case Fault::malformed: return "malformed";
    case Fault::refused: return "refused";
    case Fault::full: return "full";
    case Fault::broken: return "broken";
  }
  return "broken";
}

struct Error {
  Fault fault = Fault::broken;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value, or why there is none: everything the world can do to us.
/// Shaped like C++23's std::expected; asking the wrong side is an assert.
template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, Error>);
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  using value_type = T;

  Result()
    requires std::is_void_v<T>
      : state_(std::in_place_index<0>) {}
  template <class U = Stored>
    requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Fault fault, std::string message)
      : state_(std::in_place_index<1>, Error{fault, std::move(message)}) {}

  explicit operator bool() const { return state_.index() == 0; }

  auto& operator*() &
        requires(!std::is_void_v<T>)
  {
    return value();
  }
  const auto& operator*() const&
    requires(!std::is_void_v<T>)
  {
    return value();
  }
  auto&& operator*() &&
        requires(!std::is_void_v<T>)
  {
    return std::move(value());
  }
  auto* operator->()
    requires(!std::is_void_v<T>)
  {
    return &value();
  }
  const auto* operator->() const
    requires(!std::is_void_v<T>)
  {
    return &value();
  }

  Error& error() {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }
  const Error& error() const {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

  /// Grows the message on the way up: "meter 17: no reply in 300 ms".
  Result with_context(std::string_view context) && {
    if (!*this) error().message = std::string(context) + ": " + error().message;
    return std::move(*this);
  }

  /// Runs `next` on the value; passes an error through. `next` returns a Result.
  template <class F>
  auto and_then(F&& next) && {
    if constexpr (std::is_void_v<T>) {
      using Next = std::invoke_result_t<F>;
      return *this ? std::forward<F>(next)() : Next(std::move(error()));
    } else {
      using Next = std::invoke_result_t<F, Stored&&>;
      return *this ? std::forward<F>(next)(std::move(value())) : Next(std::move(error()));
    }
  }

 private:
  auto& value() {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const auto& value() const {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }

  std::variant<Stored, Error> state_;
};

}  // namespace steward
