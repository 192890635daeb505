#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "drivers/bus/register_bus.hpp"
#include "drivers/line/line_tap.hpp"
#include "edge/app/commission_messages.hpp"
#include "edge/app/control_stream.hpp"
#include "edge/commission/scan_gap.hpp"
#include "edge/commission/scan_plan.hpp"
#include "edge/poll/round.hpp"

namespace steward {

/// A bus as a technician's verbs see it.
struct DeskBus {
  const BusSetup* setup = nullptr;
  RegisterBus* bus = nullptr;
  std::shared_ptr<LineTap> tap;
  std::map<std::uint8_t, RegisterSpan> planned;  // its Modbus units, and their probe
  bool in_service = false;                       // rounds read it
};

/// What a technician asks of the running daemon: trace, verify, scan.
///
/// Nothing here reads past the guard, and nothing it reads becomes a reading. A round that is due
/// or nearly so goes first. At most one trace and one scan per line at a time.
/// Thread: loop. The references must outlive it.
class CommissionDesk {
 public:
  using Answer = Awaitable<Result<Json>>;
  using Back = std::shared_ptr<ControlStream>;

  /// next_round: the wall clock's; every: from one to the next.
  CommissionDesk(const Clock& clock, RoundRunner& rounds, const Profiles& profiles,
                 std::map<BusId, DeskBus> buses, std::function<Instant()> next_round, Milliseconds every);

  Answer trace(TraceRequest request, Back back);
  Answer verify(VerifyRequest request);
  Answer scan(ScanRequest request, Back back);

 private:
  Result<DeskBus*> find(const BusId& line);
  Result<DeskBus*> searched(BusId& line);
  ScanScope scope_of(const ScanRequest& request, const DeskBus& bus) const;
  ScanGap gap_of(const BusId& line, const DeskBus& bus, const ScanAsk& ask,
                 std::chrono::nanoseconds wait) const;

  const Clock& clock_;
  RoundRunner& rounds_;
  const Profiles& profiles_;
  std::map<BusId, DeskBus> buses_;
  std::function<Instant()> next_round_;
  Milliseconds every_;
  std::set<BusId> searching_;
};

}  // namespace steward
