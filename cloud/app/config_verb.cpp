#include <fstream>
#include <iterator>

#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/limits.hpp"
#include "contract/wire/site_config.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr std::size_t who_bytes = 64;

struct Opened {
  SiteBooks books;
  GatewayId gateway;
};

/// The books, and the gateway that is meant. Faults: the folder's and the store's, implausible (no such
/// gateway).
Result<Opened> open_for(const Common& common, const std::string& gateway) {
  auto books = open_site(common);
  if (!books) return std::move(books.error());
  const auto known = books->store->gateway(books->site, GatewayId(gateway));
  if (!known) return known.error();
  if (!known->has_value()) {
    return error_of(Fault::implausible, "there is no gateway \"" + gateway + "\"; `gateway list` names them",
                    "没有网关“" + gateway + "”；请用 gateway list 查看");
  }
  return Opened{std::move(*books), GatewayId(gateway)};
}

Result<std::optional<DesiredRow>> newest(Store& store, const SiteId& site, const GatewayId& gateway) {
  auto rows = store.newest_desired();
  if (!rows) return std::move(rows.error());
  for (auto& row : *rows)
    if (row.site == site && row.gateway == gateway) return std::optional(std::move(row));
  return std::optional<DesiredRow>();
}

std::string text_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(wire_limit::site_config_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Json problems_json(const Problems& problems) {
  auto list = Json::array();
  for (const auto& problem : problems) {
    list.push(Json::object()
                  .set("file", problem.file)
                  .set("line", std::int64_t{problem.line})
                  .set("en", problem.en)
                  .set("zh", problem.zh));
  }
  return list;
}

}  // namespace

Exit push_config(const Common& common, const ConfigOptions& options, const Streams& streams) {
  if (!is_plain_text(options.who, 1, who_bytes))
    return say_error(common, streams, Exit::bad_input, "--by is a name of 1 to 64 bytes: it is kept for ever",
                     "--by 应为 1 至 64 字节的姓名；永久保存");
  Problems problems;
  auto document = read_site_config(options.file.string(), text_in(options.file), problems);
  if (!document) {
    say_problems(common, streams, problems);
    return Exit::bad_input;
  }
  auto opened = open_for(common, options.gateway);
  if (!opened) return say_fault(common, streams, opened.error());
  if (document->site != opened->books.site || document->gateway != opened->gateway) {
    const auto whose = document->site.text + "/" + document->gateway.text;
    return say_error(common, streams, Exit::bad_input, options.file.string() + " is for " + whose,
                     options.file.string() + " 属于 " + whose);
  }
  const auto last = newest(*opened->books.store, opened->books.site, opened->gateway);
  if (!last) return say_fault(common, streams, last.error());
  const auto above = *last ? (*last)->version : 0;
  document->version = std::max(document->version, above + 1);
  auto key = opened->books.folder.cloud_key();
  if (!key) return say_fault(common, streams, key.error());
  const auto sealed = encode_desired(*document, *key);
  if (!sealed) return say_fault(common, streams, sealed.error());
  const DesiredRow row{opened->books.site,  opened->gateway, document->version,
                       SystemClock().now(), options.who,     *sealed};
  const auto put = opened->books.store->transact([&] { return opened->books.store->put_desired(row); });
  if (!put) return say_fault(common, streams, put.error());
  const auto version = std::to_string(row.version);
  if (common.json) {
    streams.out << Json::object().set("version", static_cast<std::int64_t>(row.version)).dump() << "\n";
  } else {
    streams.out << "version " << version << " is what " << opened->gateway.text
                << " shall be; `config show` tells what became of it\n"
                << "版本 " << version << " 已下发给 " << opened->gateway.text
                << "；用 config show 查看结果\n";
  }
  return Exit::ok;
}

Exit show_config(const Common& common, const ConfigOptions& options, const Streams& streams) {
  auto opened = open_for(common, options.gateway);
  if (!opened) return say_fault(common, streams, opened.error());
  const auto row = newest(*opened->books.store, opened->books.site, opened->gateway);
  if (!row) return say_fault(common, streams, row.error());
  const auto kept = opened->books.store->reported(opened->books.site, opened->gateway);
  if (!kept) return say_fault(common, streams, kept.error());
  std::optional<ReportedConfig> report;
  if (*kept) {
    if (auto read = decode_reported((*kept)->json)) report = std::move(*read);
  }
  if (common.json) {
    auto json = Json::object().set("gateway", opened->gateway.text);
    json.set("desired", static_cast<std::int64_t>(*row ? (*row)->version : 0));
    if (report) {
      json.set("reported", static_cast<std::int64_t>(report->version)).set("applied", report->applied);
      json.set("problems", problems_json(report->problems));
    }
    streams.out << json.dump() << "\n";
    return Exit::ok;
  }
  if (*row) {
    streams.out << "desired 期望: version " << (*row)->version << ", by 由 " << (*row)->pushed_by << " "
                << instant_text((*row)->pushed) << "\n";
  } else {
    streams.out << "desired 期望: none, its own file / 无，使用网关自身配置\n";
  }
  if (!report) {
    streams.out << "reported 上报: nothing yet / 尚无\n";
    return Exit::ok;
  }
  streams.out << "reported 上报: version " << report->version
              << (report->applied ? " in force 已生效\n" : " NOT in force 未生效\n");
  for (const auto& problem : report->problems) {
    const auto where = problem.line == 0 ? "" : ":" + std::to_string(problem.line);
    streams.out << "  " << problem.file << where << ": " << problem.en << "\n  " << problem.zh << "\n";
  }
  return Exit::ok;
}

}  // namespace steward
