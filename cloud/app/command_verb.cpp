#include <charconv>
#include <thread>

#include "cloud/app/list_begin.hpp"
#include "cloud/app/say.hpp"
#include "cloud/app/site_books.hpp"
#include "cloud/billing/text_table.hpp"
#include "contract/text/instant_text.hpp"
#include "contract/wire/block_rules.hpp"
#include "contract/wire/command.hpp"
#include "contract/wire/topics.hpp"
#include "kit/crypto/random.hpp"
#include "kit/loop/clocks.hpp"

namespace steward {
namespace {

constexpr std::size_t who_bytes = 64;
/// How often the books are asked for the result, and how long after the expiry it may still come.
constexpr std::chrono::milliseconds glance{100};
constexpr std::chrono::seconds after_expiry{3};

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error usage() {
  return error_of(
      Fault::malformed,
      "say one of: read-now METER; resend STREAM FROM; restart-bus BUS; open-door CONTROLLER-DOOR, "
      "such as gate-1",
      "用法：read-now 表号；resend 日志流 起始序号；restart-bus 总线；open-door 控制器-门号，如 gate-1");
}

/// "open-door gate-1" as a command. Faults: malformed.
Result<CommandVerb> read_verb(const std::vector<std::string>& words) {
  if (words.size() < 2) return usage();
  const auto& verb = words[0];
  const auto& what = words[1];
  if (verb == "read-now" && words.size() == 2) return CommandVerb{ReadNow{MeterId(what)}};
  if (verb == "restart-bus" && words.size() == 2) return CommandVerb{RestartBus{BusId(what)}};
  if (verb == "resend" && words.size() == 3) {
    const auto from = number_in(words[2]);
    for (const auto stream : all_streams)
      if (what == word(stream) && from && *from > 0) return CommandVerb{Resend{stream, Seq{*from}}};
    return usage();
  }
  const auto dash = what.rfind('-');
  if (verb != "open-door" || words.size() != 2 || dash == std::string::npos) return usage();
  const auto door = number_in(std::string_view(what).substr(dash + 1));
  if (!door || *door < 1 || *door > 4) return usage();
  return CommandVerb{OpenDoor{what.substr(0, dash), static_cast<std::uint8_t>(*door)}};
}

Json json_of(const CommandRow& row, const std::optional<CommandResult>& result) {
  auto json = Json::object();
  json.set("id", uuid_text(row.id)).set("gateway", row.gateway.text).set("verb", row.verb);
  json.set("subject", row.subject).set("by", row.asked_by).set("issued_at", instant_text(row.issued));
  json.set("expires_at", instant_text(row.expires)).set("outcome", row.outcome);
  if (!result) return json;
  json.set("message", result->message);
  auto values = Json::object();
  for (const auto& [name, text] : result->values)
    if (values.find(name) == nullptr) values.set(name, text);
  return json.set("values", std::move(values));
}

/// The result in a row, opened by its gateway's key; nothing while there is none.
std::optional<CommandResult> result_in(const CommandRow& row, const PublicKey& key) {
  if (row.outcome.empty()) return std::nullopt;
  auto opened = decode_command_result(row.result, VerifyingKey(key));
  if (!opened) return std::nullopt;
  return std::move(*opened);
}

Exit say_result(const Common& common, const Streams& streams, const CommandRow& row,
                const std::optional<CommandResult>& result) {
  if (row.outcome.empty()) {
    if (common.json) streams.out << json_of(row, result).dump() << "\n";
    return say_error(
        common, streams, Exit::failed,
        "no answer: is `steward-cloud serve` running and the gateway on line? It was not carried "
        "out, or its answer is still on its way; `steward-cloud commands` shows it",
        "没有回应：请确认 serve 正在运行且网关在线。命令未执行，或回应仍在途中；可用 commands 查看");
  }
  if (common.json) {
    streams.out << json_of(row, result).dump() << "\n";
  } else {
    streams.out << row.verb << " " << row.subject << ": " << row.outcome << "\n";
    if (result && !result->message.empty()) streams.out << "  " << result->message << "\n";
    if (result)
      for (const auto& [name, text] : result->values) streams.out << "  " << name << " " << text << "\n";
  }
  if (row.outcome == word(CommandOutcome::done)) return Exit::ok;
  return row.outcome == word(CommandOutcome::refused) ? Exit::refused : Exit::failed;
}

/// Waits until the row is answered, or can be no more.
Result<CommandRow> await_answer(Store& store, const CommandRow& asked, Milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto row = store.command(asked.site, asked.id);
    if (!row) return std::move(row.error());
    if (!row->has_value()) return Error{Fault::broken, "the command is gone from the books"};
    if (!(*row)->outcome.empty() || std::chrono::steady_clock::now() > until) return std::move(**row);
    std::this_thread::sleep_for(glance);
  }
}

}  // namespace

Exit send_command(const Common& common, const CommandOptions& options, const Streams& streams) {
  const auto verb = read_verb(options.words);
  if (!verb) return say_fault(common, streams, verb.error());
  if (!is_plain_text(options.who, 1, who_bytes))
    return say_error(common, streams, Exit::bad_input, "--by is a name of 1 to 64 bytes: it is kept for ever",
                     "--by 应为 1 至 64 字节的姓名；永久保存");
  const auto books = open_site(common);
  if (!books) return say_fault(common, streams, books.error());
  const auto gateway = books->store->gateway(books->site, GatewayId(options.gateway));
  if (!gateway) return say_fault(common, streams, gateway.error());
  if (!gateway->has_value())
    return say_error(common, streams, Exit::bad_input,
                     "there is no gateway \"" + options.gateway + "\"; `gateway list` names them",
                     "没有网关“" + options.gateway + "”；请用 gateway list 查看");
  auto key = books->folder.cloud_key();
  if (!key) return say_fault(common, streams, key.error());

  Command command{books->site, GatewayId(options.gateway), random_uuid(), SystemClock().now(), {}, *verb};
  const auto life = std::min<Milliseconds>(std::chrono::seconds(options.life_s), longest_life(command.verb));
  command.expires = command.issued + life;
  const auto sealed = encode_command(command, *key);
  if (!sealed) return say_fault(common, streams, sealed.error());
  CommandRow row;
  row.site = command.site;
  row.gateway = command.gateway;
  row.id = command.id;
  row.verb = word(command.verb);
  row.subject = subject_of(command.verb);
  row.asked_by = options.who;
  row.issued = command.issued;
  row.expires = command.expires;
  row.sealed = *sealed;
  if (const auto put = books->store->transact([&] { return books->store->put_command(row); }); !put)
    return say_fault(common, streams, put.error());
  const auto answered = await_answer(*books->store, row, life + after_expiry);
  if (!answered) return say_fault(common, streams, answered.error());
  return say_result(common, streams, *answered, result_in(*answered, (*gateway)->block_key));
}

Exit list_commands(const Common& common, const ListOptions& options, const Streams& streams) {
  auto listing = begin_list(common, options);
  if (!listing) return say_fault(common, streams, listing.error());
  const auto rows = listing->store->commands(listing->query);
  if (!rows) return say_fault(common, streams, rows.error());
  Json list = Json::array();
  TextTable table({Align::left, Align::left, Align::left, Align::left, Align::left, Align::left});
  table.row({"issued 发出", "gateway 网关", "verb 命令", "subject 对象", "by 操作人", "outcome 结果"});
  table.rule();
  for (const auto& row : *rows) {
    const auto known = listing->store->gateway(row.site, row.gateway);
    const bool can_open = known && *known;
    const auto result = can_open ? result_in(row, (*known)->block_key) : std::nullopt;
    list.push(json_of(row, result));
    table.row({text_of(row.issued, listing->offset), row.gateway.text, row.verb, row.subject, row.asked_by,
               row.outcome.empty() ? "no answer 无回应" : row.outcome});
  }
  if (common.json) {
    streams.out << Json::object().set("commands", std::move(list)).dump() << "\n";
  } else {
    streams.out << (rows->empty() ? "none / 无\n" : table.text());
  }
  return Exit::ok;
}

}  // namespace steward
