#include "cloud/verify/month_record.hpp"

#include "contract/text/hex_text.hpp"

namespace steward {
namespace {

/// What a closing would have been marked with, had the gateway known it then.
Reason reason_of(const TakenBack& taken_back) {
  if (taken_back.kind == "time_unsure") return Reason::time_unsure;
  return taken_back.kind == "line_shared" ? Reason::foreign : Reason::identity;
}

}  // namespace

Digest import_hash(const EstateFiles& files) {
  std::string all;
  for (const auto& [name, text] : files) all += name + '\0' + hex(sha256(bytes_of(text))) + '\n';
  return sha256(bytes_of(all));
}

std::string lives_text(std::span<const LifeEvent> events, std::span<const RegisterFall> falls, Instant to) {
  std::string text;
  for (const auto& event : events) {
    if (event.said.at >= to) continue;
    text += event.said.kind + " " + event.said.subject + " " + std::to_string(ms_of(event.said.at)) + " " +
            event.said.detail + (event.verdict ? (*event.verdict ? " confirmed" : " rejected") : "") + "\n";
  }
  for (const auto& fall : falls)
    text += "fell " + fall.meter.text + " " + fall.channel + " " + std::to_string(ms_of(fall.at)) + "\n";
  return text;
}

std::string closing_text(ByteView sealed, const std::optional<TakenBack>& taken_back) {
  auto text = hex(sha256(sealed)) + "\n";
  if (taken_back) text += taken_back->kind + " " + std::to_string(ms_of(taken_back->since)) + "\n";
  return text;
}

std::string settled_line(const Closing& settled) {
  return "time " + settled.meter.text + " " + settled.channel + " " +
         std::to_string(ms_of(settled.round_at)) + " " + std::string(word(settled.quality)) + "\n";
}

std::string inputs_head(Month month, const Digest& import, std::string_view lives, std::string_view settled) {
  return text_of(month) + "\n" + hex(import) + "\n" + std::string(lives) + std::string(settled);
}

ClosingReading billed_reading(Closing closing, const std::optional<TakenBack>& taken_back) {
  if (taken_back && closing.quality == Quality::good) {
    closing.quality = Quality::suspect;
    closing.reason = reason_of(*taken_back);
  }
  return {.meter = std::move(closing.meter),
          .channel = std::move(closing.channel),
          .at = closing.round_at,
          .value = closing.value,
          .unit = closing.unit,
          .modulus = closing.modulus,
          .quality = closing.quality,
          .reason = closing.reason,
          .source = ReadingSource::gateway,
          .gateway = std::move(closing.gateway),
          .epoch = closing.epoch,
          .seq = closing.seq,
          .profile = std::move(closing.profile),
          .raw = std::move(closing.raw),
          .trust = closing.trust,
          .doubt = taken_back ? taken_back->kind + ": " + taken_back->why : std::string(),
          .doubt_since = taken_back ? taken_back->since : Instant{}};
}

}  // namespace steward
