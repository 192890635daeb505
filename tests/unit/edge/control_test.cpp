#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <signal.h>
#include <atomic>
#include <cstring>
#include <sstream>
#include <thread>

#include "edge/app/control_client.hpp"
#include "edge/app/control_messages.hpp"
#include "edge/app/control_server.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace steward;

namespace {

std::string why(const Result<ControlRequest>& request) {
  REQUIRE_FALSE(request);
  CHECK(request.error().fault == Fault::malformed);
  return request.error().message;
}

PutCardRequest some_card() {
  PutCardRequest request;
  request.controller = "gate";
  request.card.number = 8165537;
  request.card.from = {std::chrono::year(2026), std::chrono::January, std::chrono::day(1)};
  request.card.to = {std::chrono::year(2026), std::chrono::December, std::chrono::day(31)};
  request.card.permission = {1, 0, 1, 0};
  return request;
}

/// A server whose answer names the verb it got; clients run on threads of their own. A trace says
/// its number of seconds in lines, then waits for its cancellation.
struct Served {
  Served() {
    auto opened = ControlServer::open(
        loop, path,
        [this](ControlRequest request, std::shared_ptr<ControlStream> back) -> Awaitable<Result<Json>> {
          ++asked;
          if (std::holds_alternative<OpenDoorRequest>(request))
            co_return Error{Fault::retry, "the board is silent"};
          if (const auto* trace = std::get_if<TraceRequest>(&request)) {
            for (std::uint32_t line = 0; line < trace->seconds; ++line)
              shed += back->say(Json::object().set("line", std::int64_t{line}).set("pad", pad)) ? 0 : 1;
            while (!back->cancelled()) co_await back->rest(Milliseconds{60'000});
            ++cancelled;
          }
          co_return Json::object().set("verb", std::int64_t{static_cast<int>(request.index())});
        });
    REQUIRE(opened);
    server = std::move(*opened);
  }

  /// Runs `client` beside the loop until it is through.
  template <class Client>
  void serve(Client client) {
    std::atomic<bool> through = false;
    std::jthread thread([&] {
      client();
      through = true;
      loop.post([] {});
    });
    REQUIRE(loop.run_until([&] { return through.load(); }, std::chrono::seconds(20)));
  }

  TemporaryFolder folder;
  std::string path = (folder.path() / "control.sock").string();
  Loop loop;
  int asked = 0;
  int cancelled = 0;
  int shed = 0;  // progress lines that found no room
  std::string pad;
  std::unique_ptr<ControlServer> server;
};

int connected_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  return socket;
}

/// All that comes until the other side closes.
std::string read_all(int socket) {
  std::string text;
  char piece[1024];
  for (auto count = ::read(socket, piece, sizeof piece); count > 0;
       count = ::read(socket, piece, sizeof piece)) {
    text.append(piece, static_cast<std::size_t>(count));
  }
  return text;
}

void write_text(int socket, const std::string& text) {
  (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace

TEST_SUITE("edge/control_messages") {
  TEST_CASE("each request reads back as it was printed") {
    const ControlRequest requests[] = {StatusRequest{},
                                       OpenDoorRequest{"gate", 2},
                                       some_card(),
                                       DeleteCardRequest{"gate", 4294967294},
                                       UnlatchRequest{MeterId("E-1")},
                                       PulseBaseRequest{MeterId("W-1"), "1234.567", "li"},
                                       TraceRequest{BusId("b1"), 60},
                                       VerifyRequest{MeterId("E-1"), "1234.56", "energy_import"},
                                       VerifyRequest{MeterId("E-1"), "-7", ""},
                                       ScanRequest{},
                                       ScanRequest{BusId("b1"),
                                                   {9600, 2400},
                                                   {Parity::none, Parity::even},
                                                   {Protocol::dlt645, Protocol::cjt188},
                                                   1,
                                                   32},
                                       DoctorRequest{},
                                       CancelRequest{}};
    for (const auto& request : requests) {
      const auto back = read_control_request(print_control_request(request));
      REQUIRE(back);
      CHECK(*back == request);
    }
  }

  TEST_CASE("what is not a request is refused with the field and what it must be") {
    CHECK(why(read_control_request("[]")) == "the request must be one JSON object");
    const std::string verbs =
        "\"verb\" must be status, doctor, scan, verify, trace, cancel, open-door, card-put, card-delete, "
        "unlatch, meter-exchange, meter-reset, meter-ratio, meter-remove, meter-seal, pulse-base, backfill "
        "or "
        "take-keys";
    CHECK(why(read_control_request("{}")) == verbs);
    CHECK(why(read_control_request(R"({"verb":"reboot"})")) == verbs);
    CHECK(why(read_control_request(R"({"verb":"trace"})")) == "\"line\" must be the name of a bus");
    CHECK(why(read_control_request(R"({"verb":"trace","line":"b1","seconds":0})")) ==
          "\"seconds\" must be a number from 1 to 86400");
    CHECK(why(read_control_request(R"({"verb":"verify","meter":"E-1"})")) ==
          "\"display\" must be what the display shows, such as \"1234.56\"");
    CHECK(
        why(read_control_request(R"({"verb":"scan","baud":[9601]})")).starts_with("\"baud\" must be a list"));
    CHECK(why(read_control_request(R"({"verb":"scan","parity":["none","none"]})")) ==
          "\"parity\" must be a list of \"none\", \"even\" or \"odd\"");
    CHECK(why(read_control_request(R"({"verb":"scan","protocol":"modbus"})")) ==
          "\"protocol\" must be a list of \"modbus\", \"dlt645\" or \"cjt188\"");
    CHECK(why(read_control_request(R"({"verb":"scan","from":9,"to":8})")) ==
          "\"to\" must be a number from 9 to 247");
    CHECK(why(read_control_request(R"({"verb":"open-door","door":1})")) ==
          "\"controller\" must be the name of a door controller");
    CHECK(why(read_control_request(R"({"verb":"open-door","controller":"gate","door":5})")) ==
          "\"door\" must be a number from 1 to 4");
    CHECK(why(read_control_request(R"({"verb":"card-delete","controller":"gate","card":0})")) ==
          "\"card\" must be a number from 1 to 4294967294");
    CHECK(
        why(read_control_request(
            R"({"verb":"card-put","controller":"g","card":1,"from":"2026-02-30","to":"2026-12-31","doors":[1]})")) ==
        "\"from\" must be a date such as 2026-12-31");
    CHECK(
        why(read_control_request(
            R"({"verb":"card-put","controller":"g","card":1,"from":"2026-01-01","to":"2026-12-31","doors":[0]})")) ==
        "\"doors\" must be a list of doors, each 1 to 4");
    CHECK_FALSE(read_control_request("{\"verb\":\"" + std::string(5'000, 'x') + "\"}"));
  }

  TEST_CASE("an answer carries its fields, or the fault and its sentence") {
    const auto good = print_control_answer(Json::object().set("outcome", "opened"));
    CHECK(good == R"({"ok":true,"outcome":"opened"})");
    CHECK(read_control_answer(good)->find("outcome")->text() == "opened");
    const auto bad = print_control_answer(Error{Fault::retry, "no reply"});
    CHECK(bad == R"({"ok":false,"fault":"retry","message":"no reply"})");
    CHECK(read_control_answer(bad).error().message == "no reply");
    CHECK(read_control_answer("{}").error().fault == Fault::malformed);
  }
}

TEST_SUITE("edge/control_server") {
  TEST_CASE("only the owner may open the socket") {
    const Served served;
    struct stat about = {};
    REQUIRE(::stat(served.path.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    CHECK(S_ISSOCK(about.st_mode));
  }

  TEST_CASE("a verb gets its answer, a fault its sentence") {
    Served served;
    Result<Json> status(Fault::broken, "");
    Result<Json> open(Fault::broken, "");
    served.serve([&] {
      status = ask_daemon(served.path, StatusRequest{});
      open = ask_daemon(served.path, OpenDoorRequest{"gate", 1});
    });
    REQUIRE(status);
    CHECK(status->find("verb")->integer() == 0);
    REQUIRE_FALSE(open);
    CHECK(open.error().message == "the board is silent");
    CHECK(served.asked == 2);
  }

  TEST_CASE("one connection may ask several times; nonsense is answered, not obeyed") {
    Served served;
    std::string text;
    served.serve([&] {
      const int socket = connected_to(served.path);
      write_text(socket, "{\"verb\":\"status\"}\nnonsense\n{\"verb\":\"status\"}\n");
      ::shutdown(socket, SHUT_WR);
      text = read_all(socket);
      ::close(socket);
    });
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(text.find("\"fault\":\"malformed\"") != std::string::npos);
    CHECK(served.asked == 2);
  }

  TEST_CASE("a request longer than 4 KiB ends the connection, whatever follows it") {
    Served served;
    std::string text = "unset";
    served.serve([&] {
      const int socket = connected_to(served.path);
      std::string asked(max_control_request + 1'000, 'x');
      asked += "\n{\"verb\":\"status\"}\n";
      write_text(socket, asked);
      text = read_all(socket);  // returns because the server closed
      ::close(socket);
    });
    CHECK(text.empty());
    CHECK(served.asked == 0);
  }

  TEST_CASE("the ninth client at once is turned away, the others are served") {
    Served served;
    std::vector<std::string> answers;
    std::string ninth = "unset";
    served.serve([&] {
      std::vector<int> sockets;
      for (std::size_t at = 0; at < max_control_clients; ++at) {
        sockets.push_back(connected_to(served.path));
        // Asked and answered: the server has surely taken it in.
        write_text(sockets.back(), "{\"verb\":\"status\"}\n");
        char piece[256];
        const auto count = ::read(sockets.back(), piece, sizeof piece);
        answers.emplace_back(piece, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      }
      const int late = connected_to(served.path);
      write_text(late, "{\"verb\":\"status\"}\n");
      ninth = read_all(late);
      ::close(late);
      for (const int socket : sockets) ::close(socket);
    });
    CHECK(answers.size() == max_control_clients);
    for (const auto& answer : answers) CHECK(answer == "{\"ok\":true,\"verb\":0}\n");
    CHECK(ninth.empty());
  }

  TEST_CASE("progress comes line by line before the answer, and a cancel brings the answer") {
    Served served;
    std::vector<std::string> lines;
    served.serve([&] {
      const int socket = connected_to(served.path);
      write_text(socket, R"({"verb":"trace","line":"b1","seconds":3})"
                         "\n");
      std::string text;
      char piece[256];
      while (std::count(text.begin(), text.end(), '\n') < 3)
        text.append(piece,
                    static_cast<std::size_t>(std::max<ssize_t>(::read(socket, piece, sizeof piece), 0)));
      write_text(socket, "{\"verb\":\"cancel\"}\n{\"verb\":\"status\"}\n");
      ::shutdown(socket, SHUT_WR);
      text += read_all(socket);
      ::close(socket);
      std::istringstream in(text);
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    });
    CHECK(lines == std::vector<std::string>{R"({"line":0,"pad":""})", R"({"line":1,"pad":""})",
                                            R"({"line":2,"pad":""})", R"({"ok":true,"verb":5})",
                                            R"({"ok":true,"verb":0})"});
    CHECK(served.cancelled == 1);
    CHECK(served.asked == 2);  // the cancel is no request of its own
  }

  TEST_CASE("the command line hands over each progress line, then the answer") {
    Served served;
    std::vector<std::int64_t> lines;
    Result<Json> answer(Fault::broken, "");
    served.serve([&] {
      answer = ask_daemon(served.path, TraceRequest{BusId("b1"), 4}, [&](const Json& line) {
        lines.push_back(line.find("line")->integer());
        if (lines.size() == 4) ::raise(SIGINT);  // Ctrl-C
      });
    });
    REQUIRE(answer);
    CHECK(answer->find("verb")->integer() == 5);
    CHECK(lines == std::vector<std::int64_t>{0, 1, 2, 3});
    CHECK(served.cancelled == 1);
  }

  TEST_CASE("a client that goes away ends what it asked for") {
    Served served;
    served.serve([&] {
      const int socket = connected_to(served.path);
      write_text(socket, R"({"verb":"trace","line":"b1","seconds":1})"
                         "\n");
      char piece[64];
      CHECK(::read(socket, piece, sizeof piece) > 0);
      ::close(socket);
    });
    CHECK(served.loop.run_until([&] { return served.cancelled == 1; }, std::chrono::seconds(20)));
  }

  TEST_CASE("what a slow client does not take is shed and counted, never waited for") {
    Served served;
    served.pad = std::string(2'000, 'x');
    std::string text;
    served.serve([&] {
      const int socket = connected_to(served.path);
      write_text(socket, R"({"verb":"trace","line":"b1","seconds":5000})"
                         "\n");
      char first;
      CHECK(::read(socket, &first, 1) == 1);  // all 5000 have been said: nothing waits between them
      ::shutdown(socket, SHUT_WR);
      text = read_all(socket);
      ::close(socket);
    });
    CHECK(served.shed > 4'000);
    CHECK(static_cast<int>(std::count(text.begin(), text.end(), '\n')) == 5'000 - served.shed + 1);
    CHECK(text.ends_with("{\"ok\":true,\"verb\":5}\n"));
  }

  TEST_CASE("a line that finds room again says how many found none") {
    Loop loop;
    ControlStream stream(loop);
    std::size_t said = 0;
    while (stream.say(Json::object().set("at", static_cast<std::int64_t>(said)))) ++said;
    CHECK(said == max_untaken_lines);
    CHECK_FALSE(stream.say(Json::object()));
    std::string next;
    loop.spawn([](ControlStream& from, std::string& into) -> Awaitable<void> { into = co_await from.next(); }(
                                                              stream, next));
    REQUIRE(loop.run_until([&] { return !next.empty(); }, std::chrono::seconds(20)));
    CHECK(stream.say(Json::object().set("at", 7)));
    std::string last;
    loop.spawn([](ControlStream& from, std::string& into) -> Awaitable<void> {
      for (std::size_t line = 0; line < max_untaken_lines; ++line) into = co_await from.next();
    }(stream, last));
    REQUIRE(
        loop.run_until([&] { return last.find("missed") != std::string::npos; }, std::chrono::seconds(20)));
    CHECK(last == "{\"at\":7,\"missed\":2}\n");
  }

  TEST_CASE("a flood of requests behind one that works ends the connection") {
    Served served;
    std::string text = "unset";
    served.serve([&] {
      const int socket = connected_to(served.path);
      write_text(socket, R"({"verb":"trace","line":"b1","seconds":1})"
                         "\n");
      char piece[64];
      CHECK(::read(socket, piece, sizeof piece) > 0);
      for (std::size_t more = 0; more <= max_control_waiting; ++more)
        write_text(socket, "{\"verb\":\"status\"}\n");
      text = read_all(socket);
      ::close(socket);
    });
    CHECK(text.empty());
    CHECK(served.loop.run_until([&] { return served.cancelled == 1; }, std::chrono::seconds(20)));
    CHECK(served.asked == 1);
  }

  TEST_CASE("a socket left by a dead daemon is replaced, and gone after an orderly stop") {
    Served served;
    auto second =
        ControlServer::open(served.loop, served.path,
                            [](ControlRequest, std::shared_ptr<ControlStream>) -> Awaitable<Result<Json>> {
                              co_return Json::object();
                            });
    REQUIRE(second);
    (*second)->stop();
    CHECK(::access(served.path.c_str(), F_OK) != 0);
  }

  TEST_CASE("without a daemon the operator is told so") {
    const TemporaryFolder folder;
    const auto path = (folder.path() / "control.sock").string();
    const auto answer = ask_daemon(path, StatusRequest{});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == Fault::retry);
    CHECK(answer.error().message == "no steward-edge is listening on " + path +
                                        " (No such file or directory); start it with `steward-edge --config "
                                        "FILE`, or name the config that "
                                        "it runs with / 没有正在运行的 steward-edge；请先用 steward-edge "
                                        "--config 文件 启动，或改用其启动时的"
                                        "配置");
  }
}
