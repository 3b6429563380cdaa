#include "listener.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "client.h"
#include "duck_catalog.h"
#include "socket.h"

namespace dataflow::postgres {
namespace {

// Beside sessions: clients that have not begun one yet, and requests to cancel.
constexpr size_t kSpareConnections = 64;
constexpr int kPauseMs = 100;
// stop() closes sessions as long as there are any: one may have begun in between.
constexpr auto kCancelAgain = std::chrono::milliseconds(10);
constexpr uint64_t kListenId = 0;
constexpr uint64_t kWakeId = 1;

class ListeningServer final : public PostgresServer {
 public:
  ListeningServer(PostgresOptions options, jobs::SqlService& service, Env& env,
                  std::unique_ptr<CatalogQueries> catalog)
      : options_(std::move(options)),
        catalog_(std::move(catalog)),
        keys_(env, options_.max_connections),
        around_{service, catalog_.get(), keys_, locks_, options_.max_message_bytes} {}
  ~ListeningServer() override { stop(); }

  Status start();
  uint16_t port() const override { return port_; }
  void stop() override;

 private:
  struct Connection {
    Connection(Descriptor socket, const Surroundings& around, const PostgresOptions& options)
        : wire(std::move(socket), options.login_timeout_ms),
          client(std::make_unique<Client>(wire, around)) {}
    SocketWire wire;
    std::unique_ptr<Client> client;
    std::thread thread;
  };

  void watch();
  void accept_some();
  void admit(Descriptor socket);
  void reap();
  void wake() const;
  void serve(uint64_t id, Connection& connection);
  bool follow(int descriptor, uint64_t id, uint32_t events) const;

  const PostgresOptions options_;
  const std::unique_ptr<CatalogQueries> catalog_;
  CancelKeys keys_;
  AdvisoryLocks locks_;
  const Surroundings around_;
  uint16_t port_ = 0;
  Descriptor listening_, events_, wake_;
  std::thread watcher_;

  // Of the watching thread, and of stop() after it.
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;
  uint64_t next_id_ = kWakeId + 1;
  int pause_ms_ = -1;

  std::mutex mutex_;
  std::condition_variable finished_one_;
  bool stopping_ = false;
  std::vector<uint64_t> finished_;
};

bool ListeningServer::follow(int descriptor, uint64_t id, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

Status ListeningServer::start() {
  DF_ASSIGN_OR_RETURN(listening_, listen_on(options_.host, options_.port));
  DF_ASSIGN_OR_RETURN(port_, port_of(listening_));
  events_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (events_.get() < 0 || wake_.get() < 0 || !follow(listening_.get(), kListenId, EPOLLIN) ||
      !follow(wake_.get(), kWakeId, EPOLLIN)) {
    return Status::io_error(std::string("preparing to accept PostgreSQL clients: ") +
                            std::strerror(errno));
  }
  watcher_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "postgres");
    watch();
  });
  return {};
}

void ListeningServer::wake() const {
  const uint64_t one = 1;
  // Where it cannot be written it is full, and wakes as well.
  if (::write(wake_.get(), &one, sizeof one) < 0) return;
}

void ListeningServer::watch() {
  constexpr int kAtOnce = 64;
  epoll_event events[kAtOnce];
  while (true) {
    // Out of descriptors: wait for one to be closed instead of trying in a circle.
    const int count = ::epoll_wait(events_.get(), events, kAtOnce, pause_ms_);
    if (std::exchange(pause_ms_, -1) >= 0) follow(listening_.get(), kListenId, EPOLLIN);
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;
      if (id == kListenId) {
        accept_some();
      } else if (id == kWakeId) {
        uint64_t ignored = 0;
        if (::read(wake_.get(), &ignored, sizeof ignored) < 0) continue;
      } else if (const auto found = connections_.find(id); found != connections_.end()) {
        found->second->client->hung_up();
      }
    }
    reap();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void ListeningServer::accept_some() {
  while (true) {
    Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      admit(std::move(socket));
      continue;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    log_limited("postgres-accept", LogLevel::kError,
                "cannot accept a PostgreSQL client's connection",
                {{"reason", std::strerror(errno)}});
    ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, listening_.get(), nullptr);
    pause_ms_ = kPauseMs;
    return;
  }
}

// Whether it arrives is the client's affair.
void turn_away(const Descriptor& socket) {
  std::string out;
  ErrorFields fields;
  fields.severity = "FATAL";
  fields.sqlstate = "53300";
  fields.message = "sorry, too many clients already";
  BackendWriter(out).error(fields);
  if (::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

void ListeningServer::admit(Descriptor socket) {
  reap();
  if (connections_.size() >= options_.max_connections + kSpareConnections) {
    turn_away(socket);
    return;
  }
  const uint64_t id = next_id_++;
  auto connection = std::make_unique<Connection>(std::move(socket), around_, options_);
  Connection& admitted = *connection;
  if (!follow(admitted.wire.socket().get(), id, EPOLLRDHUP | EPOLLET)) return;
  connections_.emplace(id, std::move(connection));
  try {
    admitted.thread = options_.make_thread([this, id, &admitted] { serve(id, admitted); });
  } catch (const std::system_error& none) {
    log_limited("postgres-thread", LogLevel::kError, "no thread for a PostgreSQL client",
                {{"reason", none.what()}});
    turn_away(admitted.wire.socket());
    connections_.erase(id);
  }
}

void ListeningServer::serve(uint64_t id, Connection& connection) {
  pthread_setname_np(pthread_self(), "postgres-client");
  // Whatever a session lets go of ends its client, and no more.
  try {
    connection.client->serve();
  } catch (const std::exception& thrown) {
    log_error("a PostgreSQL client's session failed", {{"why", thrown.what()}});
  }
  connection.wire.shut_down();
  {
    const std::lock_guard lock(mutex_);
    finished_.push_back(id);
  }
  finished_one_.notify_all();
  wake();
}

void ListeningServer::reap() {
  std::vector<uint64_t> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (const uint64_t id : finished) {
    const auto found = connections_.find(id);
    found->second->thread.join();
    connections_.erase(found);
  }
}

void ListeningServer::stop() {
  if (!watcher_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  watcher_.join();
  listening_ = Descriptor();
  for (const auto& [id, connection] : connections_) connection->wire.shut_down();
  std::unique_lock lock(mutex_);
  while (finished_.size() < connections_.size()) {
    lock.unlock();
    keys_.close_all();
    lock.lock();
    finished_one_.wait_for(lock, kCancelAgain,
                           [this] { return finished_.size() == connections_.size(); });
  }
  lock.unlock();
  reap();
}

}  // namespace

Result<std::unique_ptr<PostgresServer>> start_server(PostgresOptions options,
                                                     jobs::SqlService& service, Env& env,
                                                     std::unique_ptr<CatalogQueries> catalog) {
  auto server =
      std::make_unique<ListeningServer>(std::move(options), service, env, std::move(catalog));
  DF_RETURN_IF_ERROR(server->start());
  return std::unique_ptr<PostgresServer>(std::move(server));
}

Result<std::unique_ptr<PostgresServer>> PostgresServer::start(PostgresOptions options,
                                                              jobs::SqlService& service, Env& env) {
  return start_server(std::move(options), service, env, make_duck_catalog(service));
}

}  // namespace dataflow::postgres
