#include "tests/simulation/edge_node.hpp"

#include <algorithm>
#include <cassert>

#include "contract/wire/ack.hpp"
#include "contract/wire/topics.hpp"
#include "tests/support/cheap_signer.hpp"

namespace steward::simulation {

/// The store thread seen from the loop: it answers later, and never into another life.
class EdgeNode::Source final : public BlockSource {
 public:
  explicit Source(EdgeNode& node) : node_(node) {}

  void read_after(Stream stream, Seq after, std::size_t blocks, std::size_t bytes, Done done) override {
    auto& given = given_.at(static_cast<std::size_t>(stream));
    if (node_.world_.lie == Lie::no_go_back) after = std::max(after, given);
    if (node_.forgets_) after = std::max(after, node_.forgotten_[stream]);
    node_.world_.time.after(Milliseconds(1), [this, alive = std::weak_ptr(node_.life_), stream, after, blocks,
                                              bytes, &given, done = std::move(done)] {
      if (alive.expired()) return;
      auto found = node_.outbox_->read_after(stream, after, blocks, bytes);
      if (found && !found->empty()) given = found->back().last;
      done(std::move(found));
      node_.reckon();
    });
  }
  void acknowledge(Stream stream, Seq upto) override {
    node_.outbox_->acknowledge(stream, upto);
    node_.forgotten_[stream] = std::max(node_.forgotten_[stream], upto);
  }
  void note_store(const CloudStore& store) override { node_.outbox_->note_store(store); }
  void note_fork(Stream, Seq) override {}  // told by the uplink's notice

 private:
  EdgeNode& node_;
  std::array<Seq, std::size(all_streams)> given_{};
};

class EdgeNode::Pipe final : public Transport {
 public:
  explicit Pipe(ModelBroker& broker) : broker_(broker) {}
  Result<void> publish(std::string_view topic, ByteView payload, bool retained) override {
    return broker_.publish(Machine::edge, std::string(topic), payload, retained);
  }

 private:
  ModelBroker& broker_;
};

EdgeNode::EdgeNode(World& world, bool forgets) : world_(world), forgets_(forgets), clock_(world.time) {
  for (std::size_t meter = 0; meter < meters; ++meter)
    meter_no_.at(meter) = static_cast<std::uint16_t>(meter);
}
EdgeNode::~EdgeNode() { close(); }

void EdgeNode::boot() {
  OutboxSetup setup;
  setup.path = Disks::file(Machine::edge);
  setup.site = world_.site;
  setup.gateway = world_.gateway;
  auto opened = Outbox::open(setup, world_.keys.gateway);
  if (!opened) {
    world_.broken = "the gateway does not start: " + opened.error().message;
    return;
  }
  outbox_ = std::move(*opened);
  life_ = std::make_shared<int>();
  builder_ = {};
  std::generate(boot_.begin(), boot_.end(), [this] { return static_cast<std::uint8_t>(world_.dice.next()); });
  source_ = std::make_unique<Source>(*this);
  pipe_ = std::make_unique<Pipe>(world_.broker);
  uplink_ = std::make_unique<Uplink>(
      UplinkSetup{world_.site, world_.gateway, outbox_->epoch(), outbox_->marks(), outbox_->store(), {}},
      *pipe_, *source_, world_.keys.cloud_verifier, clock_,
      [this](const UplinkNotice& notice) { world_.count("notice: " + notice.kind); });
  world_.broker.attach(Machine::edge, {[this] {
                                         uplink_->connected();
                                         reckon();
                                       },
                                       [this] { uplink_->disconnected(); },
                                       [this](const Message& message) { received(message); },
                                       [this] {
                                         uplink_->room();
                                         reckon();
                                       }});
  for (std::size_t at = meters - 1; at > 0; --at)
    std::swap(meter_no_.at(at), meter_no_.at(world_.dice.place(at + 1)));
  for (const auto stream : {Stream::readings, Stream::telemetry}) {
    if (is_running()) commit({{stream, catalogue(), {}, {}}}, {{}});
  }
}

std::vector<CatalogueEntry> EdgeNode::catalogue() {
  std::vector<CatalogueEntry> entries(meters);
  for (std::size_t meter = 0; meter < meters; ++meter) {
    entries.at(meter_no_.at(meter)) = {MeterNo{meter_no_.at(meter)},
                                       MeterId{meter_name(meter)},
                                       ProfileId{"model/1"},
                                       {},
                                       {{ChannelNo{0}, "energy_import", ChannelUnit::wh, true, 2, 0},
                                        {ChannelNo{1}, "power", ChannelUnit::watt, false, 2, 0}}};
  }
  return entries;
}

Fact EdgeNode::read(Kind kind, std::size_t meter, Instant round_at) {
  const auto taken_at = round_at + Milliseconds(40 * (static_cast<std::int64_t>(meter) + 1));
  const auto fact = world_.ledger.read(kind, meter, round_at, taken_at);
  if (kind == Kind::closing) {
    Closing closing;
    closing.meter = MeterId{meter_name(meter)};
    closing.profile = ProfileId{"model/1"};
    closing.channel = "energy_import";
    closing.unit = ChannelUnit::wh;
    closing.round_at = round_at;
    closing.taken_at = taken_at;
    closing.value = fact.value;
    closing.raw = {static_cast<std::uint16_t>(fact.value >> 16), static_cast<std::uint16_t>(fact.value)};
    closing.trust = clock_.trust();
    builder_.add(Stream::readings, std::move(closing), clock_.ticks());
    return fact;
  }
  const auto channel_no = kind == Kind::reading ? ChannelNo{0} : ChannelNo{1};
  Reading reading{round_at, taken_at, MeterNo{meter_no_.at(meter)}, channel_no, fact.value};
  reading.raw = {static_cast<std::uint16_t>(fact.value >> 16), static_cast<std::uint16_t>(fact.value)};
  builder_.add(kind == Kind::reading ? Stream::readings : Stream::telemetry, std::move(reading),
               clock_.ticks());
  return fact;
}

void EdgeNode::round(bool closes, bool with_telemetry) {
  const auto round_at = clock_.now();
  // The builder gives its blocks in order of stream and kind: readings, closings, telemetry.
  std::vector<std::vector<Fact>> facts(1);
  const int silent = world_.dice.rolls(20) ? static_cast<int>(world_.dice.place(meters)) : -1;
  for (std::size_t meter = 0; meter < meters; ++meter) {
    if (static_cast<int>(meter) == silent) continue;  // no reply: no value, not another's
    facts.back().push_back(read(Kind::reading, meter, round_at));
  }
  if (closes) {
    facts.emplace_back();
    for (std::size_t meter = 0; meter < meters; ++meter)
      facts.back().push_back(read(Kind::closing, meter, round_at));
  }
  if (with_telemetry) facts.push_back({read(Kind::telemetry, 0, round_at)});
  commit(builder_.take_all(), facts);
}

void EdgeNode::door_event() {
  const auto fact = world_.ledger.read(Kind::door, 0, clock_.now(), clock_.now());
  DoorEvent event;
  event.controller = meter_name(0);
  event.index = static_cast<std::uint32_t>(fact.value);
  event.received_at = fact.taken_at;
  event.type = event.door = event.direction = 1;
  commit({{Stream::doors, std::vector{event}, {}, {}}}, {{fact}});
}

/// As the store thread and the record writer do it: what cannot be kept ends the program.
void EdgeNode::commit(std::vector<Batch> batches, const std::vector<std::vector<Fact>>& facts) {
  assert(batches.size() == facts.size());
  for (std::size_t at = 0; at < batches.size(); ++at) {
    batches[at].stamp = {boot_, clock_.now(), world_.time.now().count(), clock_.trust()};
    for (const auto& fact : facts[at]) world_.ledger.handed(fact, batches[at].stream);
  }
  const auto stored = outbox_->append(batches);
  if (!stored) {
    world_.count("edge commit failed");
    const bool power = world_.dice.rolls(700);
    world_.time.after(Milliseconds(0), [this, alive = std::weak_ptr(life_), power] {
      if (alive.expired()) return;
      crash(power ? End::power_cut : End::killed);
      world_.time.after(std::chrono::seconds(40), [this] {
        if (!is_running()) boot();
      });
    });
    return;
  }
  assert(stored->size() == facts.size());
  for (std::size_t at = 0; at < facts.size(); ++at) {
    for (std::size_t record = 0; record < facts[at].size(); ++record)
      world_.ledger.promised(facts[at][record], Seq{(*stored)[at].first.value + record});
    uplink_->appended((*stored)[at].stream, (*stored)[at].last);
  }
  reckon();
}

void EdgeNode::received(const Message& message) {
  if (message.topic != ack_topic(world_.site, world_.gateway)) return;
  auto ack = decode_ack(message.payload, test::Credulous());
  if (world_.lie == Lie::any_signer && ack) {
    if (const auto bytes = encode_ack(*ack, world_.keys.cloud)) uplink_->ack_received(*bytes);
  } else if (world_.lie == Lie::no_lowering && ack) {
    const auto says_less = [&](const AckedLog& log) { return log.upto < highest_acked_[log.stream]; };
    if (std::any_of(ack->logs.begin(), ack->logs.end(), says_less)) return;
    for (const auto& log : ack->logs) highest_acked_[log.stream] = log.upto;
    uplink_->ack_received(message.payload);
  } else {
    uplink_->ack_received(message.payload);
  }
  reckon();
}

/// Asks to be woken when the uplink wants to be.
void EdgeNode::reckon() {
  if (!uplink_) return;
  const auto at = uplink_->wake_at();
  if (at == Ticks::max() || at >= wakes_at_) return;
  wakes_at_ = at;
  const auto wait = std::chrono::ceil<Milliseconds>(at - clock_.ticks());
  world_.time.after(std::max(wait, Milliseconds(0)), [this, alive = std::weak_ptr(life_), at] {
    if (alive.expired() || wakes_at_ != at) return;
    wakes_at_ = Ticks::max();
    uplink_->wake();
    reckon();
  });
}

void EdgeNode::close() {
  world_.disks.stop(Machine::edge);
  world_.broker.detach(Machine::edge);
  life_.reset();
  wakes_at_ = Ticks::max();
  uplink_.reset();
  pipe_.reset();
  source_.reset();
  outbox_.reset();
}

void EdgeNode::crash(End end) {
  close();
  if (end == End::killed) {
    world_.count("edge killed");
    world_.disks.go_on(Machine::edge);
  } else {
    world_.count("edge lost power");
    world_.disks.cut(Machine::edge, world_.dice);
  }
}

void EdgeNode::put_back(const Backup& backup) {
  std::array<Seq, std::size(all_streams)> acked{};
  if (is_running()) {
    for (const auto stream : all_streams) {
      const auto at = static_cast<std::size_t>(stream);
      acked.at(at) = outbox_->marks().at(at).acked;
    }
  }
  close();
  world_.count("gateway's disk replaced by an older copy");
  world_.disks.put_back(Machine::edge, backup.files);
  world_.ledger.disk_put_back(backup.next_number, acked);
}

}  // namespace steward::simulation
