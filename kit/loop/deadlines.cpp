#include "kit/loop/deadlines.hpp"

#include <utility>
#include <vector>

#include "kit/loop/asio.hpp"
#include "kit/loop/loop.hpp"

namespace asio = boost::asio;

namespace steward {
namespace {

constexpr std::chrono::milliseconds glance{20};

}  // namespace

/// Places are reused; an id tells a place's present limit from one before.
struct Deadlines::Parts : std::enable_shared_from_this<Deadlines::Parts> {
  struct Place {
    std::uint64_t id = 0;  // 0: free
    std::chrono::steady_clock::time_point due;
    std::function<void()> passed;
  };

  explicit Parts(asio::io_context& context) : timer(context) {}

  void look_later() {
    if (looking) return;
    looking = true;
    timer.expires_after(glance);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& failed) {
      const auto self = weak.lock();
      if (failed || !self) return;
      self->looking = false;
      self->look();
    });
  }

  void look() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::pair<std::size_t, std::uint64_t>> over;
    for (std::size_t at = 0; at < places.size(); ++at) {
      if (places[at].id != 0 && places[at].due <= now) over.emplace_back(at, places[at].id);
    }
    for (const auto& [at, id] : over) {
      if (places[at].id != id) continue;  // lifted by one that passed just before it
      const auto passed = std::move(places[at].passed);
      free_place(at);
      passed();
    }
    if (set > 0) look_later();
  }

  void free_place(std::size_t at) {
    places[at].id = 0;
    places[at].passed = nullptr;
    unused.push_back(at);
    --set;
  }

  asio::steady_timer timer;
  std::vector<Place> places;
  std::vector<std::size_t> unused;
  std::size_t set = 0;
  std::uint64_t last_id = 0;
  bool looking = false;
};

Deadlines::Deadlines(Loop& loop) : parts_(std::make_shared<Parts>(loop.context())) {}
Deadlines::~Deadlines() = default;

Deadlines::Limit Deadlines::set(Milliseconds limit, std::function<void()> passed) {
  auto& parts = *parts_;
  if (parts.unused.empty()) {
    parts.unused.push_back(parts.places.size());
    parts.places.emplace_back();
  }
  Limit made;
  made.at_ = parts.unused.back();
  parts.unused.pop_back();
  made.id_ = ++parts.last_id;
  made.of_ = parts_;
  parts.places[made.at_] = {made.id_, std::chrono::steady_clock::now() + limit, std::move(passed)};
  ++parts.set;
  parts.look_later();
  return made;
}

Deadlines::Limit::~Limit() { lift(); }
Deadlines::Limit::Limit(Limit&& other) noexcept
    : of_(std::move(other.of_)), at_(other.at_), id_(std::exchange(other.id_, 0)) {}
Deadlines::Limit& Deadlines::Limit::operator=(Limit&& other) noexcept {
  if (this == &other) return *this;
  lift();
  of_ = std::move(other.of_);
  at_ = other.at_;
  id_ = std::exchange(other.id_, 0);
  return *this;
}

void Deadlines::Limit::lift() {
  if (id_ == 0) return;
  if (const auto parts = of_.lock(); parts && parts->places[at_].id == id_) parts->free_place(at_);
  id_ = 0;
}

}  // namespace steward
