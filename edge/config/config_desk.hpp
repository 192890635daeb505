#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "contract/nouns/events.hpp"
#include "contract/wire/site_config.hpp"
#include "edge/config/config_book.hpp"
#include "kit/loop/awaitable.hpp"

namespace steward {

/// What the daemon does for the desk. Thread: loop.
class ConfigActs {
 public:
  virtual ~ConfigActs() = default;
  /// Could the gateway run by it? Adds all that is in the way: profiles, devices, addresses.
  virtual bool check(const SiteConfigDocument& document, Problems& problems) = 0;
  /// Runs by it from now on; nullptr: by the own file. Only what differs is restarted. Between two rounds.
  /// Faults: it goes on by the one before.
  virtual Awaitable<Result<void>> change_to(const SiteConfigDocument* document) = 0;
  /// How it is now, by the last round.
  virtual Baseline health() const = 0;
  /// Marks and events in one transaction.
  virtual Awaitable<Result<void>> keep(std::vector<SavedMark> marks, std::vector<EdgeEvent> events) = 0;
  /// To the cloud, retained; may be lost: said again on connect.
  virtual void report(const std::string& text) = 0;
};

struct ConfigRules {
  unsigned settle_rounds = 3;  // so many at least, before the change is judged
  unsigned most_rounds = 6;    // so many at most, until it must be as good
  Milliseconds patience{0};    // on ticks, from the change: rounds that never end must not keep it either
};

/// Takes what the cloud wants a gateway to be: signed, checked whole, put in force in one transaction, and
/// taken back unless the gateway is as healthy and connected as before within some rounds.
///
/// A version that is not above the highest ever judged is refused, whatever became of that one. What is
/// refused is reported with every problem at once, and the config in force stays. Thread: loop.
class ConfigDesk {
 public:
  ConfigDesk(const Clock& clock, const Verifier& cloud, SiteId site, GatewayId gateway, ConfigRules rules,
             ConfigActs& acts);

  /// As found on disk at start, after count_start; the daemon runs by kept.text already.
  Awaitable<void> begin(KeptConfig kept);
  /// A message on the desired topic.
  Awaitable<void> received(Bytes payload);
  /// After each round, and between two: takes up what waits, and judges a probation.
  Awaitable<void> between_rounds(bool round_done);
  /// Says again what became of the last one.
  void connected();

  const ConfigState& state() const { return state_; }
  bool has_pending() const { return pending_.has_value(); }

 private:
  Awaitable<void> refuse(std::uint64_t version, Problems problems);
  Awaitable<void> activate();
  Awaitable<void> judge(bool round_done);
  Awaitable<void> accept();
  Awaitable<void> revert(std::string en, std::string zh);
  Awaitable<void> say_reverted(std::uint64_t version, std::string en, std::string zh);
  Awaitable<void> say(std::uint64_t version, Problems problems, EdgeEvent event);
  std::string shortcoming() const;
  EdgeEvent event(std::string kind, std::string detail) const;

  const Clock& clock_;
  const Verifier& cloud_;
  SiteId site_;
  GatewayId gateway_;
  ConfigRules rules_;
  ConfigActs& acts_;
  ConfigState state_;
  std::string report_;
  std::string text_;           // in force; empty: the own file
  std::string previous_text_;  // of a probation; the same
  Baseline before_;
  std::optional<SiteConfigDocument> pending_;
  unsigned rounds_ = 0;      // since the change
  bool round_seen_ = false;  // there is a health to hold a change against
  Ticks since_{};
  std::set<MeterId> listed_;  // by the config in force
  Ticks foreign_at_ = Ticks::min();
};

}  // namespace steward
