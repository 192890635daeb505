#pragma once
#include <cstdint>
#include <string>

namespace steward::fault {

/// What came of a run.
struct Tally {
  std::uint64_t exchanges = 0;       // requests that went out, probes included
  std::uint64_t faults = 0;          // things the line did to them
  std::uint64_t accepted = 0;        // of these, ended in accepted words, identities included
  std::uint64_t values = 0;          // data reads among them
  std::uint64_t wrong_register = 0;  // other registers, another unit's, or another scale
  std::uint64_t too_old = 0;         // read by the meter before they were first asked for
  std::uint64_t chance = 0;          // garbled, and the CRC fitted all the same
  std::uint64_t refusals = 0;        // "no such register" that was believed
  std::uint64_t refusals_old = 0;    // of these, said of an earlier request
  std::uint64_t identities_wrong = 0;
  std::uint64_t identities_old = 0;
  std::uint64_t billing = 0;        // values the gate let through
  std::uint64_t billing_wrong = 0;  // of these not right, whatever the reason, and not called suspect since
  std::uint64_t called_back = 0;    // of these not right, but a latch or an alarm made them suspect
  std::uint64_t outside = 0;        // wishes outside the dictionary that were not refused
  std::uint64_t restarts = 0;
  std::uint64_t plan_changes = 0;
  std::uint64_t ad_hoc = 0;
  // Where two devices share an address:
  std::uint64_t twin_values = 0;  // of the wrong device of the two
  std::uint64_t first_unit_exchanges = 0;
  std::uint64_t latched_after = 0;  // exchanges of its unit; 0: never
  bool latch_names_clean_check = false;
  std::uint64_t billed_since_clean_check = 0;  // of the wrong device, and not called back by the latch

  Tally& operator+=(const Tally& other) {
    exchanges += other.exchanges;
    faults += other.faults;
    accepted += other.accepted;
    values += other.values;
    wrong_register += other.wrong_register;
    too_old += other.too_old;
    chance += other.chance;
    refusals += other.refusals;
    refusals_old += other.refusals_old;
    identities_wrong += other.identities_wrong;
    identities_old += other.identities_old;
    billing += other.billing;
    billing_wrong += other.billing_wrong;
    called_back += other.called_back;
    outside += other.outside;
    restarts += other.restarts;
    plan_changes += other.plan_changes;
    ad_hoc += other.ad_hoc;
    twin_values += other.twin_values;
    billed_since_clean_check += other.billed_since_clean_check;
    return *this;
  }
  double accepted_percent() const {
    return exchanges == 0 ? 0 : 100.0 * static_cast<double>(accepted) / static_cast<double>(exchanges);
  }
};

}  // namespace steward::fault
