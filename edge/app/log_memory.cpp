#include "edge/app/log_memory.hpp"

#include <functional>

#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "edge/app/log_marks.hpp"

namespace steward {
namespace {

constexpr std::size_t blocks_at_once = 64;
constexpr std::size_t bytes_at_once = 1024 * 1024;

/// Closings of a block whose own signature was checked.
class Vouched final : public Verifier {
 public:
  bool verify(ByteView, const Signature&) const override { return true; }
};

/// Tells the log's records to the same functions that a round tells them to.
class Replay {
 public:
  Replay(const LoadedSite& site, Instant now) : site_(site), now_(now) {
    const auto& meters = site.setup.meters;
    for (std::size_t at = 0; at < meters.size(); ++at)
      place_of_.emplace(meters[at].meter, MeterNo{static_cast<std::uint16_t>(at)});
    words_.resize(meters.size());
    forget();
  }

  Result<void> read_words(Outbox& outbox) {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      const auto& meter = site_.setup.meters[at];
      const auto explained = read_word(WordKind::explained, meter, outbox);
      if (!explained) return explained.error();
      const auto backfilled = read_word(WordKind::backfilled, meter, outbox);
      if (!backfilled) return backfilled.error();
      words_[at] = {*explained, *backfilled};
    }
    return {};
  }

  void number(const std::vector<CatalogueEntry>& entries) {
    flush();
    for (const auto& entry : entries) {
      auto& meaning = meanings_[entry.meter_no];
      meaning = {};
      const auto place = place_of_.find(entry.meter);
      if (place == place_of_.end()) continue;
      meaning.meter = place->second;
      for (const auto& channel : entry.channels) {
        const auto* const now = profile_of(place->second).channel(channel.name);
        if (now != nullptr && now->unit == channel.unit) meaning.channels[channel.channel_no] = now->no;
      }
    }
  }

  void take(const Block& block) {
    if (const auto* const entries = std::get_if<std::vector<CatalogueEntry>>(&block.records))
      number(*entries);
    if (std::holds_alternative<SealedClosings>(block.records)) close(block);
    const auto* const readings = std::get_if<std::vector<Reading>>(&block.records);
    for (std::size_t at = 0; readings != nullptr && at < readings->size(); ++at)
      hold((*readings)[at], Seq{block.first.value + at});
    if (std::holds_alternative<Hole>(block.records)) forget();
  }

  /// What was missed in between could have been anything.
  void forget() {
    held_.clear();
    memory_ = {{}, GapBook(site_.setup.rounds.closing_minute_utc), {}};
  }

  LogMemory end() {
    flush();
    for (std::size_t at = 0; at < words_.size(); ++at) heed(MeterNo{static_cast<std::uint16_t>(at)}, now_);
    return std::move(memory_);
  }

 private:
  struct Meaning {
    std::optional<MeterNo> meter;
    std::map<ChannelNo, ChannelNo> channels;
  };
  struct Held {
    Reading reading;  // by today's numbers
    Seq place;
  };
  struct Words {
    std::optional<MeterWord> explained;
    std::optional<MeterWord> backfilled;
  };

  const MeterSetup& meter_of(MeterNo meter) const { return site_.setup.meters[meter.value]; }
  const Profile& profile_of(MeterNo meter) const { return site_.profiles.at(meter_of(meter).profile); }

  void close(const Block& block) {
    const auto closings = open_closings(block, Vouched());
    if (!closings) return forget();
    for (const auto& closing : *closings) {
      const auto place = place_of_.find(closing.meter);
      if (!held_.empty() && held_.back().reading.round_at != closing.round_at) flush();
      if (place == place_of_.end() || closing.quality != Quality::good) continue;
      const auto* const channel = profile_of(place->second).channel(closing.channel);
      if (channel != nullptr) memory_.gaps.closed(place->second, channel->no, closing.round_at);
    }
  }

  /// A round's readings wait until all of it is there: its closings may stand behind them in the log.
  void hold(Reading reading, Seq place) {
    const auto meaning = meanings_.find(reading.meter_no);
    if (meaning == meanings_.end() || !meaning->second.meter) return;
    const auto channel = meaning->second.channels.find(reading.channel_no);
    if (channel == meaning->second.channels.end()) return;
    if (!held_.empty() && held_.back().reading.round_at != reading.round_at) flush();
    reading.meter_no = *meaning->second.meter;
    reading.channel_no = channel->second;
    if (reading.taken_at <= now_) held_.push_back({std::move(reading), place});
  }

  void flush() {
    for (const auto& held : held_) tell(held);
    held_.clear();
  }

  /// What was said of the meter before `at` counts from then on.
  void heed(MeterNo meter, Instant at) {
    auto& words = words_[meter.value];
    if (words.explained && words.explained->at < at) {
      auto& history = memory_.histories[meter];
      std::optional<LifeMark> mark;
      if (words.explained->value) mark = LifeMark{*words.explained->value, words.explained->at};
      explain_life(history.life, profile_of(meter), mark);
      history.last.clear();
      words.explained.reset();
    }
    if (words.backfilled && words.backfilled->at < at) {
      memory_.gaps.asked(meter);
      words.backfilled.reset();
    }
  }

  void tell(const Held& held) {
    const auto& reading = held.reading;
    heed(reading.meter_no, reading.taken_at);
    const auto& profile = profile_of(reading.meter_no);
    const auto& channel = profile.channels[reading.channel_no.value];
    const bool good = reading.quality == Quality::good;
    auto& history = memory_.histories[reading.meter_no];
    if (good && is_billed(channel))
      memory_.gaps.read(reading.meter_no, channel.no, {reading.value, reading.taken_at});
    if (reading.quality != Quality::invalid)
      history.last[channel.no] = {reading.value, reading.taken_at, good};
    (void)note_life(history.life, meter_of(reading.meter_no).meter, profile, channel,
                    {reading.value, reading.round_at}, reading.quality, reading.reason);
    auto& places = memory_.tail.places[{reading.meter_no, channel.no}];
    places = {places.last, held.place, reading.round_at};
  }

  const LoadedSite& site_;
  Instant now_;
  std::map<MeterId, MeterNo> place_of_;
  std::vector<Words> words_;             // by today's numbers
  std::map<MeterNo, Meaning> meanings_;  // of the numbers in the log
  std::vector<Held> held_;
  LogMemory memory_{{}, GapBook(0), {}};
};

/// Blocks after `after`, oldest first, until `take` has had enough.
Result<void> each_block(Outbox& outbox, Seq after, const std::function<bool(const StoredBlock&)>& take) {
  while (true) {
    const auto blocks = outbox.read_after(Stream::readings, after, blocks_at_once, bytes_at_once);
    if (!blocks) return blocks.error();
    if (blocks->empty()) return {};
    for (const auto& block : *blocks) {
      if (!take(block)) return {};
    }
    after = blocks->back().last;
  }
}

/// The numbers in use where reading begins, if their catalogue stands further back.
Result<void> number_from(Outbox& outbox, Seq from, const LoadedSite& site, const Verifier& key,
                         Replay& replay) {
  const auto numbering = read_numbering(outbox);
  if (!numbering) return numbering.error();
  if (!*numbering || (*numbering)->first > from) return {};
  const auto today = catalogue_of(site.setup, site.profiles);
  if ((*numbering)->of == digest_of(today)) {
    replay.number(today);
    return {};
  }
  return each_block(outbox, Seq{(*numbering)->first.value - 1}, [&](const StoredBlock& stored) {
    const auto block = decode_block(stored.bytes, key);
    const auto* const entries = block ? std::get_if<std::vector<CatalogueEntry>>(&block->records) : nullptr;
    if (entries != nullptr) replay.number(*entries);
    return entries != nullptr;
  });
}

}  // namespace

Result<LogMemory> read_log_memory(Outbox& outbox, const LoadedSite& site, const PublicKey& signer,
                                  Instant now, std::uint64_t most) {
  const VerifyingKey key(signer);
  const auto last = outbox.marks()[static_cast<std::size_t>(Stream::readings)].last;
  const Seq after{last.value > most ? last.value - most : 0};
  Replay replay(site, now);
  if (auto read = replay.read_words(outbox); !read) return read.error();
  if (auto numbered = number_from(outbox, after, site, key, replay); !numbered) return numbered.error();
  const auto told = each_block(outbox, after, [&](const StoredBlock& stored) {
    const auto block = decode_block(stored.bytes, key);
    if (block) {
      replay.take(*block);
    } else {
      replay.forget();
    }
    return true;
  });
  if (!told) return told.error();
  auto memory = replay.end();
  memory.tail.last = last;
  return memory;
}

}  // namespace steward
