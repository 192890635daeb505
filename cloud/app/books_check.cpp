#include "cloud/app/books_check.hpp"

#include "contract/nouns/meter_event.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/block_codec.hpp"
#include "contract/wire/closing_codec.hpp"
#include "contract/wire/limits.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

constexpr std::string_view what_next_en =
    "restore steward.db from a backup, then `steward-cloud restored`: the gateways send again what is "
    "missing";
constexpr std::string_view what_next_zh =
    "请从备份恢复 steward.db，再执行 steward-cloud restored，网关会补发缺少的数据";

/// The block's hash stands for its signature, which admission has verified.
class Admitted final : public Verifier {
 public:
  bool verify(ByteView, const Signature&) const override { return true; }
};

struct Check {
  Store& store;
  const SiteId& site;
  Problems flaws;

  void flaw(const EvidenceRow& row, Seq seq, const std::string& en, const std::string& zh) {
    if (flaws.size() >= max_book_flaws) return;
    const auto place =
        row.gateway.text + ", log " + std::to_string(row.log_no) + ", record " + std::to_string(seq.value);
    flaws.push_back(
        {"steward.db", 0,
         en + " (gateway " + place + ") is not what the gateway signed: the database is damaged; " +
             std::string(what_next_en),
         zh + "（网关 " + place + "）与网关签名的内容不一致：数据库已损坏；" + std::string(what_next_zh)});
  }

  /// The block if its bytes are those that were admitted.
  std::optional<Block> proven(const EvidenceRow& row) {
    if (sha256(row.bytes) == row.hash) {
      if (auto block = decode_block(row.bytes, Admitted())) return std::move(*block);
    }
    flaw(row, row.first, "a block", "数据块");
    return std::nullopt;
  }

  Result<void> closings(const EvidenceRow& row) {
    const auto block = proven(row);
    if (!block) return {};
    const auto signed_ones = open_closings(*block, Admitted());
    if (!signed_ones) {
      flaw(row, row.first, "a block", "数据块");
      return {};
    }
    const auto& sealed = std::get<SealedClosings>(block->records).sealed;
    for (std::size_t at = 0; at < signed_ones->size(); ++at) {
      const auto& closing = (*signed_ones)[at];
      auto booked = store.closing_row(site, row.log_no, closing);
      if (!booked) return std::move(booked.error());
      if (*booked && (*booked)->closing == closing && (*booked)->sealed == sealed[at]) continue;
      const auto name = closing.meter.text + " " + closing.channel + " " + instant_text(closing.round_at);
      flaw(row, closing.seq, "the closing record of " + name, "结算读数 " + name);
    }
    return {};
  }

  Result<void> events(const EvidenceRow& row) {
    const auto block = proven(row);
    const auto* said = block ? std::get_if<std::vector<EdgeEvent>>(&block->records) : nullptr;
    if (said == nullptr) return {};
    std::vector<EdgeEvent> lives;
    for (const auto& event : *said) {
      if (meter_event_kind(event.kind)) lives.push_back(event);
    }
    auto booked = store.event_rows(site, row.log_no, row.first, row.last);
    if (!booked) return std::move(booked.error());
    auto booked_lives = store.life_rows(site, row.log_no, row.first, row.last);
    if (!booked_lives) return std::move(booked_lives.error());
    if (*booked != *said || *booked_lives != lives) flaw(row, row.first, "an event", "事件");
    return {};
  }
};

}  // namespace

Result<Problems> check_books(Store& store, const SiteId& site, Instant from, Instant to) {
  Check check{store, site, {}};
  auto damage = store.damage();
  if (!damage) return std::move(damage.error());
  if (!damage->empty()) {
    check.flaws.push_back({"steward.db", 0,
                           "the database is damaged (" + *damage + "); " + std::string(what_next_en),
                           "数据库已损坏（" + *damage + "）；" + std::string(what_next_zh)});
  }
  auto looked =
      store
          .evidence(site, static_cast<std::size_t>(RecordKind::closings), from, to,
                    [&](const EvidenceRow& row) { return check.closings(row); })
          .and_then([&] {
            // An event may speak of any instant before it: all are looked at, there are few.
            return store.evidence(site, static_cast<std::size_t>(RecordKind::edge_events), Instant::min(),
                                  instant_from_ms(wire_limit::instant_ms) + Milliseconds(1),
                                  [&](const EvidenceRow& row) { return check.events(row); });
          });
  if (!looked) return std::move(looked.error());
  return std::move(check.flaws);
}

}  // namespace steward
