#include <algorithm>
#include <fstream>

#include "cloud/app/data_folder.hpp"
#include "cloud/app/list_begin.hpp"
#include "cloud/app/say.hpp"
#include "cloud/verify/block_file.hpp"

namespace steward {
namespace {

Result<std::optional<Stream>> stream_of(const std::string& name) {
  if (name.empty()) return std::optional<Stream>{};
  const auto* found = std::ranges::find_if(all_streams, [&](Stream stream) { return word(stream) == name; });
  if (found != std::end(all_streams)) return std::optional<Stream>(*found);
  return error_of(Fault::malformed,
                  "--stream \"" + name + "\" is none of readings, telemetry, doors, patrol, events",
                  "--stream “" + name + "”应为 readings、telemetry、doors、patrol 或 events");
}

/// Whole or not at all: written beside the file, then renamed.
Result<std::uint32_t> write_blocks(Store& store, const BlockQuery& query, const std::filesystem::path& file) {
  auto part = file;
  part += ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return Error{Fault::broken, "cannot write " + part.string()};
  BlockFileWriter writer(out);
  auto written = store
                     .each_block(query,
                                 [&](const Bytes& block) -> Result<void> {
                                   writer.add(block);
                                   if (!out) return {Fault::full, "cannot write all of " + part.string()};
                                   return {};
                                 })
                     .and_then([&] { return writer.finish(); });
  out.close();
  std::error_code error;
  if (written) {
    std::filesystem::rename(part, file, error);
    if (error) written = Error{Fault::broken, "cannot write " + file.string() + ": " + error.message()};
  }
  if (!written) {
    std::filesystem::remove(part, error);
    return std::move(written.error());
  }
  return writer.blocks();
}

}  // namespace

Exit export_blocks(const Common& common, const BlocksOptions& options, const Streams& streams) {
  const auto stream = stream_of(options.stream);
  if (!stream) return say_fault(common, streams, stream.error());
  auto of_site = common;
  of_site.estate = options.site;
  ListOptions bounds;
  bounds.from = options.from;
  bounds.to = options.to;
  auto listing = begin_list(of_site, bounds);
  if (!listing) return say_fault(common, streams, listing.error());
  const GatewayId gateway{options.gateway};
  const auto name = options.site + "/" + options.gateway;
  const auto known = listing->store->gateway(listing->query.site, gateway);
  if (!known) return say_fault(common, streams, known.error());
  if (!known->has_value()) {
    return say_error(common, streams, Exit::bad_input,
                     "no gateway " + name + " is enrolled; see: gateway list",
                     "网关 " + name + " 未登记；请用 gateway list 查看");
  }
  const auto blocks = write_blocks(
      *listing->store, {listing->query.site, gateway, *stream, listing->query.from, listing->query.to},
      options.file);
  if (!blocks) return say_fault(common, streams, blocks.error());
  if (common.json) {
    Json out = Json::object();
    out.set("file", options.file.string()).set("blocks", static_cast<std::int64_t>(*blocks));
    streams.out << out.dump() << "\n";
  } else {
    streams.out << *blocks << " blocks of " << name << " in " << options.file.string()
                << "; check them with: steward-verify blocks --key KEY " << options.file.string() << "\n"
                << name << " 的 " << *blocks << " 个数据块已写入 " << options.file.string()
                << "；核验命令：steward-verify blocks --key 公钥 " << options.file.string() << "\n";
  }
  return Exit::ok;
}

}  // namespace steward
