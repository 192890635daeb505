#include "cloud/ingest/admission.hpp"

#include <algorithm>
#include <cassert>

#include "contract/text/key_change_text.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {

std::string_view word(Fate fate) {
  switch (fate) {
    case Fate::admitted: return "admitted";
    case Fate::again: return "again";
    case Fate::early: return "early";
    case Fate::aside: return "aside";
    case Fate::unproven: return "unproven";
    case Fate::fork: return "fork";
    case Fate::stranger: return "stranger";
  }
  return "stranger";
}

/// One gateway's keys, looked up once per transaction; no row: not enrolled.
struct Admission::Context {
  SiteId site;
  GatewayId gateway;
  std::optional<GatewayRow> row;
  std::vector<FormerKey> former;
};

namespace {

/// Whose turn it was to sign a block, by its place in its log.
enum class SigningTime : std::uint8_t { former, present, next };

/// The one key that may have signed what stands at this place: after a handover a copy of the key before it
/// is good for nothing. While a registered key has not been heard of, either may; then the signature says
/// which.
std::pair<SigningTime, PublicKey> signer_of(const BlockPlace& place, ByteView bytes,
                                            const GatewayRow& gateway, const std::vector<FormerKey>& former) {
  bool closed = false;              // this log has heard of the registered key: the present one is done here
  for (const auto& key : former) {  // by epoch, stream, last: the first that reaches so far
    if (key.epoch != place.log.epoch || key.stream != place.log.stream) continue;
    if (place.last <= key.last) return {SigningTime::former, key.block_key};
    closed = closed || key.block_key == gateway.block_key;
  }
  if (gateway.next_key && closed) return {SigningTime::next, *gateway.next_key};
  if (gateway.next_key &&
      unseal(content_type::block, bytes, max_block_bytes, VerifyingKey(*gateway.next_key))) {
    return {SigningTime::next, *gateway.next_key};
  }
  return {SigningTime::present, gateway.block_key};
}

/// One message on its way through `admit_one`: what is known of it so far.
struct Candidate {
  const Arrival& arrival;
  BlockPlace place;
  AdmissionMark mark;
  SigningTime signer;
  const BlockProof& proof;

  bool is_hole() const { return proof.block && kind_of(proof.block->records) == RecordKind::hole; }
  /// A hole made for sending, not written into the log: other bytes may say the same places.
  bool is_made_up() const {
    return is_hole() && std::get<Hole>(proof.block->records).reason != hole_reason::memory;
  }
  AdmissionOutcome outcome(Fate fate, std::string why = {}) const {
    return {fate, place.log, place.first, place.last, std::move(why)};
  }
};

/// A hole in the time of a key that was replaced is signed by the one the gateway has now. It can bring
/// nothing in, so a copy of the present key gains nothing either. Nothing: it is none.
std::optional<BlockProof> hole_of_today(ByteView bytes, const GatewayRow& gateway) {
  for (const auto& key : {std::optional(gateway.block_key), gateway.next_key}) {
    if (!key) continue;
    auto proof = prove_block(bytes, VerifyingKey(*key));
    if (proof.block && kind_of(proof.block->records) == RecordKind::hole) return proof;
  }
  return std::nullopt;
}

std::string places_of(const BlockPlace& place) {
  return std::string(word(place.log.stream)) + " " + std::to_string(place.first.value) + ".." +
         std::to_string(place.last.value);
}

AdmissionOutcome stranger(std::string why) { return {Fate::stranger, {}, {}, {}, std::move(why)}; }

/// Keeps the message as evidence and raises the alarm that goes with it.
Result<AdmissionOutcome> keep_aside(Store& store, const Candidate& candidate, Fate fate,
                                    std::string_view kind, std::string why) {
  const auto& place = candidate.place;
  const auto at = candidate.arrival.at;
  auto kept = store.set_aside({.site = place.log.site,
                               .gateway = place.log.gateway,
                               .cause = fate == Fate::fork ? "fork" : "refused",
                               .detail = why,
                               .epoch = place.log.epoch,
                               .stream = place.log.stream,
                               .first = place.first,
                               .last = place.last,
                               .hash = candidate.proof.hash,
                               .received_at = at,
                               .bytes = candidate.arrival.payload});
  if (!kept) return std::move(kept.error());
  auto raised = store.raise({.site = place.log.site,
                             .subject = place.log.gateway.text,
                             .kind = std::string(kind),
                             .detail = places_of(place) + ": " + why,
                             .first_at = at,
                             .last_at = at});
  if (!raised) return std::move(raised.error());
  return candidate.outcome(fate, std::move(why));
}

Result<AdmissionOutcome> fork_seen(Store& store, const Candidate& candidate, std::string why) {
  auto marked = store.mark_forked(candidate.mark);
  if (!marked) return std::move(marked.error());
  return keep_aside(store, candidate, Fate::fork, "fork", std::move(why));
}

/// Its own gateway signed it, but it cannot be booked: the bytes are kept in its
/// place, as a hole, so that the log can go on and the gateway may forget it.
Result<AdmissionOutcome> book_as_refused(Store& store, const Candidate& candidate, std::string why) {
  const auto& place = candidate.place;
  const Block hole{
      .log = place.log,
      .first = place.first,
      .last = place.last,
      .previous = place.previous,
      .stamp = {.wall = candidate.arrival.at},
      .records = Hole{place.first, place.last, std::string(hole_reason::refused), candidate.proof.hash}};
  auto booked = store.admit(candidate.mark, {.block = hole,
                                             .bytes = candidate.arrival.payload,
                                             .hash = candidate.proof.hash,
                                             .received_at = candidate.arrival.at,
                                             .closings = {}});
  if (!booked) return std::move(booked.error());
  return keep_aside(store, candidate, Fate::aside, "block_refused", std::move(why));
}

/// Whether the block continues the history in the books. After a hole, a block
/// written behind it may also name the hole's own bytes. A hole itself may not know the block before it,
/// which was lost too: it then names none, and brings no data that could be of another history.
Result<bool> links(Store& store, const Candidate& candidate) {
  const auto& mark = candidate.mark;
  if (!mark.link_known || candidate.place.previous == mark.last_hash) return true;
  if (candidate.is_made_up() && candidate.place.previous == Digest{}) return true;
  auto last = store.block_at(mark, mark.upto);
  if (!last) return std::move(last.error());
  return last->has_value() && (*last)->hash == candidate.place.previous;
}

/// What a block's first events say of a change to this key: one for the present epoch, then one for each
/// before it that the gateway still has blocks of. Nothing when the first is of something else.
std::vector<KeyChange> changes_to(const PublicKey& key, const std::vector<EdgeEvent>& events) {
  std::vector<KeyChange> changes;
  for (const auto& event : events) {
    const auto change = read_key_change(event);
    if (!change || change->key != key || change->epoch.has_value() != !changes.empty()) break;
    changes.push_back(*change);
  }
  return changes;
}

/// The first block by the registered key: this log is handed over, and all the gateway's when it says so
/// itself.
Result<void> hand_over(Store& store, const Candidate& candidate, const Block& block, GatewayRow& gateway,
                       std::vector<FormerKey>& former) {
  const auto& log = candidate.place.log;
  const auto end = [&](const Uuid& epoch, Stream stream, Seq last) {
    return store.add_former_key(log.site, log.gateway, {epoch, stream, last, gateway.block_key});
  };
  auto noted = end(log.epoch, log.stream, Seq{candidate.place.first.value - 1});
  const auto* events = std::get_if<std::vector<EdgeEvent>>(&block.records);
  const auto changes = events != nullptr ? changes_to(*gateway.next_key, *events) : std::vector<KeyChange>();
  if (noted && !changes.empty()) {
    for (const auto& change : changes) {
      for (const auto stream : all_streams) {
        noted = std::move(noted).and_then([&] {
          return end(change.epoch.value_or(log.epoch), stream, change.upto[static_cast<std::size_t>(stream)]);
        });
      }
    }
    gateway.block_key = *gateway.next_key;
    gateway.next_key.reset();
    noted = std::move(noted).and_then([&] { return store.put_gateway(gateway); });
  }
  if (!noted) return noted;
  auto rows = store.former_keys(log.site, log.gateway);
  if (!rows) return std::move(rows.error());
  former = std::move(*rows);
  return {};
}

Result<AdmissionOutcome> take_next(Store& store, const Candidate& candidate, GatewayRow& gateway,
                                   std::vector<FormerKey>& former) {
  const auto& proof = candidate.proof;
  if (!proof.proven) {
    return keep_aside(
        store, candidate, Fate::unproven, "signature",
        "the signature is not that of the key whose turn it is; a gateway with another key is to be "
        "rotated (gateway rotate) or enrolled again");
  }
  auto linked = links(store, candidate);
  if (!linked) return std::move(linked.error());
  if (!*linked) {
    return fork_seen(store, candidate,
                     "does not continue the block before it; the gateway has another history");
  }
  if (!proof.block) return book_as_refused(store, candidate, proof.block.error().message);
  if (!proof.closings) return book_as_refused(store, candidate, proof.closings.error().message);
  auto booked = store.admit(candidate.mark, {.block = *proof.block,
                                             .bytes = candidate.arrival.payload,
                                             .hash = proof.hash,
                                             .received_at = candidate.arrival.at,
                                             .closings = *proof.closings});
  if (!booked) return std::move(booked.error());
  // A hole tells nothing of its neighbours: it is signed when it is sent, they were when they were written.
  if (candidate.signer == SigningTime::next && !candidate.is_made_up()) {
    if (auto handed = hand_over(store, candidate, *proof.block, gateway, former); !handed)
      return std::move(handed.error());
  }
  return candidate.outcome(Fate::admitted);
}

/// Whether the block follows what the books have before its place.
Result<bool> follows_the_books(Store& store, const Candidate& candidate) {
  const auto& place = candidate.place;
  if (place.first.value == 1) return place.previous == Digest{};
  auto before = store.block_at(candidate.mark, Seq{place.first.value - 1});
  if (!before) return std::move(before.error());
  return before->has_value() && (*before)->last.value + 1 == place.first.value &&
         (*before)->hash == place.previous;
}

Result<AdmissionOutcome> compare_behind(Store& store, const Candidate& candidate) {
  auto stored = store.block_at(candidate.mark, candidate.place.first);
  if (!stored) return std::move(stored.error());
  if (*stored && (*stored)->hash == candidate.proof.hash) {
    return candidate.outcome(Fate::again, "already in the books");
  }
  if (!candidate.proof.proven) {
    return keep_aside(store, candidate, Fate::unproven, "signature",
                      "the signature is not that of the enrolled gateway, and its place is taken");
  }
  // What reaches further is sent once more from behind what is here: no bytes are booked in part.
  if (candidate.is_made_up()) {
    return candidate.outcome(Fate::again, "the gateway has no more what is in the books");
  }
  auto parts = follows_the_books(store, candidate);
  if (!parts) return std::move(parts.error());
  auto outcome = fork_seen(store, candidate, "its place in the log is taken by another block");
  if (outcome && *parts) outcome->parts = candidate.proof.hash;
  return outcome;
}

}  // namespace

Result<AdmissionOutcome> Admission::admit_one(const Arrival& arrival, std::vector<Context>& seen) {
  const auto topic = parse_topic(arrival.topic);
  if (!topic || topic->kind != TopicKind::up) return stranger("not a topic that gateways send blocks on");
  if (arrival.payload.size() > max_block_bytes) return stranger("longer than a block may be");
  const auto place = peek_block(arrival.payload);
  if (!place) return stranger("not a block: " + place.error().message);
  if (place->log.site != topic->site || place->log.gateway != topic->gateway ||
      place->log.stream != topic->stream) {
    return stranger("a block of " + place->log.site.text + "/" + place->log.gateway.text + " on the topic " +
                    arrival.topic);
  }

  auto known = std::find_if(seen.begin(), seen.end(), [&](const Context& context) {
    return context.site == topic->site && context.gateway == topic->gateway;
  });
  if (known == seen.end()) {
    auto row = store_.gateway(topic->site, topic->gateway);
    if (!row) return std::move(row.error());
    auto former = store_.former_keys(topic->site, topic->gateway);
    if (!former) return std::move(former.error());
    known =
        seen.insert(seen.end(), Context{topic->site, topic->gateway, std::move(*row), std::move(*former)});
  }
  if (!known->row) {
    return stranger("the gateway " + topic->site.text + "/" + topic->gateway.text + " is not enrolled");
  }

  auto mark = store_.lock_log(place->log);
  if (!mark) return std::move(mark.error());
  const auto [turn, signs] = signer_of(*place, arrival.payload, *known->row, known->former);
  // A proof under another key than the one whose turn it is is as good as none.
  std::optional<BlockProof> own;
  const bool ready = arrival.proof && arrival.proof->key == signs;
  if (!ready) own = prove_block(arrival.payload, VerifyingKey(signs));
  if (turn == SigningTime::former && !(ready ? *arrival.proof : *own).proven) {
    if (auto hole = hole_of_today(arrival.payload, *known->row)) own = std::move(hole);
  }
  const Candidate candidate{arrival, *place, *mark, turn, own ? *own : *arrival.proof};
  if (known->row->revoked_at) {
    return keep_aside(store_, candidate, Fate::unproven, "revoked",
                      "the gateway was revoked: " + known->row->revoked_why +
                          "; nothing of it is booked until it is enrolled again (gateway add --renew)");
  }
  switch (place_of(mark->upto, place->first)) {
    case Place::next: return take_next(store_, candidate, *known->row, known->former);
    case Place::behind: return compare_behind(store_, candidate);
    case Place::ahead:
      return candidate.outcome(
          Fate::early, "records before it are missing; admitted up to " + std::to_string(mark->upto.value));
  }
  return stranger("unreachable");
}

Result<std::vector<AdmissionOutcome>> Admission::admit(std::span<const Arrival> arrivals) {
  assert(!arrivals.empty() && arrivals.size() <= max_batch);
  std::vector<AdmissionOutcome> outcomes;
  auto booked = store_.transact([&]() -> Result<void> {
    std::vector<Context> seen;
    for (const auto& arrival : arrivals) {
      auto outcome = admit_one(arrival, seen);
      if (!outcome) return std::move(outcome.error());
      outcomes.push_back(std::move(*outcome));
    }
    return {};
  });
  if (!booked) return std::move(booked.error());
  return outcomes;
}

}  // namespace steward
