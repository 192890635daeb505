#include "cloud/verify/block_chain.hpp"

#include <algorithm>

#include "contract/wire/closing_codec.hpp"
#include "contract/wire/envelope.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/digest.hpp"

namespace steward {
namespace {

constexpr Digest no_digest{};

std::string range_text(Seq first, Seq last) {
  return std::to_string(first.value) + ".." + std::to_string(last.value);
}

std::string name_of(const LogId& log) {
  return log.site.text + "/" + log.gateway.text + " " + std::string(word(log.stream));
}

}  // namespace

std::string place_text(const BlockPlace& place) {
  return name_of(place.log) + " " + range_text(place.first, place.last);
}

void BlockChain::find(const std::string& en, const std::string& zh) {
  ++finding_count_;
  if (findings_.size() >= max_listed) return;
  const auto number = std::to_string(blocks_);
  const auto at = std::to_string(offset_);
  findings_.push_back({blocks_, offset_, "block " + number + " (byte " + at + ") " + en,
                       "第 " + number + " 块（字节 " + at + "）" + zh});
}

/// From here on nothing follows from this block: neither its places nor its hash.
void BlockChain::broken() { link_.reset(); }

const Verifier* BlockChain::signer_of(ByteView bytes) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!unseal(content_type::block, bytes, max_block_bytes, *keys_[i])) continue;
    ++signed_by_[i];
    return keys_[i];
  }
  return nullptr;
}

void BlockChain::take(std::uint64_t offset, ByteView bytes) {
  ++blocks_;
  offset_ = offset;
  const auto place = peek_block(bytes);
  if (!place) {
    find("is not a block: " + place.error().message, "不是数据块：" + place.error().message);
    return broken();
  }
  if (!is_code(place->log.site.text) || !is_code(place->log.gateway.text)) {
    find("is not a block: its site or gateway is no code", "不是数据块：小区或网关代码无效");
    return broken();
  }
  const auto name = place_text(*place);
  if (!logs_.empty()) {
    const auto& ours = logs_.front().log;
    if (place->log.site != ours.site || place->log.gateway != ours.gateway) {
      const auto gateway = ours.site.text + "/" + ours.gateway.text;
      find("claims to be " + name + ", but this file is of " + gateway,
           "自称 " + name + "，而本文件属于 " + gateway);
      return broken();
    }
  }
  const auto* key = signer_of(bytes);
  if (key == nullptr) {
    find("claims to be " + name + ", but is not signed by the given key or was changed since",
         "自称 " + name + "，但并非由给定密钥签名，或签名后被改动");
    return broken();
  }
  if (!joins(*place)) return broken();
  read(*place, bytes, *key);
}

/// Whether the block takes the place behind the one before; begins a log where one begins.
bool BlockChain::joins(const BlockPlace& place) {
  const auto name = place_text(place);
  if (logs_.empty() || logs_.back().log != place.log) {
    const bool seen = std::ranges::any_of(logs_, [&](const auto& log) { return log.log == place.log; });
    if (seen) {
      find("is of a log that another one interrupts: " + name + "; the order was changed",
           "所属的记录链被另一条打断：" + name + "；顺序被改动");
    }
    if (!seen && place.first.value == 1 && place.previous != no_digest) {
      find("is the first of its log and yet names a block before it: " + name,
           "是其记录链的第一块，却指向更早的块：" + name);
    }
    begin_log(place);
    return true;
  }
  auto& log = logs_.back();
  const auto next = log.last.value + 1;
  const auto before = link_ ? " behind block " + std::to_string(link_->block) : std::string();
  if (place.first.value < next) {
    find("begins at " + std::to_string(place.first.value) + ", where the file has been already (up to " +
             std::to_string(log.last.value) + "): doubled, or the order was changed",
         "从 " + std::to_string(place.first.value) + " 开始，而此处已有（至 " +
             std::to_string(log.last.value) + "）：重复或顺序被改动");
    return false;
  }
  if (place.first.value > next && link_) {
    const auto gap = range_text(Seq{next}, Seq{place.first.value - 1});
    find("is " + name + ": places " + gap + before + " are missing and no hole accounts for them",
         "为 " + name + "：其前 " + gap + " 缺失，且没有缺口说明");
    log.last = place.last;
    return true;
  }
  const bool linked =
      !link_ || !link_->known || place.previous == link_->hash || place.previous == link_->also;
  if (link_ && !link_->known) ++log.unlinked;
  if (!linked) {
    find("is " + name + ", but does not name the block before it (block " + std::to_string(link_->block) +
             "): one of them is of another history",
         "为 " + name + "，但没有指向前一块（第 " + std::to_string(link_->block) +
             " 块）：其中之一属于另一段历史");
  }
  log.last = place.last;
  return true;
}

void BlockChain::begin_log(const BlockPlace& place) {
  logs_.push_back({.log = place.log, .first = place.first, .last = place.last});
}

void BlockChain::note_missing(MissingRange range) {
  auto& log = logs_.back();
  ++log.missing_ranges;
  if (log.missing.size() < max_listed) log.missing.push_back(std::move(range));
}

/// Reads a block whose place is right, and what the next one must name.
void BlockChain::read(const BlockPlace& place, ByteView bytes, const Verifier& key) {
  ++logs_.back().blocks;
  link_ = Link{.block = blocks_, .hash = sha256(bytes)};
  const auto block = decode_block(bytes, key);
  if (!block) return note_missing({place.first, place.last, "refused: " + block.error().message});
  if (const auto* hole = std::get_if<Hole>(&block->records)) {
    link_->also = hole->last_missing;
    link_->known = hole->last_missing != no_digest;
    return note_missing({place.first, place.last, hole->reason});
  }
  if (kind_of(block->records) != RecordKind::closings) return;
  // The books refuse such a block whole, as they do one that cannot be read.
  const auto closings = open_closings(*block, key);
  if (!closings) note_missing({place.first, place.last, "refused: " + closings.error().message});
}

}  // namespace steward
