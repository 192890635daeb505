// What a service manager and a monitoring system see of the real programs: at work, hung, and stopping.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/process/site_processes.hpp"
#include "tests/support/fake_service_manager.hpp"
#include "tests/support/prometheus_text.hpp"

using namespace steward;

namespace {

struct Page {
  int status = 0;  // 0: nobody answered
  std::string body;
};

Page get(std::uint16_t port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string heard;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const auto request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (void)::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    char piece[4096];
    for (ssize_t count = 0; (count = ::recv(socket, piece, sizeof(piece), 0)) > 0;)
      heard.append(piece, static_cast<std::size_t>(count));
  }
  ::close(socket);
  const auto body = heard.find("\r\n\r\n");
  if (body == std::string::npos) return {};
  return {std::atoi(heard.c_str() + sizeof("HTTP/1.1")), heard.substr(body + 4)};
}

/// Since the gateway's rounds last moved, by its own clock; -1 when nobody answers.
std::int64_t idle_ms(std::uint16_t port) {
  const auto json = Json::parse(get(port, "/healthz").body);
  return json && json->find("idle_ms") != nullptr ? json->find("idle_ms")->integer() : -1;
}

/// Every thread of a process but its first, held still from outside: what they do for the first one is not
/// done.
class HeldThreads {
 public:
  explicit HeldThreads(pid_t process) {
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      const pid_t thread = std::atoi(entry.path().filename().c_str());
      if (thread == process) continue;
      REQUIRE(::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == 0);
      REQUIRE(::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0);
      REQUIRE(::waitpid(thread, nullptr, __WALL) == thread);
      held_.push_back(thread);
    }
    REQUIRE_FALSE(held_.empty());
  }
  ~HeldThreads() {
    for (const auto thread : held_) (void)::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
  }
  HeldThreads(const HeldThreads&) = delete;
  HeldThreads& operator=(const HeldThreads&) = delete;

 private:
  std::vector<pid_t> held_;
};

/// Counts pings until there are `enough`.
void wait_for_pings(const SiteProcesses& site, const FakeServiceManager& manager, std::ptrdiff_t enough) {
  std::ptrdiff_t pings = 0;
  site.wait("the watchdog is pinged", [&] {
    const auto heard = manager.heard();
    pings += std::count(heard.begin(), heard.end(), "WATCHDOG=1");
    return pings >= enough;
  });
}

void add_monitoring(const std::string& config, std::uint16_t port) {
  auto text = text_of(config);
  const std::string schema = "\"schema\": 1,";
  const auto at = text.find(schema);
  REQUIRE(at != std::string::npos);
  text.insert(at + schema.size(), " \"monitoring\": { \"port\": " + std::to_string(port) + " },");
  std::ofstream(config) << text;
}

void check_page(std::uint16_t port, const char* name) {
  const auto page = PrometheusReader::read(get(port, "/metrics").body);
  for (const auto& mistake : page.mistakes) FAIL_CHECK(mistake);
  CHECK_MESSAGE(page.families.count(name) == 1, name);
}

}  // namespace

TEST_SUITE("process/watchdog") {
  TEST_CASE("rounds that hang end the pings and /healthz says so, while the program's loop still answers") {
    SiteProcesses site;
    FakeServiceManager manager;
    const auto port = free_port();
    site.start_estate();
    add_monitoring(site.in("estate/edge.json"), port);
    ::setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "6000000", 1);
    site.start_edge();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    site.wait_for_rounds(1);
    const auto first = manager.heard();
    REQUIRE_FALSE(first.empty());
    CHECK(first.front() == "READY=1");
    wait_for_pings(site, manager, 3);
    CHECK(get(port, "/healthz").status == 200);
    CHECK(get(port, "/readyz").status == 200);
    check_page(port, "steward_edge_bus_requests_total");

    // Meters that are all dead are no hang: the gateway goes on asking.
    site.kill("sim");
    wait_for_pings(site, manager, 3);
    CHECK(get(port, "/healthz").status == 200);

    constexpr std::int64_t limit_ms = 3'000;  // half of what the manager waits
    {
      const HeldThreads held(site.pid("edge"));
      site.wait("the hang is seen", [&] { return idle_ms(port) > limit_ms; });
      CHECK(get(port, "/healthz").status == 503);
      (void)manager.heard();
      site.wait("four looks at the heart", [&] { return idle_ms(port) > 2 * limit_ms; });
      CHECK(manager.heard().empty());
    }
    wait_for_pings(site, manager, 1);
    CHECK(get(port, "/healthz").status == 200);
    CHECK(site.stop("edge") == 0);
    const auto last = manager.heard();
    CHECK(std::count(last.begin(), last.end(), "STOPPING=1") == 1);
    CHECK(site.output("edge").find("\"event\":\"work_hangs\"") != std::string::npos);
  }

  TEST_CASE("the cloud is alive without its broker, and not ready until it is there") {
    SiteProcesses site;
    const auto port = free_port();
    site.start_broker();
    site.start_cloud({"--monitor-port", std::to_string(port)});
    CHECK(get(port, "/readyz").status == 200);
    check_page(port, "steward_cloud_records_total");
    site.kill("broker");
    site.wait("the broker is missed", [&] { return get(port, "/readyz").status == 503; });
    CHECK(get(port, "/readyz").body.find("\"books\":\"ok\",\"broker\":\"not connected") != std::string::npos);
    CHECK(get(port, "/healthz").status == 200);
    site.start_broker();
    site.wait("the broker is back", [&] { return get(port, "/readyz").status == 200; });
    CHECK(site.stop("cloud") == 0);
  }
}
