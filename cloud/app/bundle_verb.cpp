#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <system_error>

#include "cloud/app/month_inputs.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/verify/bill_bundle.hpp"
#include "contract/text/hex_text.hpp"

namespace steward {
namespace {

struct Wanted {
  BillRunRow run;
  BillRow bill;
};

Result<Wanted> find_bill(Store& store, const SiteId& site, const std::string& id) {
  auto runs = store.bill_runs(site);
  if (!runs) return std::move(runs.error());
  for (auto& run : *runs) {
    if (!id.starts_with(run.month + "-")) continue;
    auto bills = store.bills(site, run.month);
    if (!bills) return std::move(bills.error());
    for (auto& bill : *bills) {
      if (bill.bill.text == id) return Wanted{std::move(run), std::move(bill)};
    }
  }
  return error_of(Fault::refused, "no bill \"" + id + "\"; `bills --month 2026-06` lists them",
                  "没有账单“" + id + "”；用 bills --month 2026-06 查看全部");
}

/// Every key a gateway of these closings has signed with or may sign with.
Result<std::vector<std::pair<GatewayId, PublicKey>>> keys_of(Store& store, const SiteId& site,
                                                             const std::set<GatewayId>& gateways) {
  std::set<std::pair<GatewayId, PublicKey>> keys;
  for (const auto& id : gateways) {
    const auto row = store.gateway(site, id);
    if (!row) return row.error();
    if (*row) keys.emplace(id, (*row)->block_key);
    if (*row && (*row)->next_key) keys.emplace(id, *(*row)->next_key);
    const auto former = store.former_keys(site, id);
    if (!former) return former.error();
    for (const auto& key : *former) keys.emplace(id, key.block_key);
  }
  return std::vector(keys.begin(), keys.end());
}

Result<std::string> bundle_of(Store& store, const Wanted& wanted, const Signer& issuer) {
  const auto month = read_month(wanted.run.month);
  if (!month) return Error{Fault::broken, "a stored month is none: " + wanted.run.month};
  MonthEvidence evidence;
  const auto inputs = month_inputs(store, wanted.run.site, *month, {wanted.run.import_version, &evidence});
  if (!inputs) return inputs.error();
  if (inputs->digest != wanted.run.inputs) {
    return error_of(
        Fault::refused,
        "the books hold other readings or decisions for " + wanted.run.month + " now than when bill " +
            wanted.bill.bill.text +
            " was drawn up: " + "draw the draft up again, or correct what is issued, then ask again",
        wanted.run.month + " 的读数或处理决定在账单生成后已变化：请重新生成草稿，或对已开具的账单进行更正");
  }
  BillBundle bundle;
  bundle.bill = wanted.bill.json;
  bundle.month = *month;
  bundle.inputs = wanted.run.inputs;
  bundle.events = std::move(evidence.events);
  bundle.falls = std::move(evidence.falls);
  bundle.settled = std::move(evidence.settled);
  bundle.closings = std::move(evidence.closings);
  for (const auto& file : inputs->estate.import.files) bundle.files.emplace(file.name, file.text);
  auto keys = keys_of(store, wanted.run.site, evidence.gateways);
  if (!keys) return std::move(keys.error());
  bundle.keys = std::move(*keys);
  return write_bundle(bundle, issuer);
}

/// Whole or not at all: written beside the file, then renamed.
Result<void> write_whole(const std::filesystem::path& file, std::string_view text) {
  auto part = file;
  part += ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  std::error_code error;
  if (!out) error.assign(errno, std::generic_category());
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!error && !out) error = std::make_error_code(std::errc::no_space_on_device);
  if (!error) std::filesystem::rename(part, file, error);
  if (!error) return {};
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return error_of(Fault::broken, "cannot write " + file.string() + ": " + error.message(),
                  "无法写入 " + file.string() + "：" + error.message());
}

}  // namespace

Exit bundle_bill(const Common& common, const BundleOptions& options, const Streams& streams) {
  const auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  const auto wanted = find_bill(*books->store, books->site, options.bill);
  if (!wanted) return say_fault(common, streams, wanted.error());
  const auto key = books->folder.cloud_key();
  if (!key) return say_fault(common, streams, key.error());
  const auto bytes = bundle_of(*books->store, *wanted, *key);
  if (!bytes) return say_fault(common, streams, bytes.error());
  if (auto written = write_whole(options.file, *bytes); !written)
    return say_fault(common, streams, written.error());
  if (common.json) {
    Json said = Json::object();
    said.set("bill", options.bill).set("file", options.file.string());
    said.set("bytes", static_cast<std::int64_t>(bytes->size())).set("inputs", hex(wanted->run.inputs));
    said.set("issuer", hex(key->public_key()));
    streams.out << said.dump() << "\n";
    return Exit::ok;
  }
  streams.out << options.file.string() << ": bill " << options.bill << " and all it stands on, "
              << bytes->size() << " bytes; it holds the readings of the whole estate\n"
              << options.file.string() << "：账单 " << options.bill
              << " 及其全部依据；文件含全小区读数，请仅交给审计人员\n"
              << "steward-verify bill --issuer " << hex(key->public_key()) << " " << options.file.string()
              << "\n";
  return Exit::ok;
}

}  // namespace steward
