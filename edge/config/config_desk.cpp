#include "edge/config/config_desk.hpp"

#include <algorithm>
#include <utility>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/limits.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

/// What nobody signed is an event at most so often.
constexpr std::chrono::minutes foreign_pace{10};
constexpr std::size_t most_named = 3;

Problem problem_of(std::string en, std::string zh) { return {"desired", 0, std::move(en), std::move(zh)}; }

std::set<MeterId> meters_of(const SiteConfigDocument& document) {
  std::set<MeterId> meters;
  for (const auto& meter : document.meters) meters.insert(meter.meter);
  return meters;
}

/// A report that fits a mark: the first problems, as many as there is room for.
std::string fitted(ReportedConfig report) {
  auto text = encode_reported(report);
  while (text.size() > max_mark_text && report.problems.size() > 1) {
    report.problems.resize(report.problems.size() / 2);
    text = encode_reported(report);
  }
  return text;
}

}  // namespace

ConfigDesk::ConfigDesk(const Clock& clock, const Verifier& cloud, SiteId site, GatewayId gateway,
                       ConfigRules rules, ConfigActs& acts)
    : clock_(clock),
      cloud_(cloud),
      site_(std::move(site)),
      gateway_(std::move(gateway)),
      rules_(rules),
      acts_(acts) {}

EdgeEvent ConfigDesk::event(std::string kind, std::string detail) const {
  return {clock_.now(), std::move(kind), "", fit_text(detail, wire_limit::sentence_bytes)};
}

Awaitable<void> ConfigDesk::begin(KeptConfig kept) {
  state_ = kept.state;
  report_ = std::move(kept.report);
  before_ = std::move(kept.before);
  text_ = std::move(kept.text);
  previous_text_ = std::move(kept.previous_text);
  Problems none;
  if (auto document = read_site_config("desired", text_, none)) listed_ = meters_of(*document);
  since_ = clock_.ticks();
  std::vector<EdgeEvent> events;
  if (!kept.trouble.empty()) events.push_back(event("config_damaged", kept.trouble));
  if (kept.taken_back != 0) {
    co_await say_reverted(kept.taken_back, "the program started again and again under it",
                          "程序在该配置下反复重新启动");
  }
  if (events.empty()) co_return;
  std::vector<SavedMark> marks{config_state_mark(state_)};
  (void)co_await acts_.keep(std::move(marks), std::move(events));
}

void ConfigDesk::connected() {
  if (!report_.empty()) acts_.report(report_);
}

/// The report is kept with the state: what was said is said again after a power cut.
Awaitable<void> ConfigDesk::say(std::uint64_t version, Problems problems, EdgeEvent said) {
  ReportedConfig report{site_, gateway_, version, problems.empty(), std::move(problems)};
  acts_.report(encode_reported(report));
  report_ = fitted(std::move(report));
  std::vector<SavedMark> marks{config_state_mark(state_), config_report_mark(report_)};
  std::vector<EdgeEvent> events{std::move(said)};
  (void)co_await acts_.keep(std::move(marks), std::move(events));
}

Awaitable<void> ConfigDesk::refuse(std::uint64_t version, Problems problems) {
  auto said =
      event("config_refused", "version " + std::to_string(version) + ", " + std::to_string(problems.size()) +
                                  " problems: " + problems.front().en);
  co_await say(version, std::move(problems), std::move(said));
}

Awaitable<void> ConfigDesk::received(Bytes payload) {
  Problems problems;
  auto document = decode_desired(payload, cloud_, problems);
  if (!document && document.error().fault == Fault::refused) {
    // Nobody proven asked, so nobody is answered.
    if (foreign_at_ != Ticks::min() && clock_.ticks() - foreign_at_ < foreign_pace) co_return;
    foreign_at_ = clock_.ticks();
    std::vector<SavedMark> none;
    std::vector<EdgeEvent> events{event("config_refused", "not believed: " + document.error().message)};
    (void)co_await acts_.keep(std::move(none), std::move(events));
    co_return;
  }
  if (!document) {
    co_await refuse(0, std::move(problems));
    co_return;
  }
  if (document->site != site_ || document->gateway != gateway_) {
    problems.push_back(problem_of("it is for " + document->site.text + "/" + document->gateway.text,
                                  "该配置属于 " + document->site.text + "/" + document->gateway.text));
    co_await refuse(document->version, std::move(problems));
    co_return;
  }
  if (document->version == state_.highest) {
    connected();  // a broker says it again at each connection
    co_return;
  }
  if (document->version < state_.highest) {
    const auto highest = std::to_string(state_.highest);
    problems.push_back(
        problem_of("version " + std::to_string(document->version) + " is not above " + highest +
                       ", the highest this gateway has judged",
                   "版本 " + std::to_string(document->version) + " 不高于本网关已处理的最高版本 " + highest));
    co_await refuse(document->version, std::move(problems));
    co_return;
  }
  state_.highest = document->version;
  if (!acts_.check(*document, problems)) {
    co_await refuse(document->version, std::move(problems));
    co_return;
  }
  pending_ = std::move(*document);  // put in force between two rounds
}

Awaitable<void> ConfigDesk::between_rounds(bool round_done) {
  round_seen_ = round_seen_ || round_done;
  if (state_.probation) co_await judge(round_done);
  if (!state_.probation && pending_ && round_seen_) co_await activate();
}

Awaitable<void> ConfigDesk::activate() {
  const auto document = std::move(*pending_);
  pending_.reset();
  const auto before = acts_.health();
  const auto text = print_site_config(document);
  auto next = state_;
  next.previous = state_.active;
  next.active = {document.version, state_.active.slot == 'a' ? 'b' : 'a', text.size(),
                 sha256(bytes_of(text))};
  next.probation = true;
  next.starts = 0;
  auto marks = activation_marks(next, text, before);
  std::vector<EdgeEvent> events{event("config_changed", "version " + std::to_string(document.version) +
                                                            " is in force, on probation; before it " +
                                                            std::to_string(state_.active.version))};
  const auto kept = co_await acts_.keep(std::move(marks), std::move(events));
  if (!kept) co_return;  // the outbox failed: the daemon ends, and this one comes again
  state_ = next;
  previous_text_ = std::exchange(text_, text);
  before_ = before;
  listed_ = meters_of(document);
  rounds_ = 0;
  since_ = clock_.ticks();
  const auto changed = co_await acts_.change_to(&document);
  if (!changed)
    co_await revert("it could not be put in force: " + changed.error().message,
                    "无法生效：" + changed.error().message);
}

/// In what the gateway is worse than before the change; empty: in nothing.
std::string ConfigDesk::shortcoming() const {
  const auto now = acts_.health();
  if (before_.connected && !now.connected) return "the broker is not reached any more";
  std::string names;
  std::size_t lost = 0;
  for (const auto& meter : before_.well) {
    if (!listed_.contains(meter) || now.well.contains(meter)) continue;
    if (++lost <= most_named) names += (names.empty() ? "" : ", ") + meter.text;
  }
  if (lost == 0) return {};
  return std::to_string(lost) + " meters that answered before do not answer any more: " + names +
         (lost > most_named ? ", ..." : "");
}

Awaitable<void> ConfigDesk::judge(bool round_done) {
  if (round_done) ++rounds_;
  const bool over = clock_.ticks() - since_ >= rules_.patience;
  if (rounds_ < rules_.settle_rounds && !over) co_return;
  const auto worse = rounds_ == 0 ? std::string("no round came to its end") : shortcoming();
  if (worse.empty()) {
    co_await accept();
  } else if (rounds_ >= rules_.most_rounds || over) {
    co_await revert(worse, "网关状况不如更改之前：" + worse);
  }
}

Awaitable<void> ConfigDesk::accept() {
  state_.probation = false;
  state_.starts = 0;
  const auto version = state_.active.version;
  auto said = event("config_accepted",
                    "version " + std::to_string(version) + " after " + std::to_string(rounds_) + " rounds");
  Problems none;
  co_await say(version, std::move(none), std::move(said));
}

Awaitable<void> ConfigDesk::say_reverted(std::uint64_t version, std::string en, std::string zh) {
  Problems problems{problem_of("taken back: " + en, "已撤回：" + zh)};
  auto said = event("config_reverted", "version " + std::to_string(version) + ": " + en + "; " +
                                           std::to_string(state_.active.version) + " is in force again");
  co_await say(version, std::move(problems), std::move(said));
}

Awaitable<void> ConfigDesk::revert(std::string en, std::string zh) {
  const auto version = state_.active.version;
  state_.active = state_.previous;
  state_.probation = false;
  state_.starts = 0;
  // On disk before anything runs by it: a power cut in between finds the old one in force.
  co_await say_reverted(version, std::move(en), std::move(zh));
  Problems none;
  const auto back = read_site_config("desired", previous_text_, none);
  text_ = std::exchange(previous_text_, {});
  listed_ = back ? meters_of(*back) : std::set<MeterId>{};
  (void)co_await acts_.change_to(back ? &*back : nullptr);
}

}  // namespace steward
