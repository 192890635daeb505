#include <fstream>
#include <memory>

#include "cloud/verify/block_chain.hpp"
#include "cloud/verify/block_file.hpp"
#include "cloud/verify/given_key.hpp"
#include "cloud/verify/verify_say.hpp"
#include "cloud/verify/verify_verbs.hpp"
#include "contract/text/json.hpp"
#include "contract/wire/uuid_text.hpp"
#include "kit/crypto/digest.hpp"
#include "kit/crypto/signing_key.hpp"

namespace steward {
namespace {

Json json_of(const ChainedLog& log) {
  Json missing = Json::array();
  for (const auto& range : log.missing) {
    Json one = Json::object();
    one.set("first", static_cast<std::int64_t>(range.first.value));
    one.set("last", static_cast<std::int64_t>(range.last.value)).set("reason", range.reason);
    missing.push(std::move(one));
  }
  Json out = Json::object();
  out.set("site", log.log.site.text).set("gateway", log.log.gateway.text);
  out.set("stream", word(log.log.stream)).set("epoch", uuid_text(log.log.epoch));
  out.set("first", static_cast<std::int64_t>(log.first.value));
  out.set("last", static_cast<std::int64_t>(log.last.value));
  out.set("from_start", log.from_start()).set("blocks", static_cast<std::int64_t>(log.blocks));
  out.set("missing_ranges", static_cast<std::int64_t>(log.missing_ranges)).set("missing", std::move(missing));
  out.set("unlinked", static_cast<std::int64_t>(log.unlinked));
  return out;
}

void print_json(const VerifyStreams& streams, const BlockChain& chain, const std::vector<VerifyingKey>& keys,
                const std::string& file_fault, bool holds) {
  Json logs = Json::array();
  for (const auto& log : chain.logs()) logs.push(json_of(log));
  Json findings = Json::array();
  for (const auto& finding : chain.findings()) {
    Json one = Json::object();
    one.set("block", static_cast<std::int64_t>(finding.block));
    one.set("byte", static_cast<std::int64_t>(finding.offset)).set("en", finding.en).set("zh", finding.zh);
    findings.push(std::move(one));
  }
  Json signed_by = Json::array();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Json one = Json::object();
    one.set("key", hex(keys[i].public_key()));
    one.set("blocks", static_cast<std::int64_t>(chain.signed_by()[i]));
    signed_by.push(std::move(one));
  }
  Json out = Json::object();
  out.set("ok", holds).set("blocks", static_cast<std::int64_t>(chain.blocks()));
  out.set("signed_by", std::move(signed_by)).set("logs", std::move(logs));
  out.set("finding_count", static_cast<std::int64_t>(chain.finding_count()));
  out.set("findings", std::move(findings)).set("file", file_fault);
  streams.out << out.dump() << "\n";
}

void print_log(std::ostream& out, const ChainedLog& log) {
  out << log.log.site.text << "/" << log.log.gateway.text << " " << word(log.log.stream) << ", epoch "
      << uuid_text(log.log.epoch) << ": " << log.first.value << ".." << log.last.value << " in " << log.blocks
      << " blocks"
      << (log.from_start() ? ", from the log's beginning 自起始"
                           : "; what was before is not in this file 之前部分不在本文件")
      << "\n";
  for (const auto& range : log.missing) {
    out << "  hole 缺口 " << range.first.value << ".." << range.last.value << ": " << range.reason << "\n";
  }
  if (log.missing_ranges > log.missing.size()) {
    out << "  ... " << log.missing_ranges << " holes in all 个缺口\n";
  }
  if (log.unlinked > 0) {
    out << "  " << log.unlinked
        << " blocks behind holes that could not name the block before 块位于无法指明前块的缺口之后\n";
  }
}

void print_page(const VerifyStreams& streams, const BlockChain& chain, const std::string& file_fault,
                bool holds) {
  for (const auto& log : chain.logs()) print_log(streams.out, log);
  for (const auto& finding : chain.findings()) streams.err << finding.en << "\n" << finding.zh << "\n";
  if (chain.finding_count() > chain.findings().size()) {
    streams.err << "... " << chain.finding_count() << " findings in all 处问题\n";
  }
  if (!file_fault.empty()) streams.err << file_fault << "\n文件本身有误：" << file_fault << "\n";
  if (holds) {
    streams.out << chain.blocks()
                << " blocks hold: signed by the given key, in order, each naming the one before; "
                << "what is missing is named above\n"
                << chain.blocks() << " 块全部成立：均由给定密钥签名，顺序完整，逐块相连；缺口如上\n";
  } else if (chain.blocks() == 0 && file_fault.empty()) {
    streams.err << "the file holds no block: nothing is proven\n文件中没有数据块：无从证明\n";
  } else {
    streams.err << "the file does not hold\n文件不成立\n";
  }
}

}  // namespace

VerifyExit verify_blocks(const VerifyBlocksOptions& options, const VerifyStreams& streams) {
  std::vector<VerifyingKey> keys;
  for (const auto& given : options.keys) {
    auto key = read_given_key(given);
    if (!key) {
      return say(
          options.json, streams, VerifyExit::bad_input,
          "--key " + given +
              " is neither 64 hex digits nor a PEM file of an Ed25519 public key: " + key.error().message,
          "--key " + given + " 既不是 64 位十六进制，也不是 Ed25519 公钥的 PEM 文件：" + key.error().message);
    }
    keys.push_back(std::move(*key));
  }
  std::ifstream in(options.file, std::ios::binary);
  if (!in || std::filesystem::is_directory(options.file)) {
    return say(options.json, streams, VerifyExit::failed, "cannot read " + options.file.string(),
               "无法读取 " + options.file.string());
  }
  std::vector<const Verifier*> verifiers;
  for (const auto& key : keys) verifiers.push_back(&key);
  BlockChain chain(std::move(verifiers));
  BlockFileReader file(in);
  std::string file_fault;
  for (;;) {
    auto next = file.next();
    if (!next && next.error().fault == Fault::refused) {
      return say(options.json, streams, VerifyExit::bad_input,
                 options.file.string() + ": " + next.error().message,
                 options.file.string() + " 不是导出的数据块文件");
    }
    if (!next) file_fault = next.error().message;
    if (!next || !*next) break;
    chain.take((*next)->offset, (*next)->bytes);
  }
  const bool holds = chain.blocks() > 0 && chain.finding_count() == 0 && file_fault.empty();
  if (options.json) {
    print_json(streams, chain, keys, file_fault, holds);
  } else {
    print_page(streams, chain, file_fault, holds);
  }
  return holds ? VerifyExit::holds : VerifyExit::differs;
}

}  // namespace steward
