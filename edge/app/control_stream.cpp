#include "edge/app/control_stream.hpp"

#include <cassert>
#include <utility>

namespace steward {

bool ControlStream::say(Json line) {
  assert(line.find("ok") == nullptr && !finished_);
  if (lines_.size() >= max_untaken_lines || bytes_ >= max_untaken_bytes) {
    ++missed_;
    return false;
  }
  if (missed_ > 0) line.set("missed", std::exchange(missed_, 0));
  lines_.push_back(line.dump() + "\n");
  bytes_ += lines_.back().size();
  lines_signal_.set();
  return true;
}

Awaitable<void> ControlStream::rest(Milliseconds length) {
  if (cancelled_) co_return;
  (void)co_await cancelled_signal_.wait(length);
}

void ControlStream::cancel() {
  cancelled_ = true;
  cancelled_signal_.set();
}

void ControlStream::finish(std::string line) {
  finished_ = true;
  lines_.push_back(std::move(line));
  bytes_ += lines_.back().size();
  lines_signal_.set();
}

Awaitable<std::string> ControlStream::next() {
  if (lines_.empty()) (void)co_await lines_signal_.wait(Milliseconds{1'000});
  if (lines_.empty()) co_return std::string();
  auto line = std::move(lines_.front());
  lines_.pop_front();
  bytes_ -= line.size();
  co_return line;
}

}  // namespace steward
