#include "edge/app/control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <string_view>

#include "kit/loop/asio.hpp"

namespace steward {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using Acceptor = asio::local::stream_protocol::acceptor;

}  // namespace

/// One connection: its requests in the order they came, each with its way back.
struct ControlServer::Client {
  struct Asked {
    std::string line;
    std::shared_ptr<ControlStream> back;
  };
  Client(Loop& loop, std::shared_ptr<Socket> to) : socket(std::move(to)), came(loop) {}

  void cancel() {
    for (auto& asked : waiting) asked.back->cancel();
    if (open) open->cancel();
  }
  void close() {
    ended = gone = true;
    boost::system::error_code ignored;
    socket->close(ignored);
    cancel();
    came.set();
  }

  std::shared_ptr<Socket> socket;
  Signal came;  // a request, or the end
  std::deque<Asked> waiting;
  std::shared_ptr<ControlStream> open;  // of the request in hand
  bool ended = false;                   // it asks nothing more
  bool gone = false;                    // and takes nothing more
};

struct ControlServer::Parts : std::enable_shared_from_this<Parts> {
  Parts(Loop& on, std::string at, Answer how)
      : loop(on), path(std::move(at)), answer(std::move(how)), acceptor(on.context()) {}

  Awaitable<void> accept();
  Awaitable<void> hear(std::shared_ptr<Client> client);
  Awaitable<void> talk(std::uint64_t id, std::shared_ptr<Client> client);
  Awaitable<void> reply(std::shared_ptr<Client> client, Client::Asked asked);
  static Awaitable<void> send(std::shared_ptr<Client> client, std::shared_ptr<ControlStream> lines);
  void take(Client& client, std::string line);

  Loop& loop;
  std::string path;
  Answer answer;
  Acceptor acceptor;
  std::map<std::uint64_t, std::shared_ptr<Client>> clients;
  std::uint64_t next_id = 0;
  bool stopped = false;
};

namespace {

/// Closes the socket if the client keeps us waiting: Asio 1.74 cannot cancel one operation.
class Patience {
 public:
  explicit Patience(std::shared_ptr<Socket> socket)
      : timer_(socket->get_executor()), over_(std::make_shared<bool>(false)) {
    timer_.expires_after(control_patience);
    // An expiry that is queued already cannot be cancelled: it may run after us, and after the client.
    timer_.async_wait([socket = std::move(socket), over = over_](const boost::system::error_code& error) {
      if (error || *over) return;
      boost::system::error_code ignored;
      socket->close(ignored);
    });
  }
  ~Patience() { *over_ = true; }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> over_;
};

bool is_cancel(std::string_view line) {
  const auto request = read_control_request(line);
  return request && std::holds_alternative<CancelRequest>(*request);
}

}  // namespace

void ControlServer::Parts::take(Client& client, std::string line) {
  const bool asked = client.open || !client.waiting.empty();
  if (asked && is_cancel(line)) {
    client.cancel();
  } else if (client.waiting.size() >= max_control_waiting) {
    client.close();  // a flood
  } else {
    client.waiting.push_back({std::move(line), std::make_shared<ControlStream>(loop)});
    client.came.set();
  }
}

/// Hears the client all the time, so that its end and its `cancel` are heard while it is being answered.
Awaitable<void> ControlServer::Parts::hear(std::shared_ptr<Client> client) {
  const auto keep = shared_from_this();
  std::string pending;
  while (!stopped && !client->ended) {
    char piece[512];
    boost::system::error_code error;
    const auto count = co_await client->socket->async_read_some(
        asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
    if (error || stopped) break;
    pending.append(piece, count);
    for (auto end = pending.find('\n'); end != std::string::npos && !client->gone; end = pending.find('\n')) {
      if (end > max_control_request) break;
      auto line = pending.substr(0, end);
      pending.erase(0, end + 1);
      take(*client, std::move(line));
    }
    if (pending.size() > max_control_request) client->close();
  }
  client->ended = true;
  client->cancel();
  client->came.set();
}

/// Hands over what is said, line by line, until the answer has gone out.
Awaitable<void> ControlServer::Parts::send(std::shared_ptr<Client> client,
                                           std::shared_ptr<ControlStream> lines) {
  while (!lines->finished()) {
    const auto text = co_await lines->next();
    if (text.empty() || client->gone) continue;
    const Patience patience(client->socket);
    boost::system::error_code error;
    co_await asio::async_write(*client->socket, asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) client->close();
  }
}

Awaitable<void> ControlServer::Parts::reply(std::shared_ptr<Client> client, Client::Asked asked) {
  auto request = read_control_request(asked.line);
  Result<Json> answered = Error{Fault::broken, "unanswered"};
  client->open = asked.back;
  // GCC 12 destroys a co_await's operand twice inside `?:`, so each stands in a statement of its own.
  if (request) {
    answered = co_await answer(std::move(*request), asked.back);
  } else {
    answered = request.error();
  }
  client->open.reset();
  asked.back->finish(print_control_answer(answered) + "\n");
}

Awaitable<void> ControlServer::Parts::talk(std::uint64_t id, std::shared_ptr<Client> client) {
  const auto keep = shared_from_this();
  loop.spawn(hear(client));
  while (!stopped && !client->gone) {
    if (client->waiting.empty()) {
      if (client->ended) break;
      const bool came = co_await client->came.wait(control_patience);
      if (!came) break;
      continue;
    }
    auto asked = std::move(client->waiting.front());
    client->waiting.pop_front();
    const auto back = asked.back;
    loop.spawn(reply(client, std::move(asked)));
    co_await send(client, back);
  }
  client->close();
  clients.erase(id);
}

Awaitable<void> ControlServer::Parts::accept() {
  const auto keep = shared_from_this();
  while (!stopped) {
    auto socket = std::make_shared<Socket>(loop.context());
    boost::system::error_code error;
    co_await acceptor.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
    if (stopped) break;
    if (error) {
      co_await pause(Milliseconds(100));  // out of descriptors: not a busy loop
      continue;
    }
    if (clients.size() >= max_control_clients) continue;  // the socket closes with its last owner
    const auto id = next_id++;
    auto client = std::make_shared<Client>(loop, std::move(socket));
    clients.emplace(id, client);
    loop.spawn(talk(id, std::move(client)));
  }
}

ControlServer::ControlServer(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

ControlServer::~ControlServer() { stop(); }

void ControlServer::stop() {
  if (parts_->stopped) return;
  parts_->stopped = true;
  boost::system::error_code ignored;
  parts_->acceptor.close(ignored);
  const auto clients = parts_->clients;  // closing one may end it
  for (const auto& [id, client] : clients) client->close();
  ::unlink(parts_->path.c_str());
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(Loop& loop, const std::string& path,
                                                           Answer answer) {
  auto parts = std::make_shared<Parts>(loop, path, std::move(answer));
  ::unlink(path.c_str());  // the data folder's lock is ours, so whoever left it is dead
  boost::system::error_code error;
  const asio::local::stream_protocol::endpoint endpoint(path);
  parts->acceptor.open(endpoint.protocol(), error);
  // Nobody may connect between bind and chmod: the mode is set by the umask at bind.
  const auto old_mask = ::umask(0177);
  if (!error) parts->acceptor.bind(endpoint, error);
  ::umask(old_mask);
  if (!error) parts->acceptor.listen(static_cast<int>(max_control_clients), error);
  if (error) return Error{Fault::broken, "cannot listen on " + path + ": " + error.message()};
  loop.spawn(parts->accept());
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(parts)));
}

}  // namespace steward
