#include <CLI/CLI.hpp>
#include <functional>

#include "cloud/verify/verify_verbs.hpp"
#include "kit/cli/man_verbs.hpp"

namespace steward {
namespace {

constexpr const char* footer =
    "Needs no network, no database and no trust in whoever wrote the file: only the file and the gateway's\n"
    "public key, which should come another way. 只需文件与网关公钥，不联网、不用数据库。\n"
    "Exit codes 退出码: 0 it holds 成立; 1 a file cannot be read 无法读取; 2 bad options, key or kind of "
    "file\n"
    "用法、密钥或文件类型有误; 3 it does not hold, and each finding says where 不成立，逐条指明位置。\n"
    "Examples 示例:\n"
    "  steward-cloud --data books blocks export --site riverside --gateway gw1 june.blocks\n"
    "  steward-verify blocks --key gw1-key.pub.pem june.blocks\n"
    "  steward-cloud --data books bundle 2026-06-a-1-101 --out bill.bundle\n"
    "  steward-verify bill bill.bundle\n"
    "  steward-verify blocks --key 3d4017c3...511a june.blocks --json\n";

void add_bill_verb(CLI::App& app, VerifyBillOptions& bill, std::function<void()> chosen) {
  auto* verb = app.add_subcommand("bill", "a bill, recomputed from its bundle (核验账单)");
  verb->footer(
      "What it proves: the bill is what its inputs give, to the byte, and every signed reading is its "
      "gateway's.\n"
      "That the inputs are those of the issued bill, its printed page says: compare the hash.\n"
      "Example 示例:\n  steward-verify bill --issuer 3d4017c3...511a 2026-06-a-1-101.bundle\n");
  verb->add_option("file", bill.file, "written by steward-cloud bundle (账单证明文件)")->required();
  verb->add_option("--key", bill.keys,
                   "a gateway's public key, known from elsewhere; again for another (网关公钥)");
  verb->add_option("--issuer", bill.issuers, "the issuer's public key, known from elsewhere (出具方公钥)");
  verb->add_flag("--json", bill.json, "one line of JSON (输出 JSON)");
  verb->callback(std::move(chosen));
}

}  // namespace

VerifyExit run_steward_verify(const std::vector<std::string>& arguments, const VerifyStreams& streams) {
  std::function<VerifyExit()> run;
  VerifyBlocksOptions blocks;
  VerifyBillOptions bill;
  CLI::App app{"steward-verify: checks offline what was signed and billed (离线核验)", "steward-verify"};
  app.footer(footer);
  app.set_help_all_flag("--help-all", "every verb with its options (全部帮助)");
  app.set_version_flag("--version", std::string("steward-verify ") + STEWARD_VERSION);
  app.require_subcommand(1);
  auto* verb = app.add_subcommand(
      "blocks", "signatures, links, order, holes and epochs of exported blocks (核验数据块)");
  verb->footer(
      "What it proves: every block was signed by the key's owner, none was changed, taken out, added or "
      "moved\n"
      "between the first and the last. What was cut off at either end, it cannot know: compare first and "
      "last.\n"
      "Example 示例:\n  steward-verify blocks --key gw1-key.pub.pem june.blocks\n");
  verb->add_option("file", blocks.file, "written by steward-cloud blocks export (数据块文件)")->required();
  verb->add_option(
          "--key", blocks.keys,
          "the gateway's public key: PEM file or 64 hex digits; again for a key it had before (网关公钥)")
      ->required();
  verb->add_flag("--json", blocks.json, "one line of JSON (输出 JSON)");
  verb->callback([&] { run = [&] { return verify_blocks(blocks, streams); }; });
  add_bill_verb(app, bill, [&] { run = [&] { return verify_bill(bill, streams); }; });
  if (arguments.size() == 1 && arguments[0] == man_verbs_option) {
    streams.out << man_verbs(app);
    return VerifyExit::holds;
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (app.exit(error, streams.out, streams.err) == 0) return VerifyExit::holds;  // --help, --version
    streams.err << "用法有误；请加 --help 查看。\n";
    return VerifyExit::bad_input;
  }
  try {
    return run();
  } catch (const std::exception& error) {
    streams.err << "steward-verify: " << error.what() << "\nsteward-verify：内部错误：" << error.what()
                << "\n";
    return VerifyExit::failed;
  }
}

}  // namespace steward
