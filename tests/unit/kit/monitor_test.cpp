#include "kit/monitor/monitor.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "kit/monitor/http_request.hpp"
#include "tests/support/fake_service_manager.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/metrics_document.hpp"
#include "tests/support/prometheus_text.hpp"

using namespace steward;

namespace {

constexpr Milliseconds patience{30'000};  // only a failure takes that long

/// A client of the server under test, on the same thread: it never waits by itself.
class Asker {
 public:
  explicit Asker(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Asker() { ::close(socket_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void send(std::string_view bytes) const {
    REQUIRE(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  /// True once the server has closed; what came is in `heard`.
  bool closed() {
    char piece[4096];
    for (;;) {
      const auto count = ::recv(socket_, piece, sizeof(piece), MSG_DONTWAIT);
      if (count > 0) {
        heard.append(piece, static_cast<std::size_t>(count));
        continue;
      }
      return count == 0 || errno == ECONNRESET;
    }
  }
  std::string heard;

 private:
  int socket_;
};

/// A program whose heart is in the test's hand.
struct Watched {
  explicit Watched(std::optional<Milliseconds> watchdog = std::nullopt) : manager(fake.path(), watchdog) {}

  FakeServiceManager fake;
  ManualClock clock;
  Loop loop;
  std::vector<std::string> lines;
  Log log{clock, Level::info, [this](std::string_view line) { lines.emplace_back(line); }};
  ServiceManager manager;
  Milliseconds idle{0};
  std::vector<Condition> conditions{{"outbox", true, ""}};
  Monitor monitor{loop,
                  clock,
                  log,
                  manager,
                  "steward-test",
                  {[this] { return idle; }, [this] { return conditions; },
                   [](MetricsPage& page) {
                     page.family({"steward_test_things", Metric::Kind::gauge, "Things \\ with\nlines."})
                         .sample({{"kind", "a \"quoted\" \\ one\n"}}, std::int64_t{-7});
                   }}};
};

std::string answer_to(std::string_view request, const MonitorAt& at = {{127, 0, 0, 1}, 0, false}) {
  Loop loop;
  auto server = MonitorServer::open(loop, at, [](std::string_view path) {
    return MonitorAnswer{200, "text/plain", "you asked for " + std::string(path)};
  });
  REQUIRE(server);
  Asker asker((*server)->port());
  asker.send(request);
  REQUIRE(loop.run_until([&] { return asker.closed(); }, patience));
  return asker.heard;
}

int status_of(std::string_view request) {
  const auto parse = parse_http_request(request);
  if (parse.state == HttpParse::State::more) return 0;
  return parse.state == HttpParse::State::done ? 200 : parse.status;
}

}  // namespace

TEST_SUITE("kit/monitor") {
  TEST_CASE("a request is read strictly, and every refusal has its status") {
    const auto parse =
        parse_http_request("GET /metrics?x=1 HTTP/1.1\r\nHost:  localhost:9464 \r\nA: b\r\n\r\n");
    REQUIRE(parse.state == HttpParse::State::done);
    CHECK(parse.request.path == "/metrics");
    CHECK(parse.request.host == "localhost:9464");
    CHECK_FALSE(parse.request.head);
    CHECK(parse_http_request("HEAD / HTTP/1.0\r\n\r\n").request.head);
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 200);

    for (const char* unfinished : {"", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"})
      CHECK_MESSAGE(status_of(unfinished) == 0, unfinished);
    for (const char* malformed :
         {"\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
          "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / HTTP/1.1\nHost: a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
          "GET / JUNK\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
      CHECK_MESSAGE(status_of(malformed) == 400, malformed);
    }
    CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n") == 405);
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  }

  TEST_CASE("a head that does not end is refused at 4096 bytes, however it is cut up") {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    head.append(max_http_head, 'x');
    for (std::size_t length = 0; length < max_http_head; length += 97)
      CHECK(status_of(std::string_view(head).substr(0, length)) == 0);
    CHECK(status_of(head) == 431);
    CHECK(status_of(head + "\r\n\r\n") == 431);
  }

  TEST_CASE("a page is answered over a real connection, and the connection ends") {
    const auto heard = answer_to("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n");
    CHECK(heard.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(heard.find("Content-Length: 22\r\n") != std::string::npos);
    CHECK(heard.ends_with("\r\n\r\nyou asked for /metrics"));
    CHECK(answer_to("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .ends_with("Connection: close\r\n\r\n"));
    const auto refused = answer_to("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(refused.starts_with("HTTP/1.1 405 "));
    CHECK(refused.find("Allow: GET, HEAD\r\n") != std::string::npos);
  }

  TEST_CASE("a web page whose name was made to mean this machine reads nothing") {
    CHECK(answer_to("GET /metrics HTTP/1.1\r\nHost: evil.example:9464\r\n\r\n").starts_with("HTTP/1.1 421 "));
    CHECK(answer_to("GET /metrics HTTP/1.1\r\nHost: localhost:9464\r\n\r\n").starts_with("HTTP/1.1 200 "));
  }

  TEST_CASE("an address that others reach is refused unless somebody said so") {
    Loop loop;
    const auto nothing = [](std::string_view) { return MonitorAnswer{}; };
    const auto refused = MonitorServer::open(loop, {{0, 0, 0, 0}, 0, false}, nothing);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::refused);
    CHECK(MonitorServer::open(loop, {{0, 0, 0, 0}, 0, true}, nothing));
  }

  TEST_CASE("the ninth client is turned away, and there is room again when one has gone") {
    Loop loop;
    auto server = MonitorServer::open(loop, {{127, 0, 0, 1}, 0, false}, [](std::string_view) {
      return MonitorAnswer{200, "text/plain", "x"};
    });
    REQUIRE(server);
    std::vector<std::unique_ptr<Asker>> silent;
    for (std::size_t at = 0; at < max_monitor_clients; ++at) {
      silent.push_back(std::make_unique<Asker>((*server)->port()));
      silent.back()->send("GET /");  // and no more
    }
    Asker ninth((*server)->port());
    REQUIRE(loop.run_until([&] { return ninth.closed(); }, patience));
    CHECK(ninth.heard.empty());
    CHECK(std::none_of(silent.begin(), silent.end(), [](auto& each) { return each->closed(); }));

    silent.front()->send(" HTTP/1.0\r\n\r\n");
    REQUIRE(loop.run_until([&] { return silent.front()->closed(); }, patience));
    CHECK(silent.front()->heard.ends_with("x"));
    Asker again((*server)->port());
    again.send("GET / HTTP/1.0\r\n\r\n");
    REQUIRE(loop.run_until([&] { return again.closed(); }, patience));
    CHECK(again.heard.ends_with("x"));
  }

  TEST_CASE("a client that does not finish asking is closed when its time is over") {
    Loop loop;
    auto server = MonitorServer::open(
        loop, {{127, 0, 0, 1}, 0, false}, [](std::string_view) { return MonitorAnswer{}; }, Milliseconds{20});
    REQUIRE(server);
    Asker slow((*server)->port());
    slow.send("GET / HTTP/1.1\r\nHost:");
    REQUIRE(loop.run_until([&] { return slow.closed(); }, patience));
    CHECK(slow.heard.empty());
  }

  TEST_CASE("what the program tells is a page that Prometheus reads, and nothing else is there") {
    Watched watched;
    const auto answer = watched.monitor.answer("/metrics");
    CHECK(answer.type == "text/plain; version=0.0.4; charset=utf-8");
    const auto page = PrometheusReader::read(answer.body);
    for (const auto& mistake : page.mistakes) FAIL_CHECK(mistake);
    for (const auto& difference :
         metrics_page_differences(page, "steward_", {"steward_edge_", "steward_cloud_", "steward_test_"}))
      FAIL_CHECK(difference);
    CHECK(page.families.at("steward_test_things").help == "Things \\\\ with\\nlines.");
    CHECK(page.families.at("steward_test_things").samples.at("{kind=\"a \\\"quoted\\\" \\\\ one\\n\"}") ==
          "-7");
    CHECK(page.families.at("steward_heart_limit_seconds").samples.at("") == "150.000");
    CHECK(watched.monitor.answer("/").status == 404);
    CHECK(watched.monitor.answer("/metrics/").status == 404);
  }

  TEST_CASE("each kind of mistake on a metrics page is seen by the reader that judges ours") {
    const std::string good = "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\"} 1\n";
    CHECK(PrometheusReader::read(good).mistakes.empty());
    for (const auto& bad : std::vector<std::string>{
             "# HELP a_total x\n# TYPE a_total counter\na_total 1", "# TYPE a_total counter\na_total 1\n",
             "# HELP a x\n# TYPE a counter\na 1\n", "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
             good + good, good + "a_total{b=\"c\"} 2\n", good + "b 1\n", good + "a_total{b=\"\\q\"} 1\n",
             good + "a_total{b=\"d\",b=\"e\"} 1\n", good + "a_total{b=\"d\"} one\n",
             good + "a_total{b=\"d\"}1\n", good + "a_total{b=\"d} 1\n",
             "# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n"}) {
      CHECK_MESSAGE(!PrometheusReader::read(bad).mistakes.empty(), bad);
    }
  }

  TEST_CASE("seconds are written without a float") {
    MetricsPage page;
    page.family({"a_seconds", Metric::Kind::gauge, "x"});
    page.sample({{"n", "0"}}, Milliseconds{0}).sample({{"n", "1"}}, Milliseconds{61'005});
    page.sample({{"n", "2"}}, Milliseconds{-5}).sample({{"n", "3"}}, Milliseconds{1'780'246'931'200});
    CHECK(page.text() ==
          "# HELP a_seconds x\n# TYPE a_seconds gauge\na_seconds{n=\"0\"} 0.000\na_seconds{n=\"1\"} 61.005\n"
          "a_seconds{n=\"2\"} -0.005\na_seconds{n=\"3\"} 1780246931.200\n");
  }

  TEST_CASE("the watchdog is pinged while the work moves, and not once it hangs, until it moves again") {
    Watched watched(Milliseconds{10'000});
    watched.monitor.look();
    CHECK(watched.fake.heard().empty());  // not ready yet: the manager does not count yet either
    watched.monitor.ready();
    CHECK(watched.fake.heard() == std::vector<std::string>{"READY=1"});
    watched.idle = Milliseconds{5'000};
    watched.monitor.look();
    CHECK(watched.fake.heard() == std::vector<std::string>{"WATCHDOG=1"});
    CHECK(watched.monitor.answer("/healthz").status == 200);

    watched.idle = Milliseconds{5'001};  // half of what the manager waits
    watched.monitor.look();
    watched.monitor.look();
    CHECK(watched.fake.heard().empty());
    CHECK(watched.monitor.answer("/healthz").status == 503);
    CHECK(std::count_if(watched.lines.begin(), watched.lines.end(), [](const std::string& line) {
            return line.find("work_hangs") != std::string::npos;
          }) == 1);

    watched.idle = Milliseconds{0};
    watched.monitor.look();
    CHECK(watched.fake.heard() == std::vector<std::string>{"WATCHDOG=1"});
    watched.monitor.stop(true);
    CHECK(watched.fake.heard() == std::vector<std::string>{"STOPPING=1"});
  }

  TEST_CASE("started, the monitor looks by itself several times in the time the manager waits") {
    Watched watched(Milliseconds{400});
    REQUIRE(watched.monitor.start(std::nullopt));
    watched.monitor.ready();
    std::vector<std::string> heard;
    REQUIRE(watched.loop.run_until(
        [&] {
          for (auto& line : watched.fake.heard()) heard.push_back(std::move(line));
          return heard.size() >= 4;
        },
        patience));
    CHECK(heard.front() == "READY=1");
    CHECK(std::count(heard.begin(), heard.end(), "WATCHDOG=1") >= 3);
  }

  TEST_CASE(
      "a program is ready when it has said so and every condition holds; the page names what does not") {
    Watched watched;
    CHECK(watched.monitor.answer("/readyz").status == 503);
    watched.monitor.ready();
    CHECK(watched.monitor.answer("/readyz").status == 200);
    watched.conditions = {{"outbox", false, "disk full"}, {"config", true, ""}};
    const auto answer = watched.monitor.answer("/readyz");
    CHECK(answer.status == 503);
    CHECK(answer.body == "{\"ready\":false,\"conditions\":{\"outbox\":\"disk full\",\"config\":\"ok\"}}\n");
  }

  TEST_CASE("the manager's variables are taken out of the environment, and another's watchdog is not ours") {
    const auto with = [](const char* usec, const std::string& pid) {
      ::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
      ::setenv("WATCHDOG_USEC", usec, 1);
      ::setenv("WATCHDOG_PID", pid.c_str(), 1);
      const auto manager = ServiceManager::of_environment();
      CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
      CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
      manager.alive();  // to a socket that is not there: nothing happens
      return manager.watchdog();
    };
    CHECK(with("30000000", std::to_string(::getpid())) == Milliseconds{30'000});
    CHECK(with("30000000", "") == Milliseconds{30'000});
    CHECK(with("30000000", "1") == std::nullopt);
    CHECK(with("soon", "") == std::nullopt);
    CHECK(ServiceManager::of_environment().watchdog() == std::nullopt);
  }
}
