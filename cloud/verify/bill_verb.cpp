#include <fstream>
#include <iterator>

#include "cloud/verify/bundle_check.hpp"
#include "cloud/verify/given_key.hpp"
#include "cloud/verify/verify_say.hpp"
#include "cloud/verify/verify_verbs.hpp"
#include "contract/text/hex_text.hpp"
#include "contract/text/json.hpp"

namespace steward {
namespace {

Json words_json(const std::vector<BundleWord>& words) {
  Json list = Json::array();
  for (const auto& one : words) list.push(Json::object().set("en", one.en).set("zh", one.zh));
  return list;
}

void print_json(const VerifyStreams& streams, const BundleVerdict& verdict) {
  Json out = Json::object();
  out.set("ok", verdict.holds()).set("bill", verdict.bill).set("inputs", hex(verdict.inputs));
  out.set("issuer", hex(verdict.issuer));
  out.set("signed_closings", static_cast<std::int64_t>(verdict.signed_closings));
  out.set("typed_readings", static_cast<std::int64_t>(verdict.typed_readings));
  out.set("agrees", words_json(verdict.agrees)).set("differs", words_json(verdict.differs));
  streams.out << out.dump() << "\n";
}

void print_page(const VerifyBillOptions& options, const VerifyStreams& streams,
                const BundleVerdict& verdict) {
  for (const auto& one : verdict.agrees) streams.out << one.en << "\n" << one.zh << "\n";
  for (const auto& one : verdict.differs) streams.err << one.en << "\n" << one.zh << "\n";
  if (verdict.typed_readings > 0) {
    streams.out << verdict.typed_readings << " readings were typed in: no meter signed them\n"
                << verdict.typed_readings << " 条读数为人工录入，没有表计签名\n";
  }
  if (options.issuers.empty())
    streams.out << "issuer " << hex(verdict.issuer)
                << ": as the file says; name the one you know by --issuer\n"
                << "出具方密钥取自文件本身；可用 --issuer 指定已知密钥\n";
  if (options.keys.empty() && verdict.signed_closings > 0)
    streams.out << "the gateways' keys are those of the file; name those you know by --key\n"
                   "网关公钥取自文件本身；可用 --key 指定已知公钥\n";
  if (verdict.holds()) {
    streams.out << "the bill holds, if its printed page names the inputs "
                   "above\n账单成立（前提是打印页载有上述摘要）\n";
  } else {
    streams.err << "the bill does not hold\n账单不成立\n";
  }
}

}  // namespace

VerifyExit verify_bill(const VerifyBillOptions& options, const VerifyStreams& streams) {
  TrustedKeys trusted;
  for (const auto& [given, into] :
       {std::pair{&options.keys, &trusted.gateways}, {&options.issuers, &trusted.issuers}}) {
    for (const auto& one : *given) {
      const auto key = read_given_key(one);
      if (!key) {
        return say(
            options.json, streams, VerifyExit::bad_input,
            one + " is neither 64 hex digits nor a PEM file of an Ed25519 public key: " + key.error().message,
            one + " 既不是 64 位十六进制，也不是 Ed25519 公钥的 PEM 文件：" + key.error().message);
      }
      into->push_back(key->public_key());
    }
  }
  std::error_code error;
  const auto size = std::filesystem::file_size(options.file, error);
  std::ifstream in(options.file, std::ios::binary);
  if (error || !in) {
    return say(options.json, streams, VerifyExit::failed, "cannot read " + options.file.string(),
               "无法读取 " + options.file.string());
  }
  if (size > max_bundle_bytes) {
    return say(options.json, streams, VerifyExit::bad_input,
               options.file.string() + " is larger than any bundle", options.file.string() + " 超过文件上限");
  }
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto opened = read_bundle(bytes);
  if (!opened) {
    const bool other = opened.error().fault == Fault::refused;
    return say(options.json, streams, other ? VerifyExit::bad_input : VerifyExit::differs,
               options.file.string() + ": " + opened.error().message,
               options.file.string() + (other ? " 不是账单证明文件" : "：文件已损坏或被改动"));
  }
  const auto verdict = check_bundle(*opened, trusted);
  if (options.json) {
    print_json(streams, verdict);
  } else {
    print_page(options, streams, verdict);
  }
  return verdict.holds() ? VerifyExit::holds : VerifyExit::differs;
}

}  // namespace steward
