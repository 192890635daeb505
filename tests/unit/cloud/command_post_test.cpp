#include "cloud/ingest/command_post.hpp"

#include <doctest/doctest.h>

#include "cloud/store/sqlite_store.hpp"
#include "contract/wire/command.hpp"
#include "contract/wire/topics.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_keys.hpp"

using namespace steward;
using namespace std::chrono_literals;

namespace {

const SiteId site("riverside");
const GatewayId gateway("gw1");

struct Post {
  TemporaryFolder folder;
  std::unique_ptr<SqliteStore> store = std::move(*SqliteStore::open(folder.path() / "steward.db", Uuid{1}));
  ManualClock clock;
  std::vector<std::string> lines;
  Log log{clock, Level::info, [this](std::string_view line) { lines.emplace_back(line); }};
  CommandPost post{*store, clock, log};
  Command command{site, gateway, Uuid{5}, clock.now(), clock.now() + 20s, OpenDoor{"gate", 1}};

  Post() {
    CommandRow row{.site = site, .gateway = gateway, .id = command.id};
    row.verb = word(command.verb);
    row.subject = subject_of(command.verb);
    row.asked_by = "Li Wei";
    row.issued = command.issued;
    row.expires = command.expires;
    row.sealed = *encode_command(command, test::cloud_key());
    const PublicKey key = test::gateway_key().public_key();
    REQUIRE(store->transact([&]() -> Result<void> {
      if (auto put = store->put_gateway({site, gateway, key, clock.now()}); !put) return put;
      return store->put_command(row);
    }));
  }
  Arrival result(const Signer& signer, const Uuid& id) const {
    const CommandResult result{
        site, gateway, id, CommandOutcome::done, clock.now(), "", {{"outcome", "opened"}}};
    return {command_result_topic(site, gateway, command.id), encode_command_result(result, signer),
            clock.now()};
  }
  std::string outcome() const { return (*store->command(site, command.id))->outcome; }
};

}  // namespace

TEST_SUITE("cloud/command_post") {
  TEST_CASE("a command is sent again every two seconds until it is answered") {
    Post post;
    const auto first = post.post.due();
    REQUIRE(first.size() == 1);
    CHECK(first[0].topic == command_topic(site, gateway, post.command.id));
    CHECK_FALSE(first[0].retained);
    CHECK(*decode_command(first[0].payload, VerifyingKey(test::cloud_key().public_key())) == post.command);
    post.clock.advance(1'999ms);
    CHECK(post.post.due().empty());
    post.clock.advance(1ms);
    CHECK(post.post.due().size() == 1);
    post.post.take(post.result(test::gateway_key(), post.command.id));
    CHECK(post.outcome() == "done");
    post.clock.advance(10s);
    CHECK(post.post.due().empty());
  }

  TEST_CASE("a command that nobody answers is not sent after it has expired") {
    Post post;
    post.clock.advance(20s);
    CHECK(post.post.due().empty());
    CHECK(post.outcome().empty());
  }

  TEST_CASE("a result that its gateway did not sign, or of another command, answers nothing") {
    Post post;
    post.post.take(post.result(test::cloud_key(), post.command.id));
    post.post.take(post.result(test::gateway_key(), Uuid{6}));
    auto elsewhere = post.result(test::gateway_key(), post.command.id);
    elsewhere.topic = command_result_topic(site, GatewayId("gw9"), post.command.id);
    post.post.take(elsewhere);
    CHECK(post.outcome().empty());
    CHECK(post.lines.size() == 3);
    post.post.take(post.result(test::gateway_key(), post.command.id));
    CHECK(post.outcome() == "done");
  }
}
